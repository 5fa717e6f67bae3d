"""The signatures of a SavedModel, from its `saved_model.pb` alone."""

from dataclasses import dataclass

from app.serving.saved_model.wire import field_of, fields, messages, number, number_field_of, text

SERVING = "serving_default"

# Field numbers of tensorflow/core/protobuf/saved_model.proto and meta_graph.proto.
_META_GRAPHS = 2
_SIGNATURE_DEF = 5
_KEY, _VALUE = 1, 2
_INPUTS, _OUTPUTS = 1, 2
_DTYPE = 2

STRING = 7
"""`DT_STRING` of tensorflow/core/framework/types.proto."""


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of a signature: each one's name, and its element type as types.proto numbers it."""

    inputs: dict[str, int]
    outputs: dict[str, int]


def read_signatures(saved_model: bytes) -> dict[str, Signature]:
    """Return the signatures by name.

    Raises:
        ValueError: the file is damaged, or holds not one graph.
    """
    return {
        text(entry, _KEY): Signature(_tensors(value, _INPUTS), _tensors(value, _OUTPUTS))
        for entry in messages(_only_graph(saved_model), _SIGNATURE_DEF)
        for value in messages(entry, _VALUE)
    }


def serving_only(saved_model: bytes, name: str) -> bytes:
    """Return the same SavedModel with the signature `name` as its only one, called `serving_default`.

    For readers that know no other name.

    Raises:
        ValueError: the file is damaged, holds not one graph, or lacks that signature.
    """
    graph = _only_graph(saved_model)
    rewritten, kept = [], 0
    for found, value in fields(graph):
        if found != _SIGNATURE_DEF or isinstance(value, int):
            rewritten.append(number_field_of(found, value) if isinstance(value, int) else field_of(found, value))
        elif text(value, _KEY) == name:
            kept += 1
            entry = [field_of(_KEY, SERVING.encode()), *(field_of(_VALUE, part) for part in messages(value, _VALUE))]
            rewritten.append(field_of(_SIGNATURE_DEF, b"".join(entry)))
    if not kept:
        raise ValueError(f"the SavedModel has no signature {name!r}")
    return number_field_of(1, number(memoryview(saved_model), 1)) + field_of(_META_GRAPHS, b"".join(rewritten))


def _only_graph(saved_model: bytes) -> memoryview:
    graphs = list(messages(memoryview(saved_model), _META_GRAPHS))
    if len(graphs) != 1:
        raise ValueError(f"the SavedModel holds {len(graphs)} graphs, not one")
    return graphs[0]


def _tensors(signature: memoryview, side: int) -> dict[str, int]:
    return {
        text(entry, _KEY): number(info, _DTYPE)
        for entry in messages(signature, side)
        for info in messages(entry, _VALUE)
    }
