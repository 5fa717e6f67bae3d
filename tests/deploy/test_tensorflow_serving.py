"""The committed model folders as TensorFlow Serving takes them: its layout, its signature, operations that it has."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow.python.framework import op_def_registry

from app.serving.artifact import GOLDEN_FILE, open_artifact
from app.serving.golden import check_golden, load_golden
from app.serving.model import Outputs
from app.serving.versions import versions_in
from app.tasks import TASKS
from helpers.deployed import DEPLOY, PROJECT
from helpers.model_server_config import read_model_server_config

CONFIG_FILE = DEPLOY / "tensorflow-serving" / "models.config"
MODELS = PROJECT / "models"
OF_PYTHON = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}
"""Registered in Python's TensorFlow, but nowhere else."""
OF_FILES = {"ReadFile", "WriteFile", "MatchingFiles", "Save", "ShardedFilename"}

every_model = pytest.mark.parametrize(
    "folder",
    [MODELS / task.name / str(version) for task in TASKS for version in versions_in(MODELS / task.name)],
    ids=lambda folder: f"{folder.parent.name} {folder.name}",
)


@cache
def graph_of(folder: Path):
    saved = SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    (graph,) = saved.meta_graphs
    return graph


def test_the_configuration_names_every_task_by_its_folder():
    configs = read_model_server_config(CONFIG_FILE).model_config_list.config
    assert {config.name: config.base_path for config in configs} == {
        task.name: f"/models/{task.name}" for task in TASKS
    }
    assert {config.model_platform for config in configs} == {"tensorflow"}
    assert all(config.model_version_policy.latest.num_versions == 1 for config in configs)


def test_a_configuration_that_the_server_would_not_read_is_refused(tmp_path):
    (tmp_path / "models.config").write_text(CONFIG_FILE.read_text().replace("base_path", "base_folder", 1))
    with pytest.raises(text_format.ParseError, match="base_folder"):
        read_model_server_config(tmp_path / "models.config")


def test_every_folder_of_a_task_is_a_version():
    """Serving takes a number for a version and warns of anything else."""
    assert [path for task in TASKS for path in (MODELS / task.name).iterdir() if not path.name.isdigit()] == []


@every_model
def test_the_graph_is_tagged_and_signed_for_serving(folder):
    graph = graph_of(folder)
    assert list(graph.meta_info_def.tags) == ["serve"]
    signature = graph.signature_def["serving_default"]
    assert signature.method_name == "tensorflow/serving/predict"
    manifest = open_artifact(folder).manifest
    (name,) = signature.inputs
    given = signature.inputs[name]
    shape = [size.size for size in given.tensor_shape.dim]
    if manifest.input.kind == "text":
        assert (given.dtype, shape) == (tf.string.as_datatype_enum, [-1])
    else:
        spec = manifest.input
        assert (given.dtype, shape) == (tf.uint8.as_datatype_enum, [-1, spec.height, spec.width, spec.channels])
    found = {
        name: (output.dtype, [size.size for size in output.tensor_shape.dim])
        for name, output in signature.outputs.items()
    }
    number = tf.float32.as_datatype_enum
    assert found == {"probabilities": (number, [-1, len(manifest.labels)]), "ood_score": (number, [-1])}


@every_model
def test_every_operation_is_one_that_stock_tensorflow_has_outside_python(folder):
    graph = graph_of(folder).graph_def
    functions = {function.signature.name for function in graph.library.function}
    used = {node.op for node in graph.node}
    used |= {node.op for function in graph.library.function for node in function.node_def}
    assert len(used) > 10
    assert {op for op in used - functions if op_def_registry.get(op) is None} == set()
    assert not used & OF_PYTHON
    # The checkpoint's own operations save and restore variables; no other touches files.
    assert used & OF_FILES <= {"ShardedFilename"}


@every_model
def test_the_graph_alone_gives_the_golden_answers(folder):
    golden = load_golden(folder / GOLDEN_FILE)
    model = tf.saved_model.load(str(folder), tags=["serve"])
    inputs = tf.constant(list(golden.inputs) if golden.inputs.dtype == object else golden.inputs)
    found = model.signatures["serving_default"](inputs)
    check_golden(golden, Outputs(found["probabilities"].numpy(), found["ood_score"].numpy()))
    np.testing.assert_array_equal(found["probabilities"].numpy().argmax(1), golden.probabilities.argmax(1))
