"""From a body to the model's inputs: what is right is read as it is, and all else is a client's error."""

import base64
import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.problems import ProblemError
from app.routes.v2.request import MAX_VALUES, Inference, read_inference
from app.serving.artifact import open_artifact
from app.serving.manifest import Manifest

Json = dict[str, Any]

MOST = 4
SHAPE = (16, 16, 3)
SIZE = 16 * 16 * 3


@pytest.fixture(scope="module")
def manifests(tiny_models: Path) -> dict[str, Manifest]:
    return {name: open_artifact(tiny_models / name / "1").manifest for name in ("topic", "catdog", "pneumonia")}


def message(
    *inputs: Json, binary: bytes = b"", length: str | None = None, **fields: object
) -> tuple[bytes, str | None]:
    """A body and the header that states the length of its JSON, if something follows it."""
    head = json.dumps({"inputs": inputs, **fields}).encode()
    stated = str(len(head)) if binary and length is None else length
    return head + binary, stated


def pictures(count: int = 1, **changes: object) -> Json:
    return {"name": "inputs", "datatype": "UINT8", "shape": [count, *SHAPE], **changes}


def strings(name: str, *data: str, **changes: object) -> Json:
    return {"name": name, "datatype": "BYTES", "shape": [len(data)], "data": list(data), **changes}


def packed(*elements: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(element)) + element for element in elements)


def read(manifests: dict[str, Manifest], task: str, body: bytes, length: str | None) -> Inference:
    return read_inference(body, length, manifests[task], MOST)


def arrays(inference: Inference) -> np.ndarray:
    return np.stack([np.asarray(payload) for payload in inference.payloads])


NOISE = np.random.default_rng(0).integers(0, 256, (2, *SHAPE), np.uint8)


@pytest.mark.parametrize("data", [NOISE.ravel().tolist(), NOISE.tolist()], ids=["flat", "nested"])
def test_pictures_in_json_are_read_flat_or_nested(manifests: dict[str, Manifest], data: list[Any]) -> None:
    asked = read(manifests, "catdog", *message(pictures(2, data=data)))
    assert asked.input == "inputs"
    assert (arrays(asked) == NOISE).all()


def test_pictures_in_binary_are_read_where_they_lie(manifests: dict[str, Manifest]) -> None:
    body, length = message(pictures(2, parameters={"binary_data_size": 2 * SIZE}), binary=NOISE.tobytes())
    asked = read(manifests, "catdog", body, length)
    assert (arrays(asked) == NOISE).all()
    assert all(np.shares_memory(payload, np.frombuffer(body, np.uint8)) for payload in asked.payloads)


def test_texts_are_read_from_json_and_from_binary(manifests: dict[str, Manifest]) -> None:
    texts = ["Oil, prices \u2191", ""]
    raw = packed(*(text.encode() for text in texts))
    tensor = {"name": "inputs", "datatype": "BYTES", "shape": [2], "parameters": {"binary_data_size": len(raw)}}
    assert read(manifests, "topic", *message(strings("inputs", *texts))).payloads == texts
    assert read(manifests, "topic", *message(tensor, binary=raw)).payloads == [text.encode() for text in texts]


def test_files_are_read_from_base64_and_from_binary(manifests: dict[str, Manifest]) -> None:
    files = [b"\x89PNG\0\xff", b""]
    encoded = strings(
        "encoded", *(base64.b64encode(file).decode() for file in files), parameters={"content_type": "base64"}
    )
    raw = packed(*files)
    binary = {"name": "encoded", "datatype": "BYTES", "shape": [2], "parameters": {"binary_data_size": len(raw)}}
    assert read(manifests, "catdog", *message(encoded)).payloads == files
    assert read(manifests, "catdog", *message(binary, binary=raw)).payloads == files


@pytest.mark.parametrize(("task", "name"), [("topic", "inputs"), ("catdog", "encoded")])
def test_a_body_without_json_is_one_element_and_is_answered_in_binary(
    manifests: dict[str, Manifest], task: str, name: str
) -> None:
    asked = read(manifests, task, b"anything", "0")
    assert (asked.input, asked.payloads) == (name, [b"anything"])
    assert [output.binary for output in asked.outputs] == [True] * 4


def test_all_outputs_are_wanted_as_json_unless_something_else_is_said(manifests: dict[str, Manifest]) -> None:
    def wanted(*outputs: Json, **parameters: object) -> list[tuple[str, bool, int | None]]:
        body = message(strings("inputs", "oil"), outputs=outputs, parameters=parameters)
        asked = read(manifests, "topic", *body)
        return [(output.spec.name, output.binary, output.classes) for output in asked.outputs]

    names = ["probabilities", "ood_score", "label", "in_distribution"]
    assert wanted() == [(name, False, None) for name in names]
    assert wanted(binary_data_output=True) == [(name, True, None) for name in names]
    assert wanted(
        {"name": "label", "parameters": {"binary_data": False}},
        {"name": "probabilities", "parameters": {"classification": 3}},
        binary_data_output=True,
    ) == [("label", False, None), ("probabilities", True, 3)]


