"""Torch's legacy file format: arrays come out as torch wrote them; nothing else in a pickle is run."""

import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.backbones.efficientnet_lite import LITE0
from training.backbones.torch_file import MAGIC_NUMBER, PROTOCOL_VERSION, TorchFileError, read_state_dict


class Storage:
    def __init__(self, key):
        self.key = key


class FakeGlobal:
    """Pickles as a reference to a torch name, which is not installed here."""

    def __init__(self, module, name):
        self.module, self.name = module, name


class Tensor:
    def __init__(self, key, offset, size, stride):
        self.arguments = (Storage(key), offset, size, stride, False, OrderedDict())


class TorchPickler(pickle._Pickler):
    """Writes names of a module that cannot be imported, as torch's own pickles have them."""

    def persistent_id(self, obj):
        return ("storage", FakeGlobal("torch", "FloatStorage"), obj.key, "cpu", 6) if isinstance(obj, Storage) else None

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, FakeGlobal):
            self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        elif isinstance(obj, Tensor):
            self.save(FakeGlobal("torch._utils", "_rebuild_tensor_v2"))
            self.save(obj.arguments)
            self.write(pickle.REDUCE)
        else:
            super().save(obj, save_persistent_id)


def write(path, state, storages):
    with path.open("wb") as stream:
        for value in (MAGIC_NUMBER, PROTOCOL_VERSION, {}, state, list(storages)):
            TorchPickler(stream, protocol=2).dump(value)
        for array in storages.values():
            stream.write(np.int64(array.size).tobytes() + array.astype("<f4").tobytes())


def test_tensors_are_windows_into_their_storage(tmp_path):
    data = np.arange(12)
    state = {
        "whole": Tensor("0", 0, (3, 4), (4, 1)),
        "turned": Tensor("0", 1, (4, 2), (1, 4)),
        "one": Tensor("1", 0, (), ()),
    }
    write(tmp_path / "f.pth", OrderedDict(state), {"0": data, "1": np.array([7.0])})
    read = read_state_dict(tmp_path / "f.pth")
    np.testing.assert_array_equal(read["whole"], data.reshape(3, 4))
    np.testing.assert_array_equal(read["turned"], [[1, 5], [2, 6], [3, 7], [4, 8]])
    assert read["one"] == 7


def test_a_window_outside_its_storage_is_refused(tmp_path):
    write(tmp_path / "f.pth", {"a": Tensor("0", 2, (5, 5), (5, 1))}, {"0": np.arange(4)})
    with pytest.raises(TorchFileError, match="outside"):
        read_state_dict(tmp_path / "f.pth")


def test_a_pickle_that_calls_a_function_is_refused(tmp_path):
    class Attack:
        def __reduce__(self):
            return os.system, ("true",)

    path = tmp_path / "f.pth"
    with path.open("wb") as stream:
        for value in (MAGIC_NUMBER, PROTOCOL_VERSION, {}, {"a": Attack()}, []):
            pickle.dump(value, stream, protocol=2)
    with pytest.raises(TorchFileError, match="system"):
        read_state_dict(path)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_gives_arrays_or_a_typed_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damaged") / "f.pth"
    write(path, {"a": Tensor("0", 0, (2, 2), (2, 1))}, {"0": np.arange(4)})
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
    try:
        arrays = read_state_dict(path)
    except TorchFileError:
        return
    assert all(isinstance(array, np.ndarray) for array in arrays.values())


def test_the_pretrained_file_holds_the_network_s_arrays():
    weights = read_state_dict(LITE0.weights_path())
    assert weights["_fc.weight"].shape == (1000, 1280)
    assert sum(array.size for name, array in weights.items() if "num_batches" not in name) == 4_652_008 + 42_016
