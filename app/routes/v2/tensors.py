"""From a tensor to its elements, one input of the model each: from JSON or from binary data."""

import binascii
from base64 import b64decode
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from app.problem_types import INVALID_TENSOR
from app.problems import ProblemError
from app.routes.v2.signature import ENCODED, TensorSpec
from app.schemas_v2 import InputTensor
from app.serving.model import Payload

LENGTH_BYTES = 4
"""Before each element of a binary BYTES tensor: its length, little-endian."""


def elements_of(tensor: InputTensor, spec: TensorSpec, binary: memoryview | None, most: int) -> Sequence[Payload]:
    """Return the elements of a tensor: pictures uint8 `[H, W, C]` that share the memory of `binary`, files or texts.

    Args:
        tensor: what the request says of it.
        spec: what the model takes.
        binary: its bytes, if they do not lie in the JSON.
        most: the most elements.

    Raises:
        ProblemError: it is not what the model takes.
    """
    count = _checked_count(tensor, spec, most)
    if binary is not None:
        return _binary_pictures(binary, count, spec) if spec.dims else _binary_strings(binary, count, spec)
    if tensor.data is None:
        raise ProblemError(INVALID_TENSOR, f"Input {spec.name!r} has neither data nor binary_data_size.")
    flat = _flat(tensor.data, (count, *spec.dims), spec)
    if spec.dims:
        return _pictures(_as_bytes(flat, spec), count, spec)
    return _strings(flat, spec, tensor.parameters.content_type if tensor.parameters else None)


def _checked_count(tensor: InputTensor, spec: TensorSpec, most: int) -> int:
    if tensor.datatype != spec.datatype:
        raise _invalid(spec, f"has the datatype {tensor.datatype!r}; it must have {spec.datatype}")
    if len(tensor.shape) != len(spec.shape) or tuple(tensor.shape[1:]) != spec.dims:
        raise _invalid(spec, f"has the shape {_shown(tensor.shape)}; it must have {_shown(spec.shape)}")
    count = tensor.shape[0]
    if not 1 <= count <= most:
        raise _invalid(spec, f"has the shape {_shown(tensor.shape)}; a request takes 1 to {most} elements")
    return count


def _binary_pictures(binary: memoryview, count: int, spec: TensorSpec) -> Sequence[Payload]:
    size = count * int(np.prod(spec.dims))
    if len(binary) != size:
        raise _invalid(spec, f"has {len(binary):,} bytes; its shape makes {size:,}")
    return _pictures(binary, count, spec)


def _pictures(pixels: memoryview | bytes, count: int, spec: TensorSpec) -> Sequence[Payload]:
    return list(np.frombuffer(pixels, np.uint8).reshape(count, *spec.dims))


def _binary_strings(binary: memoryview, count: int, spec: TensorSpec) -> Sequence[Payload]:
    strings: list[Payload] = []
    start = 0
    for index in range(count):
        begin = start + LENGTH_BYTES
        if begin > len(binary):
            raise _invalid(spec, f"ends before the length of element {index}")
        length = int.from_bytes(binary[start:begin], "little")
        start = begin + length
        if start > len(binary):
            raise _invalid(spec, f"ends within element {index}, which states {length:,} bytes")
        strings.append(bytes(binary[begin:start]))
    if start != len(binary):
        raise _invalid(spec, f"has {len(binary) - start:,} bytes after its last element")
    return strings


def _flat(data: list[Any], shape: tuple[int, ...], spec: TensorSpec) -> list[Any]:
    """Return the elements of `data`, which is flat already or nested as `shape` says."""
    size = int(np.prod(shape))
    flat = data
    if len(shape) > 1 and flat and isinstance(flat[0], list):
        for level, length in enumerate(shape):
            lengths = {len(row) if isinstance(row, list) else -1 for row in flat} if level else {len(flat)}
            if lengths != {length}:
                raise _invalid(spec, f"has data that is neither flat nor nested as {_shown(shape)}")
            if level:
                flat = list(chain.from_iterable(flat))
    if len(flat) != size:
        raise _invalid(spec, f"has {len(flat):,} values; its shape makes {size:,}")
    return flat


def _as_bytes(flat: list[Any], spec: TensorSpec) -> bytes:
    if set(map(type, flat)) != {int}:
        raise _invalid(spec, "has data that are not whole numbers")
    try:
        return bytes(flat)
    except (ValueError, OverflowError) as error:
        raise _invalid(spec, "has data outside of 0 to 255") from error


def _strings(flat: list[Any], spec: TensorSpec, content_type: str | None) -> Sequence[Payload]:
    if set(map(type, flat)) != {str}:
        raise _invalid(spec, "has data that are not strings")
    if spec.name != ENCODED:
        return flat
    if content_type != "base64":
        raise _invalid(
            spec,
            "has files in JSON: state that they are in Base64, as `parameters: {content_type: base64}`, or send the "
            "tensor as binary data",
        )
    try:
        return [b64decode(text, validate=True) for text in flat]
    except (binascii.Error, ValueError) as error:
        raise _invalid(spec, f"has data that are not Base64: {error}") from error


def _invalid(spec: TensorSpec, what: str) -> ProblemError:
    return ProblemError(INVALID_TENSOR, f"Input {spec.name!r} {what}.")


def _shown(shape: Sequence[int]) -> str:
    return f"[{','.join(map(str, shape))}]"