def test_what_else_a_request_chooses_is_read(manifests: dict[str, Manifest]) -> None:
    parameters = {"threshold": 0.25, "timeout": 1_500_000, "priority": 3, "sequence_id": "none of ours"}
    asked = read(manifests, "topic", *message(strings("inputs", "oil"), id="7", parameters=parameters))
    assert (asked.id, asked.threshold, asked.seconds) == ("7", 0.25, 1.5)
    asked = read(manifests, "topic", *message(strings("inputs", "oil"), parameters={"timeout": 0}))
    assert (asked.id, asked.threshold, asked.seconds) == (None, None, None)


GOOD_PIXELS = [0] * SIZE
BAD = {
    "no JSON": ((b"", None), "Invalid JSON"),
    "JSON that is no object": ((b"[1]", None), "object"),
    "no inputs": (message(), "inputs"),
    "an input of another name": (message(pictures(name="pixels", data=GOOD_PIXELS)), "takes 'inputs' or 'encoded'"),
    "both inputs": (
        message(pictures(data=GOOD_PIXELS), strings("encoded", "", parameters={"content_type": "base64"})),
        "2 inputs were given for 'catdog', which takes one: 'inputs' or 'encoded'",
    ),
    "another datatype": (message(pictures(datatype="FP32", data=GOOD_PIXELS)), "must have UINT8"),
    "another shape": (message(pictures(shape=[1, 16, 16, 1], data=GOOD_PIXELS)), "must have [-1,16,16,3]"),
    "another rank": (message(pictures(shape=[*SHAPE], data=GOOD_PIXELS)), "must have [-1,16,16,3]"),
    "a negative shape": (message(pictures(shape=[-1, *SHAPE], data=GOOD_PIXELS)), "1 to 4 elements"),
    "nothing": (message(pictures(0, data=[])), "1 to 4 elements"),
    "too many": (message(pictures(5, data=GOOD_PIXELS * 5)), "1 to 4 elements"),
    "a shape whose size overflows": (message(pictures(2**62, data=GOOD_PIXELS)), "1 to 4 elements"),
    "a shape beyond int64": (message(pictures(2**70, data=GOOD_PIXELS)), "shape"),
    "a shape of many dimensions": (message(pictures(shape=[1] * 9, data=GOOD_PIXELS)), "shape"),
    "a fractional shape": (message(pictures(shape=[1.5, *SHAPE], data=GOOD_PIXELS)), "shape"),
    "a value too few": (message(pictures(data=GOOD_PIXELS[1:])), "767 values; its shape makes 768"),
    "a row too short": (message(pictures(data=[[[[0] * 3] * 16] * 15])), "neither flat nor nested"),
    "ragged rows": (message(pictures(data=[[[[0] * 3] * 16] * 15 + [[[0] * 3] * 15]])), "neither flat nor nested"),
    "rows that are numbers": (message(pictures(data=[[[0] * 16] * 16])), "neither flat nor nested"),
    "NaN": (message(pictures(data=[float("nan")] * SIZE)), "not whole numbers"),
    "infinity": (message(pictures(data=[float("inf")] * SIZE)), "not whole numbers"),
    "fractions": (message(pictures(data=[0.5] * SIZE)), "not whole numbers"),
    "strings for numbers": (message(pictures(data=["0"] * SIZE)), "not whole numbers"),
    "booleans for numbers": (message(pictures(data=[True] * SIZE)), "not whole numbers"),
    "nulls for numbers": (message(pictures(data=[None] * SIZE)), "not whole numbers"),
    "numbers beyond a byte": (message(pictures(data=[256] * SIZE)), "outside of 0 to 255"),
    "numbers below a byte": (message(pictures(data=[-1] * SIZE)), "outside of 0 to 255"),
    "numbers beyond int64": (message(pictures(data=[2**80] * SIZE)), "outside of 0 to 255"),
    "no data": (message(pictures()), "neither data nor binary_data_size"),
    "data that are no list": (message(pictures(data="0" * SIZE)), "data"),
    "binary data without the header": (
        (message(pictures(parameters={"binary_data_size": SIZE}), binary=bytes(SIZE))[0], None),
        "Invalid JSON",
    ),
    "a size without the header": (message(pictures(parameters={"binary_data_size": 0})), "must state how long"),
    "a size of other than there is": (
        message(pictures(parameters={"binary_data_size": SIZE}), binary=bytes(SIZE - 1)),
        "add up to 768 bytes; 767 follow",
    ),
    "a negative size": (message(pictures(parameters={"binary_data_size": -1}), binary=b"x"), "binary_data_size"),
    "a size of other than the shape": (
        message(pictures(parameters={"binary_data_size": SIZE - 1}), binary=bytes(SIZE - 1)),
        "has 767 bytes; its shape makes 768",
    ),
    "bytes that nobody states": (message(pictures(data=GOOD_PIXELS), binary=b"more"), "add up to 0 bytes; 4 follow"),
    "a header beyond the body": (message(pictures(data=GOOD_PIXELS), length="99999"), "states 99,999 bytes"),
    "a header within the JSON": (message(pictures(data=GOOD_PIXELS), length="20"), "Invalid JSON"),
    "a negative header": (message(pictures(data=GOOD_PIXELS), length="-1"), "whole number"),
    "a header that is no number": (message(pictures(data=GOOD_PIXELS), length="many"), "whole number"),
    "a header of Arabic digits": (message(pictures(data=GOOD_PIXELS), length="\u0663"), "whole number"),
    "an endless header": (message(pictures(data=GOOD_PIXELS), length="9" * 5000), "whole number"),
    "files in plain JSON": (message(strings("encoded", "GIF89a")), "content_type: base64"),
    "files in damaged Base64": (
        message(strings("encoded", "R0lGOD*", parameters={"content_type": "base64"})),
        "not Base64",
    ),
    "numbers for files": (message(strings("encoded") | {"data": [1], "shape": [1]}), "not strings"),
    "lists for files": (message(strings("encoded") | {"data": [["a"]], "shape": [1]}), "not strings"),
    "shared memory in": (message(pictures(parameters={"shared_memory_region": "a"})), "Shared memory"),
    "shared memory out": (
        message(pictures(data=GOOD_PIXELS), outputs=[{"name": "label", "parameters": {"shared_memory_region": "a"}}]),
        "Shared memory",
    ),
    "an output of another name": (
        message(pictures(data=GOOD_PIXELS), outputs=[{"name": "logits"}]),
        "There is no output 'logits' of 'catdog'; it gives probabilities, ood_score, label, in_distribution",
    ),
    "an output twice": (message(pictures(data=GOOD_PIXELS), outputs=[{"name": "label"}] * 2), "more than once"),
    "a class of something else": (
        message(pictures(data=GOOD_PIXELS), outputs=[{"name": "label", "parameters": {"classification": 1}}]),
        "Only 'probabilities'",
    ),
    "no class": (
        message(pictures(data=GOOD_PIXELS), outputs=[{"name": "probabilities", "parameters": {"classification": 0}}]),
        "classification",
    ),
    "an endless list of outputs": (message(pictures(data=GOOD_PIXELS), outputs=[{"name": "label"}] * 99), "outputs"),
    "a threshold that is no probability": (
        message(pictures(data=GOOD_PIXELS), parameters={"threshold": 2}),
        "parameters.threshold",
    ),
    "a threshold that is no number": (
        message(pictures(data=GOOD_PIXELS), parameters={"threshold": float("nan")}),
        "parameters.threshold",
    ),
    "a negative timeout": (message(pictures(data=GOOD_PIXELS), parameters={"timeout": -1}), "parameters.timeout"),
    "an id that is no string": (message(pictures(data=GOOD_PIXELS), id=7), "id"),
    "a lone surrogate": ((b'{"id": "\\ud800", "inputs": []}', None), "Invalid JSON"),
    "what is not UTF-8": ((b'{"id": "\xff", "inputs": []}', None), "Invalid JSON"),
    "a tower of lists": ((b'{"inputs": ' + b"[" * 100_000, None), "Invalid JSON"),
}


