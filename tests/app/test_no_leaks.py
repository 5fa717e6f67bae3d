"""No answer tells of the machine or the code: no path, no stack trace, no module, whatever fails."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import FileResponse

import app
from app.main import create_app
from app.problem_types import PROBLEM_TYPES
from app.settings import Settings
from helpers.pictures import bomb_png, jpeg, png
from helpers.servers import serving
from helpers.tiny_models import write_manifest

SOURCES = Path(app.__file__).parents[1]
MODULES = [
    ".".join(path.relative_to(SOURCES).with_suffix("").parts)
    for path in (SOURCES / "app").rglob("*.py")
    if path.stem != "__init__"
]
PATH = re.compile(
    r"(?<![\w.])/(?:home|root|tmp|usr|var|work|srv|opt|etc|lib|proc|private|Users)\b"  # of this machine
    r"|site-packages|\bsrc/"
    r"|[\w-]+\.(?:py|cc|cpp|hpp|h|so)\b"  # of a source
)
TRACE = re.compile(r"Traceback|File \"|, line \d+|0x[0-9a-f]{6,}")
PICTURE = jpeg((60, 60), (220, 30, 30))


def assert_tells_nothing(text: str, *secrets: str) -> None:
    found = [
        *PATH.findall(text),
        *TRACE.findall(text),
        *(secret for secret in (*secrets, str(SOURCES)) if secret in text),
        *(module for module in MODULES if module in text),
    ]
    assert found == [], text


@pytest.mark.parametrize(
    "leak",
    [
        "see /tmp/models/digit",
        "Traceback (most recent call last)",
        'File "x", line 3, in f',
        "failed at src/frontends/x.hpp:80:",
        "in app.serving.model",
        "<object at 0x7f2b1c>",
        "/usr/lib/python3/site-packages/x",
    ],
)
def test_the_check_finds_a_leak(leak: str) -> None:
    with pytest.raises(AssertionError):
        assert_tells_nothing(f"A problem: {leak}.")


@pytest.mark.parametrize("type_", PROBLEM_TYPES, ids=lambda type_: type_.slug)
def test_no_kind_of_problem_tells_anything(client: httpx.Client, type_: object) -> None:
    assert_tells_nothing(client.get(type_.uri).text)
    assert_tells_nothing(type_.example)


BAD = {
    "nothing": {"content": b""},
    "noise": {"content": bytes(range(256)) * 20},
    "half a JPEG": {"content": PICTURE[: len(PICTURE) // 2]},
    "half a PNG": {"content": png("RGB", (90, 90), (1, 2, 3))[:70]},
    "a bomb": {"content": bomb_png()},
    "a broken form": {"content": b"--x", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    "no form": {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
    "a form without a file": {"files": {"other": (None, b"text")}},
    "broken JSON": {"content": b'{"text": ', "headers": {"Content-Type": "application/json"}},
    "JSON of numbers": {"json": {"text": 3, "texts": [3]}},
    "not UTF-8": {"content": b"\xff\xfe\x00oil"},
    "too much": {"content": bytes(1_000_001)},
}


@pytest.mark.parametrize("sent", BAD.values(), ids=BAD)
@pytest.mark.parametrize(
    "path", [f"/{verb}/{task}" for verb in ("predict", "explain") for task in ("topic", "digit", "catdog")]
)
def test_no_refusal_tells_anything(client: httpx.Client, path: str, sent: dict) -> None:
    for call in (path, f"{path}/batch"):
        response = client.post(call, **sent)
        assert 400 <= response.status_code < 500
        assert_tells_nothing(response.text)


def test_nothing_that_reads_well_tells_anything(client: httpx.Client) -> None:
    for path in ("/models", "/models/digit", "/health/ready", "/health/live", "/openapi.json"):
        assert_tells_nothing(client.get(path).text)
    assert_tells_nothing(client.post("/predict/catdog", content=PICTURE).text)


def failing_app(models: Path) -> FastAPI:
    failing = create_app(Settings(models_dir=models))

    @failing.get("/raises")
    async def raises() -> None:
        raise RuntimeError(f"{models} in app.serving.model at /usr/lib/x.py")

    @failing.get("/raises/os")
    async def raises_os() -> None:
        (models / "gone").read_bytes()

    @failing.get("/file")
    async def file() -> FileResponse:
        return FileResponse(models / "gone")

    return failing


@pytest.fixture(scope="module")
def failing(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Path]]:
    models = Path(shutil.copytree(tiny_models, tmp_path_factory.mktemp("failing") / "models"))
    with serving(failing_app(models)) as at, httpx.Client(base_url=at) as session:
        yield session, models


@pytest.mark.parametrize("path", ["/raises", "/raises/os", "/file"])
def test_a_defect_tells_nothing(failing: tuple[httpx.Client, Path], path: str) -> None:
    client, models = failing
    response = client.get(path)
    assert response.status_code == 500
    assert_tells_nothing(response.text, str(models))


def test_a_file_that_went_away_after_it_was_loaded_tells_nothing(failing: tuple[httpx.Client, Path]) -> None:
    client, models = failing
    (models / "digit" / "1" / "MODEL_CARD.md").unlink()
    response = client.get("/models/digit/card")
    assert response.status_code == 404
    assert_tells_nothing(response.text, str(models))


def with_graph(content: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / "saved_model.pb").write_bytes(content)
        write_manifest(folder)

    return change


def flip_a_byte(folder: Path) -> None:
    graph = bytearray((folder / "saved_model.pb").read_bytes())
    graph[len(graph) // 2] ^= 0xFF
    with_graph(bytes(graph))(folder)


def spoil_the_variables(folder: Path) -> None:
    for path in (folder / "variables").iterdir():
        path.write_bytes(b"junk" * 9)
    write_manifest(folder)


def remove_the_variables(folder: Path) -> None:
    shutil.rmtree(folder / "variables")
    write_manifest(folder)


def spoil_the_golden_file(folder: Path) -> None:
    (folder / "golden.npz").write_bytes(b"PK\3\4junk")
    write_manifest(folder)


def spoil_the_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b"\xff{")


def loop(folder: Path) -> None:
    (folder / "loop").symlink_to(folder / "loop")


BREAKS = {
    "no graph": with_graph(b""),
    "no protocol buffer": with_graph(b"\xff" * 300),
    "a byte flipped": flip_a_byte,
    "spoilt variables": spoil_the_variables,
    "no variables": remove_the_variables,
    "a spoilt golden file": spoil_the_golden_file,
    "a spoilt manifest": spoil_the_manifest,
    "a link to itself": loop,
    "no files": lambda folder: shutil.rmtree(folder) or folder.mkdir(),
}


@pytest.mark.parametrize("engine", ["tensorflow", "openvino"])
@pytest.mark.parametrize("change", BREAKS.values(), ids=BREAKS)
def test_no_broken_model_tells_anything(models_copy: Path, engine: str, change: Callable[[Path], None]) -> None:
    for task in ("topic", "digit"):
        change(models_copy / task / "1")
    with serving(create_app(Settings(models_dir=models_copy, engine=engine))) as at:
        ready = httpx.get(f"{at}/health/ready")
        assert {name for name, task in ready.json()["tasks"].items() if task["reason"]} == {"topic", "digit"}
        answers = [ready, httpx.get(f"{at}/models"), httpx.post(f"{at}/predict/digit", content=PICTURE)]
    for answer in answers:
        assert_tells_nothing(answer.text, str(models_copy))


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, lambda path: path.symlink_to(path), lambda path: None])
def test_no_models_folder_tells_anything(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "models")
    with serving(create_app(Settings(models_dir=tmp_path / "models"))) as at:
        answers = [httpx.get(f"{at}{path}") for path in ("/health/ready", "/models")]
        answers.append(httpx.post(f"{at}/predict/digit", content=PICTURE))
    for answer in answers:
        assert_tells_nothing(answer.text, str(tmp_path))
