"""How far the answer to a DICOM file is from the answer to the picture that it was made of."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid

from app.inputs.errors import InputError
from app.serving.model import LoadedModel, ModelInput, Prediction
from benchmarks.dicom.writing import SYNTAXES, deepened, dicom_file, fits

DEPTHS = (8, 10, 12, 14, 16)
PHOTOMETRICS = ("MONOCHROME1", "MONOCHROME2")


@dataclass(frozen=True)
class Difference:
    """Of one transfer syntax: how many files, the largest difference of the probability of the positive label."""

    syntax: uid.UID
    files: int
    probability: float
    flipped: int
    """Files whose label is another than the picture's."""


def differences(pictures: Iterable[bytes], model: LoadedModel) -> list[Difference]:
    """Write each picture as DICOM in each transfer syntax, at each depth, dark and light turned round or not."""
    found: dict[uid.UID, list[tuple[float, bool]]] = {syntax: [] for syntax in SYNTAXES}
    for picture in pictures:
        [answer] = _answers(model, [picture])
        files = list(dicom_files(grey_of(picture)))
        for (syntax, _), other in zip(files, _answers(model, [data for _, data in files]), strict=True):
            off = abs(_positive(model, other) - _positive(model, answer))
            found[syntax].append((off, other.label != answer.label))
    return [
        Difference(syntax, len(rows), max(off for off, _ in rows), sum(flipped for _, flipped in rows))
        for syntax, rows in found.items()
    ]


def grey_of(picture: bytes) -> NDArray[np.uint8]:
    """A picture file's grey levels `[H, W]`."""
    return np.array(Image.open(io.BytesIO(picture)).convert("L"))


def dicom_files(grey: NDArray[np.uint8]) -> Iterator[tuple[uid.UID, bytes]]:
    """The picture in every transfer syntax, depth and photometric interpretation that go together."""
    for syntax in SYNTAXES:
        for bits in (depth for depth in DEPTHS if fits(syntax, depth)):
            for photometric in PHOTOMETRICS:
                shown = grey if photometric == "MONOCHROME2" else 255 - grey
                yield syntax, dicom_file(deepened(shown, bits), syntax, bits=bits, photometric=photometric)


def table(found: Iterable[Difference]) -> str:
    """The differences as Markdown."""
    head = "| transfer syntax | files | largest difference of the probability | other labels |"
    rule = "| --- | ---: | ---: | ---: |"
    rows = (f"| {row.syntax.name} | {row.files:,} | {row.probability:.6f} | {row.flipped} |" for row in found)
    return "\n".join((head, rule, *rows))


def _answers(model: LoadedModel, files: Sequence[bytes]) -> list[Prediction]:
    """What the model says of each file; of files that give the same pixels it is asked once."""
    keys, inputs = [], dict[bytes, ModelInput]()
    for found in model.read_each(files):
        if isinstance(found, InputError):
            raise found
        keys.append(found.encode() if isinstance(found, str) else found.tobytes())
        inputs[keys[-1]] = found
    answers = dict(zip(inputs, map(model.predict_row, model.run_rows(list(inputs.values()))), strict=True))
    return [answers[key] for key in keys]


def _positive(model: LoadedModel, prediction: Prediction) -> float:
    point = model.artifact.manifest.operating_point
    labels: Mapping[str, float] = prediction.probabilities
    return labels[point.positive if point else prediction.label]