@pytest.mark.parametrize(("body", "detail"), BAD.values(), ids=BAD)
def test_what_is_not_as_documented_is_refused_with_the_reason(
    manifests: dict[str, Manifest], body: tuple[bytes, str | None], detail: str
) -> None:
    with pytest.raises(ProblemError) as raised:
        read(manifests, "catdog", *body)
    assert raised.value.type.status == 400
    assert detail in str(raised.value)
    assert len(str(raised.value)) < 600


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        (b"", "ends before the length of element 0"),
        (b"\1\0\0", "ends before the length of element 0"),
        (b"\2\0\0\0a", "ends within element 0, which states 2 bytes"),
        (b"\xff\xff\xff\xffa", "ends within element 0, which states 4,294,967,295 bytes"),
        (packed(b"oil"), "ends before the length of element 1"),
        (packed(b"oil", b"gold", b"wheat"), "has 9 bytes after its last element"),
        (packed(b"oil", b"gold") + b"\0", "has 1 bytes after its last element"),
    ],
)
def test_strings_whose_lengths_lie_are_refused(manifests: dict[str, Manifest], raw: bytes, detail: str) -> None:
    tensor = {"name": "inputs", "datatype": "BYTES", "shape": [2], "parameters": {"binary_data_size": len(raw)}}
    body, _ = message(tensor)
    with pytest.raises(ProblemError, match=detail) as raised:
        read(manifests, "topic", body + raw, str(len(body)))
    assert raised.value.type.slug == "invalid-tensor"


