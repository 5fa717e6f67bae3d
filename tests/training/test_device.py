"""The device: named for the report, and refused where it is not there."""

import pytest
import tensorflow as tf

from training.device import cpu_name, usable_cores, use_device
from training.run import RunError


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])


@pytest.fixture
def one_gpu(monkeypatch):
    hidden = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["/physical_device:GPU:0"])
    monkeypatch.setattr(
        tf.config.experimental, "get_device_details", lambda device: {"device_name": "Example GPU 9000"}
    )
    monkeypatch.setattr(
        tf.config, "set_visible_devices", lambda devices, kind: hidden.append(kind) if not devices else None
    )
    return hidden


def test_without_a_gpu_the_processor_is_taken_and_its_cores_are_told(no_gpu):
    assert use_device("auto") == use_device("cpu") == cpu_name(usable_cores())


def test_a_gpu_that_is_asked_for_and_not_there_is_an_error_that_says_what_to_do(no_gpu):
    with pytest.raises(RunError, match=r"no GPU.*--device cpu"):
        use_device("gpu")


@pytest.mark.parametrize("choice", ["auto", "gpu"])
def test_a_gpu_that_is_there_is_taken_and_named(one_gpu, choice):
    assert use_device(choice) == "Example GPU 9000"
    assert one_gpu == []


def test_the_processor_is_taken_beside_a_gpu_where_it_is_asked_for(one_gpu):
    assert use_device("cpu") == cpu_name(usable_cores())
    assert one_gpu == ["GPU"]


def test_one_core_is_one_core():
    assert cpu_name(1) == "1 CPU core"
    assert cpu_name(2) == "2 CPU cores"
