"""TensorFlow Serving's configuration file, read as it reads it.

The package that carries its definitions, tensorflow-serving-api, asks for the whole of TensorFlow beside
`tensorflow-cpu`, so that what `models.config` may say is defined here, with the names and numbers of
tensorflow_serving/config/{model_server_config,file_system_storage_path_source}.proto.
"""

from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

DEFINITIONS = """
name: "model_server_config.proto" package: "tensorflow.serving" syntax: "proto3"
message_type {
  name: "Latest"
  field { name: "num_versions" number: 1 type: TYPE_UINT32 label: LABEL_OPTIONAL }
}
message_type {
  name: "Specific"
  field { name: "versions" number: 1 type: TYPE_INT64 label: LABEL_REPEATED }
}
message_type { name: "All" }
message_type {
  name: "ServableVersionPolicy"
  field { name: "latest" number: 100 type: TYPE_MESSAGE type_name: ".tensorflow.serving.Latest" label: LABEL_OPTIONAL }
  field { name: "all" number: 101 type: TYPE_MESSAGE type_name: ".tensorflow.serving.All" label: LABEL_OPTIONAL }
  field {
    name: "specific" number: 102 type: TYPE_MESSAGE type_name: ".tensorflow.serving.Specific" label: LABEL_OPTIONAL
  }
}
message_type {
  name: "ModelConfig"
  field { name: "name" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "base_path" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "model_platform" number: 4 type: TYPE_STRING label: LABEL_OPTIONAL }
  field {
    name: "model_version_policy" number: 7 label: LABEL_OPTIONAL
    type: TYPE_MESSAGE type_name: ".tensorflow.serving.ServableVersionPolicy"
  }
}
message_type {
  name: "ModelConfigList"
  field {
    name: "config" number: 1 type: TYPE_MESSAGE type_name: ".tensorflow.serving.ModelConfig" label: LABEL_REPEATED
  }
}
message_type {
  name: "ModelServerConfig"
  field {
    name: "model_config_list" number: 1 label: LABEL_OPTIONAL
    type: TYPE_MESSAGE type_name: ".tensorflow.serving.ModelConfigList"
  }
}
"""


def read_model_server_config(path: Path) -> Any:
    """Return the `ModelServerConfig` of a file.

    Raises:
        text_format.ParseError: it is none.
    """
    pool = descriptor_pool.DescriptorPool()
    pool.Add(text_format.Parse(DEFINITIONS, descriptor_pb2.FileDescriptorProto()))
    message = message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.serving.ModelServerConfig"))
    return text_format.Parse(path.read_text(), message())