def test_json_of_more_values_than_are_parsed_is_too_large(manifests: dict[str, Manifest]) -> None:
    body = b'{"inputs": [' + b"0," * (MAX_VALUES + 1)
    with pytest.raises(ProblemError) as raised:
        read(manifests, "catdog", body, None)
    assert raised.value.type.slug == "content-too-large"
    assert "Send tensors as binary data" in str(raised.value)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NUMBER = st.sampled_from([-(2**63), -1, 0, 1, 2, 3, 16, 768, 2**31, 2**63, 2**64, 1.0, float("nan")])
TENSOR = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["inputs", "encoded", "other"]) | ODD,
        "datatype": st.sampled_from(["UINT8", "BYTES", "FP32", "INT64"]) | ODD,
        "shape": st.sampled_from([[1, *SHAPE], [2], [1]]) | st.lists(NUMBER, max_size=5) | ODD,
    },
    optional={
        "data": st.just(GOOD_PIXELS) | st.lists(st.text(max_size=5), max_size=3) | ODD,
        "parameters": st.fixed_dictionaries({}, optional={"binary_data_size": NUMBER | ODD, "content_type": ODD}) | ODD,
    },
)
OUTPUT = st.fixed_dictionaries(
    {"name": st.sampled_from(["label", "probabilities"]) | ODD},
    optional={"parameters": st.fixed_dictionaries({}, optional={"classification": NUMBER, "binary_data": ODD}) | ODD},
)
REQUEST = st.fixed_dictionaries(
    {"inputs": st.lists(TENSOR, max_size=2) | ODD},
    optional={"outputs": st.lists(OUTPUT, max_size=3) | ODD, "id": ODD, "parameters": ODD},
)


@given(request=REQUEST, binary=st.binary(max_size=40), off=st.sampled_from([None, 0, 0, 0, -1, 1, 10**6]))
@settings(max_examples=400, deadline=None)
def test_whatever_is_sent_is_read_or_refused(
    manifests: dict[str, Manifest], request: Json, binary: bytes, off: int | None
) -> None:
    head = json.dumps(request).encode()
    length = None if off is None else str(len(head) + off)
    for task in manifests:
        _read_or_refused(manifests, task, head + (b"" if off is None else binary), length)


@given(body=st.binary(max_size=200), length=st.none() | st.integers(-2, 210).map(str) | st.text(max_size=4))
@example(body=b'{"inputs":[]}', length="13")
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(manifests: dict[str, Manifest], body: bytes, length: str | None) -> None:
    _read_or_refused(manifests, "topic", body, length)


@given(elements=st.lists(st.binary(max_size=30), min_size=1, max_size=MOST), damage=st.data())
@settings(max_examples=200, deadline=None)
def test_binary_strings_are_read_as_sent_and_damaged_ones_never_beyond_their_end(
    manifests: dict[str, Manifest], elements: Sequence[bytes], damage: st.DataObject
) -> None:
    raw = packed(*elements)
    tensor = {
        "name": "inputs",
        "datatype": "BYTES",
        "shape": [len(elements)],
        "parameters": {"binary_data_size": len(raw)},
    }
    head, _ = message(tensor)
    assert read(manifests, "topic", head + raw, str(len(head))).payloads == list(elements)
    at = damage.draw(st.integers(0, len(raw) - 1))
    changed = raw[:at] + bytes([damage.draw(st.integers(0, 255))]) + raw[at + 1 :]
    asked = _read_or_refused(manifests, "topic", head + changed, str(len(head)))
    if asked is not None:
        assert packed(*map(bytes, asked.payloads)) == changed


def _read_or_refused(manifests: dict[str, Manifest], task: str, body: bytes, length: str | None) -> Inference | None:
    refusal = None
    try:
        asked = read(manifests, task, body, length)
    except ProblemError as error:
        asked, refusal = None, error
    assert refusal is None or refusal.type.status in {400, 413}
    assert asked is None or length == "0" or 1 <= len(asked.payloads) <= MOST
    return asked
