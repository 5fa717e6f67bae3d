"""The variables of a SavedModel, from its checkpoint files alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.serving.saved_model.wire import messages, number, text, varint

VARIABLES_FOLDER = "variables"
INDEX_FILE = f"{VARIABLES_FOLDER}/variables.index"
DATA_FILE = f"{VARIABLES_FOLDER}/variables.data-00000-of-00001"

# The index is a table of LevelDB's format (tensorflow/core/lib/io/table_format.txt): blocks of keys and values, each
# block followed by one byte for its compression and four for its checksum, and at the end a footer that says where
# the index of the blocks lies.
_FOOTER = 48
_UNCOMPRESSED = 0
_U32 = 4

# Field numbers of tensorflow/core/protobuf/tensor_bundle.proto and trackable_object_graph.proto.
_ENTRY_DTYPE, _ENTRY_SHAPE, _ENTRY_SHARD, _ENTRY_OFFSET, _ENTRY_SIZE = 1, 2, 3, 4, 5
_SHAPE_DIM, _DIM_SIZE = 2, 1
_GRAPH_NODES, _NODE_ATTRIBUTES = 1, 2
_ATTRIBUTE_FULL_NAME, _ATTRIBUTE_KEY = 2, 3
_OBJECT_GRAPH = b"_CHECKPOINTABLE_OBJECT_GRAPH"
_OBJECT_GRAPH_CHECKSUM = 4

# Of tensorflow/core/framework/types.proto. A variable of another type is none that a network computes with.
_DTYPES: dict[int, type[np.generic]] = {
    1: np.float32,
    2: np.float64,
    3: np.int32,
    4: np.uint8,
    5: np.int16,
    6: np.int8,
    9: np.int64,
    10: np.bool_,
    19: np.float16,
}


@dataclass(frozen=True)
class _Entry:
    dtype: int
    shape: tuple[int, ...]
    start: int
    size: int


def read_variables(folder: Path) -> dict[str, NDArray[Any]]:
    """Return each variable by the name that it has in the graph. The arrays are read-only views of the file, mapped.

    A checkpoint lists variables by their place among Python's objects; the names in the graph are in its object graph.

    Raises:
        OSError: a file cannot be read.
        ValueError: a file is damaged or not of this format, or two variables have one name.
    """
    index = _read_table(memoryview((folder / INDEX_FILE).read_bytes()))
    data = np.memmap(folder / DATA_FILE, np.uint8, "r")
    found: dict[str, NDArray[Any]] = {}
    for name, key in _names(index, data):
        if name in found:
            raise ValueError(f"two variables are called {name!r}")
        if key not in index:
            raise ValueError(f"the checkpoint has no {key!r}")
        found[name] = _array(_entry(index[key]), data, name)
    return found


def _names(index: dict[bytes, memoryview], data: NDArray[np.uint8]) -> Iterator[tuple[str, bytes]]:
    """Yield each variable's name in the graph and its key in the checkpoint."""
    if _OBJECT_GRAPH not in index:
        raise ValueError("the checkpoint has no object graph")
    # A string is stored as its length, a checksum of the length, and its bytes.
    stored = memoryview(_bytes(_entry(index[_OBJECT_GRAPH]), data).tobytes())
    length, at = varint(stored, 0)
    graph = stored[at + _OBJECT_GRAPH_CHECKSUM :]
    if len(graph) != length:
        raise ValueError("the object graph has another length than it says")
    for node in messages(graph, _GRAPH_NODES):
        for attribute in messages(node, _NODE_ATTRIBUTES):
            name = text(attribute, _ATTRIBUTE_FULL_NAME)
            if name:
                yield name, text(attribute, _ATTRIBUTE_KEY).encode()


def _entry(stored: memoryview) -> _Entry:
    if number(stored, _ENTRY_SHARD):
        raise ValueError("the variables are in more than one file")
    dims = [dim for shape in messages(stored, _ENTRY_SHAPE) for dim in messages(shape, _SHAPE_DIM)]
    shape = tuple(number(dim, _DIM_SIZE) for dim in dims)
    return _Entry(number(stored, _ENTRY_DTYPE), shape, number(stored, _ENTRY_OFFSET), number(stored, _ENTRY_SIZE))


def _bytes(entry: _Entry, data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if entry.start + entry.size > len(data):
        raise ValueError("the variables' file is cut short")
    return data[entry.start : entry.start + entry.size]


def _array(entry: _Entry, data: NDArray[np.uint8], name: str) -> NDArray[Any]:
    if entry.dtype not in _DTYPES:
        raise ValueError(f"the variable {name!r} is of a type that is not read here ({entry.dtype})")
    # A copy where the offset in the file is not a multiple of the element's size.
    flat = np.frombuffer(_bytes(entry, data), _DTYPES[entry.dtype])
    return np.require(flat.reshape(entry.shape), requirements=["A", "C"])


def _read_table(table: memoryview) -> dict[bytes, memoryview]:
    if len(table) < _FOOTER:
        raise ValueError("the variables' index is cut short")
    footer = table[-_FOOTER:]
    _, at = varint(footer, 0)
    _, at = varint(footer, at)
    blocks = (_handle(value) for _, value in _read_block(table, *_handle(footer[at:])))
    return {key: value for start, size in blocks for key, value in _read_block(table, start, size)}


def _handle(data: memoryview) -> tuple[int, int]:
    start, at = varint(data, 0)
    size, _ = varint(data, at)
    return start, size


def _read_block(table: memoryview, start: int, size: int) -> Iterator[tuple[bytes, memoryview]]:
    """Yield a block's keys and values. A key is stored as how much of it the one before had, and the rest."""
    if start + size >= len(table) or size < _U32:
        raise ValueError("the variables' index is cut short")
    if table[start + size] != _UNCOMPRESSED:
        raise ValueError("the variables' index is compressed")
    block = table[start : start + size]
    restarts = int.from_bytes(block[-_U32:], "little")
    end = size - _U32 * (restarts + 1)
    at, key = 0, b""
    while at < end:
        shared, at = varint(block, at)
        own, at = varint(block, at)
        length, at = varint(block, at)
        if at + own + length > end:
            raise ValueError("the variables' index is damaged")
        key = key[:shared] + bytes(block[at : at + own])
        at += own
        yield key, block[at : at + length]
        at += length
