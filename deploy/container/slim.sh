#!/bin/sh
# Remove from an environment's site-packages what the service never opens: slim.sh SITE_PACKAGES.
# OpenVINO finds its devices and readers by looking for their files; the service names the CPU and TensorFlow's reader.
set -eu
cd "$1"

# Devices that a container without them cannot use, and the GPU's table of tuned kernels.
rm -f openvino/libs/libopenvino_intel_gpu_plugin.so openvino/libs/libopenvino_intel_npu_plugin.so openvino/libs/cache.json
# Readers of formats that no model folder has.
for format in onnx paddle pytorch gguf tensorflow_lite jax; do
    rm -f openvino/libs/libopenvino_"$format"_frontend.so*
done
# What would report to OpenVINO's maker: app/serving/openvino_library.py.
rm -rf openvino_telemetry openvino_telemetry-*.dist-info
rm -rf openvino/include openvino/libs/pkgconfig openvino/libs/cmake numpy/_core/include numpy/_core/lib

# Tests and their data; what compiled modules were made from, and their types.
find . -type d \( -name tests -o -name test_files \) -prune -exec rm -rf {} +
find . -type f \( -name '*.pyx' -o -name '*.pxd' -o -name '*.pyi' -o -name '*.h' -o -name '*.hpp' -o -name '*.a' \) -delete
