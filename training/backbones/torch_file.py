"""Read a state dict from torch's legacy file format, without torch and without running what a pickle asks for."""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001
STORAGE_DTYPES = {
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "DoubleStorage": np.dtype("<f8"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
}


class TorchFileError(Exception):
    """The file is not a legacy torch state dict, or asks for more than plain tensors."""


class _Tensor:
    """A tensor as pickled: a window into a storage whose data follows later in the file."""

    def __init__(self, key: str, dtype: np.dtype[Any], offset: int, size: tuple[int, ...], stride: tuple[int, ...]):
        self.key, self.dtype, self.offset, self.size, self.stride = key, dtype, offset, size, stride

    def view(self, storage: NDArray[Any]) -> NDArray[Any]:
        """Return the window's elements.

        Raises:
            ValueError: the window reaches outside the storage.
        """
        last = self.offset + sum(
            (length - 1) * step for length, step in zip(self.size, self.stride, strict=True) if length > 0
        )
        if min(self.offset, *self.size, *self.stride, 0) < 0 or last >= len(storage):
            raise ValueError(f"a tensor of {self.size} lies outside its storage of {len(storage)}")
        steps = tuple(stride * self.dtype.itemsize for stride in self.stride)
        return np.lib.stride_tricks.as_strided(storage[self.offset :], self.size, steps, writeable=False).copy()


def _rebuild_tensor(storage: tuple[str, np.dtype[Any]], offset: int, size: Any, stride: Any, *_: Any) -> _Tensor:
    key, dtype = storage
    return _Tensor(key, dtype, offset, tuple(size), tuple(stride))


class _Unpickler(pickle.Unpickler):
    """Allows an ordered dict of tensors and nothing else: a pickle can otherwise call any function."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in STORAGE_DTYPES:
            return STORAGE_DTYPES[name]
        raise TorchFileError(f"the file asks for {module}.{name}, which a state dict does not need")

    def persistent_load(self, pid: Any) -> tuple[str, np.dtype[Any]]:
        kind, dtype, key = pid[0], pid[1], pid[2]
        if kind != "storage" or not isinstance(dtype, np.dtype):
            raise TorchFileError(f"unknown persistent object {kind!r}")
        return key, dtype


def _load(stream: BinaryIO) -> Any:
    return _Unpickler(stream).load()


def read_state_dict(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a legacy torch file by name, in torch's own layouts.

    The format: pickles of a magic number, a protocol version, system information, the state dict and the list of
    storage keys; then for each key an int64 element count and the little-endian elements.

    Raises:
        TorchFileError: the file is of another format, truncated, or holds anything but tensors.
    """
    with path.open("rb") as stream:
        try:
            _check_header(_load(stream), _load(stream))
            _load(stream)
            tensors: dict[str, _Tensor] = _load(stream)
            keys: list[str] = _load(stream)
            dtypes = {tensor.key: tensor.dtype for tensor in tensors.values()}
            storages = {key: _read_storage(stream, dtypes[key]) for key in keys}
            return {name: tensor.view(storages[tensor.key]) for name, tensor in tensors.items()}
        # A damaged pickle can fail in whichever way its opcodes happen to.
        except Exception as error:
            raise TorchFileError(f"{path.name} cannot be read: {error}") from error


def _check_header(magic: Any, protocol: Any) -> None:
    if magic != MAGIC_NUMBER or protocol != PROTOCOL_VERSION:
        raise ValueError("it is not in torch's legacy format")


def _read_storage(stream: BinaryIO, dtype: np.dtype[Any]) -> NDArray[Any]:
    count = int(np.frombuffer(stream.read(8), "<i8")[0])
    if count < 0:
        raise ValueError(f"a storage of {count} elements")
    data = stream.read(count * dtype.itemsize)
    return np.frombuffer(data, dtype, count)
