"""DICOM files are taken wherever a picture is, and refused with problem details."""

from collections.abc import Callable

import httpx
import pytest
from PIL import Image
from pydicom import uid

from benchmarks.dicom.fidelity import grey_of
from benchmarks.dicom.writing import SYNTAXES, deepened, dicom_file, fits
from helpers.dicom_files import radiograph, without_pixels
from helpers.picture_files import encode
from helpers.pictures import digit_png

GREY = radiograph()
PNG = encode(Image.fromarray(GREY), "PNG")
Check = Callable[[httpx.Response], dict[str, object]]


def answer_of(response: httpx.Response) -> dict[str, object]:
    assert response.status_code == 200, response.text
    return {name: value for name, value in response.json().items() if name != "request_id"}


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_a_dicom_file_is_answered_as_the_picture_that_it_holds(client: httpx.Client, syntax: uid.UID) -> None:
    bits = 12 if fits(syntax, 12) else 8
    data = dicom_file(deepened(GREY, bits), syntax, bits=bits)
    picture = answer_of(client.post("/predict/pneumonia", content=PNG))
    for answer in (
        answer_of(client.post("/predict/pneumonia", content=data, headers={"Content-Type": "application/dicom"})),
        answer_of(client.post("/predict/pneumonia", files={"file": ("IM0001", data)})),
    ):
        assert answer["probability"] == pytest.approx(picture["probability"], abs=0.02)


@pytest.mark.parametrize(("task", "picture"), [("digit", digit_png()), ("catdog", PNG), ("pneumonia", PNG)])
def test_every_picture_task_reads_dicom(client: httpx.Client, task: str, picture: bytes) -> None:
    data = dicom_file(grey_of(picture), uid.JPEG2000Lossless)
    answers = [answer_of(client.post(f"/predict/{task}", content=content)) for content in (data, picture)]
    assert answers[0] == answers[1]


def test_an_explanation_shows_the_picture_of_the_dicom_file(client: httpx.Client) -> None:
    data = dicom_file(255 - GREY, uid.JPEGLSLossless, photometric="MONOCHROME1")
    drawn = client.post("/explain/pneumonia", content=data)
    assert drawn.headers["content-type"] == "image/png"
    assert drawn.content == client.post("/explain/pneumonia", content=PNG).content


def test_a_batch_mixes_dicom_with_other_pictures_and_with_bad_ones(client: httpx.Client) -> None:
    good = dicom_file(GREY)
    sent = [good, PNG, good[:-1000], without_pixels(uid.BasicTextSRStorage), good]
    answers = client.post("/predict/pneumonia/batch", files=[("files", data) for data in sent]).json()
    assert [answer.get("status", 200) for answer in answers] == [200, 200, 422, 415, 200]
    assert answers[0]["probabilities"] == answers[1]["probabilities"] == answers[4]["probabilities"]


@pytest.mark.parametrize(
    ("data", "status", "slug", "detail"),
    [
        (dicom_file(GREY, NumberOfFrames=3), 415, "unsupported-media", "3 frames"),
        (dicom_file(GREY, PhotometricInterpretation="YBR_FULL"), 415, "unsupported-media", "not greyscale"),
        (without_pixels(uid.EncapsulatedPDFStorage), 415, "unsupported-media", "an encapsulated document"),
        (dicom_file(GREY)[132:], 415, "unsupported-media", "without the preamble"),
        (dicom_file(GREY, uid.RLELossless)[:-400], 422, "broken-input", "cut short"),
        (dicom_file(GREY, Rows=60_000, Columns=60_000), 422, "oversized-input", "60,000 x 60,000"),
        (dicom_file(GREY, uid.JPEGLosslessSV1, Rows=7_000, Columns=7_000), 422, "oversized-input", "7,000 x 7,000"),
    ],
    ids=["frames", "colour", "PDF", "bare", "cut", "huge", "claimed"],
)
def test_what_is_not_read_is_refused_with_the_reason(
    client: httpx.Client, problem: Check, data: bytes, status: int, slug: str, detail: str
) -> None:
    body = problem(client.post("/predict/pneumonia", content=data))
    assert (body["status"], body["type"]) == (status, f"/problems/{slug}")
    assert detail in str(body["detail"])
