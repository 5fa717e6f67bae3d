"""`quartet score`: folders and tables to one table, the numbers a server's, through kills and bad files."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import pandas as pd
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.data import get_testdata_file
from skimage import data

from app.cli import main
from helpers.orthanc import MISSING, PASSWORD, USER, orthanc
from helpers.pictures import bomb_png, encoded, jpeg, noise_png, png
from helpers.services import wait_until

COMMAND = [sys.executable, "-m", "app.cli", "score"]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def names_of(path: Path) -> list[str]:
    return [row["name"] for row in rows_of(path)]


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of good and bad files, the working directory beside it."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "pictures"
    (folder / "sub").mkdir(parents=True)
    files = {
        "bright.png": png("L", (20, 20), 204),
        "dark.jpeg": jpeg((30, 20), (10, 10, 10)),
        "noise.png": noise_png(16),
        "sub/bomb.png": bomb_png(),
        "sub/cut.jpeg": jpeg((200, 200), (90, 0, 9))[:300],
        "sub/empty.png": b"",
        "sub/text.png": b"no picture",
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def score(models: Path, *words: str) -> int:
    return main(["score", *words, "--models", str(models), "--quiet"])


@pytest.mark.parametrize(("task", "query"), [("pneumonia", ["--threshold", "0.9"]), ("pneumonia", []), ("catdog", [])])
def test_every_number_is_the_one_that_a_server_gives(
    client: httpx.Client, tiny_models: Path, pictures: Path, task: str, query: Sequence[str]
) -> None:
    assert score(tiny_models, task, "pictures", "--out", "r.csv", *query) == 1
    assert score(tiny_models, task, "pictures", "--out", "r.parquet", *query) == 1
    frame = pd.read_parquet("r.parquet").astype(object)
    for row, typed in zip(rows_of(Path("r.csv")), frame.to_dict("records"), strict=True):
        params = {"threshold": query[1]} if query else {}
        served = client.post(f"/predict/{task}", content=Path(row["name"]).read_bytes(), params=params).json()
        assert typed["name"] == row["name"]
        if "label" not in served:
            assert (row["error_type"], row["error"]) == (served["type"].removeprefix("/problems/"), served["detail"])
            assert (typed["error_type"], typed["error"]) == (row["error_type"], row["error"])
            assert row["label"] == row["probability"] == row["in_distribution"] == ""
            continue
        numbers = {f"probability_{label}": value for label, value in served["probabilities"].items()}
        expected = {
            "label": served["label"],
            "probability": served["probability"],
            **numbers,
            **({"positive": served["positive"], "threshold": served["threshold"]} if task == "pneumonia" else {}),
            "in_distribution": served["in_distribution"],
            "ood_score": served["ood_score"],
            "task": task,
            "model_version": served["model"]["version"],
            "model_sha256": served["model"]["sha256"],
        }
        assert {name: typed[name] for name in expected} == expected
        as_text = {name: json.dumps(value).strip('"') for name, value in expected.items()}
        assert {name: row[name] for name in expected} == {**as_text, **{n: repr(v) for n, v in numbers.items()}}


def test_bad_files_are_counted_and_named_at_the_end(
    tiny_models: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score(tiny_models, "digit", "pictures", "--include", "sub/*", "--out", "r.csv", "--json") == 1
    out, err = capsys.readouterr()
    summary = json.loads(out)
    assert (summary["scored"], summary["failed"], summary["complete"]) == (4, 4, True)
    lines = err.splitlines()
    assert lines[0] == "4 inputs without an answer:"
    assert [line.strip().partition(": ")[0] for line in lines[1:]] == names_of(Path("r.csv"))
    assert names_of(Path("r.csv")) == [
        f"pictures/sub/{name}" for name in ("bomb.png", "cut.jpeg", "empty.png", "text.png")
    ]


def test_texts_of_a_table_have_all_topics_and_the_names_of_its_column(tiny_models: Path, tmp_path: Path) -> None:
    (tmp_path / "news.csv").write_text('id,text\na,oil\nb,"wheat, corn"\nc,\n')
    out = tmp_path / "r.parquet"
    words = ["topic", str(tmp_path / "news.csv"), "--name-column", "id", "--out", str(out)]
    assert score(tiny_models, *words) == 1
    frame = pd.read_parquet(out)
    assert list(frame["name"]) == ["a", "b", "c"]
    topics = frame.filter(like="probability_")
    assert topics.shape == (3, 46)
    assert list(topics.iloc[:2].idxmax(axis=1).str.removeprefix("probability_")) == list(frame["label"][:2])
    assert frame["error_type"][2] == "empty-input"


def test_a_second_run_has_nothing_to_do_and_new_files_are_added(
    tiny_models: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["catdog", "pictures", "--include", "*.png", "--include", "*.jpeg", "--out", "pictures/r.csv"]
    assert score(tiny_models, *words) == 1
    before = Path("pictures/r.csv").read_bytes()
    assert score(tiny_models, *words) == 1
    assert Path("pictures/r.csv").read_bytes() == before
    assert "0 inputs scored in 0 s (0.0/s), 7 were there already" in capsys.readouterr().out
    (pictures / "new.png").write_bytes(png("RGB", (9, 9), (255, 0, 0)))
    assert score(tiny_models, *words) == 1
    assert Path("pictures/r.csv").read_bytes().startswith(before)
    assert names_of(Path("pictures/r.csv"))[-1] == "pictures/new.png"


@pytest.mark.parametrize("out", ["r.csv", "r.parquet"])
def test_files_that_were_mended_are_tried_again_when_asked_for(tiny_models: Path, pictures: Path, out: str) -> None:
    assert score(tiny_models, "catdog", "pictures", "--out", out) == 1
    for path in (pictures / "sub").iterdir():
        path.write_bytes(png("RGB", (9, 9), (255, 0, 0)))
    assert score(tiny_models, "catdog", "pictures", "--out", out) == 1
    assert score(tiny_models, "catdog", "pictures", "--out", out, "--retry-failed") == 0
    frame = pd.read_csv(out) if out.endswith(".csv") else pd.read_parquet(out)
    assert len(frame) == frame["name"].nunique() == 7
    assert frame["error_type"].isna().all()


def test_results_of_another_threshold_are_not_mixed(
    tiny_models: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["pneumonia", "pictures", "--out", "r.csv"]
    assert score(tiny_models, *words) == 1
    assert score(tiny_models, *words, "--threshold", "0.25") == 2
    assert "threshold 0.5, and these would be of pneumonia, version 1" in capsys.readouterr().err
    assert score(tiny_models, *words, "--threshold", "0.25", "--restart") == 1
    assert {row["threshold"] for row in rows_of(Path("r.csv"))} == {"0.25"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["digit", "pictures", "--out", "r.txt"], "--out r.txt must end with .csv or .parquet"),
        (["digit", "gone", "--out", "r.csv"], "gone: No such file or directory"),
        (["digit", "pictures", "--out", "gone/r.csv"], "gone/r.csv: No such file or directory"),
        (["digit", "pictures", "--out", "r.csv", "--threshold", "0.5"], "--threshold: the answer to digit has none"),
        (["digit", "pictures", "--out", "r.csv", "--version", "9"], "The models folder has no version 9"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    tiny_models: Path, pictures: Path, capsys: pytest.CaptureFixture[str], words: Sequence[str], said: str
) -> None:
    assert score(tiny_models, *words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"quartet score: {said}")
    assert err.count("\n") == 1


def test_a_folder_without_files_is_said_to_be_empty(
    tiny_models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert score(tiny_models, "digit", str(tmp_path / "empty"), "--out", str(tmp_path / "r.csv")) == 0
    assert capsys.readouterr().err == "quartet score: the sources hold no inputs\n"


def test_paths_come_on_standard_input(tiny_models: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = io.BufferedReader(io.BytesIO(b"pictures/bright.png\0pictures/dark.jpeg\0"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(listed))
    assert score(tiny_models, "catdog", "-", "--out", "r.csv") == 0
    assert names_of(Path("r.csv")) == ["pictures/bright.png", "pictures/dark.jpeg"]


@pytest.mark.parametrize("package", ["pyarrow", "rich"])
def test_without_the_extra_only_parquet_is_missed(tiny_models: Path, pictures: Path, package: str) -> None:
    # None is what Python takes for a package that is not installed.
    program = f"import sys; sys.modules['{package}'] = None; from app.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", program, "score", "catdog", "pictures/bright.png", "--models", str(tiny_models)]
    done = subprocess.run([*words, "--out", "r.csv"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([*words, "--out", "r.parquet"], capture_output=True, text=True, check=False)
    assert done.returncode == (2 if package == "pyarrow" else 0)
    if package == "pyarrow":
        assert done.stderr.endswith("Install it with: pip install 'quartet[score]'\n")
        assert done.stderr.count("\n") == 1


def test_killed_midway_it_goes_on_where_it_was_and_ends_as_if_it_had_not_been(
    tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed with SIGKILL twice, once with the last row cut off: nothing twice, nothing lost."""
    files = [tmp_path / f"{number:02}.png" for number in range(60)]
    for number, file in enumerate(files):
        file.write_bytes(png("RGB", (20, 20), (4 * number, 0, 100)))
    listed = [f"{file}\n".encode() for file in files]
    out, whole = tmp_path / "r.csv", tmp_path / "whole.csv"
    words = [*COMMAND, "catdog", "-", "--models", str(tiny_models), "--out", str(out)]
    for end, torn in ((20, 7), (40, 0)):
        # Standard input stays open: the run is under way, whatever the machine's speed.
        with subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            process.stdin.write(b"".join(listed[:end]))
            process.stdin.flush()
            wait_until(lambda end=end: out.exists() and out.read_bytes().count(b"\n") == end + 1, 60)
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        os.truncate(out, out.stat().st_size - torn)
    for path in (out, whole):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"".join(listed)))))
        assert score(tiny_models, "catdog", "-", "--out", str(path)) == 0
    assert out.read_bytes() == whole.read_bytes()
    assert names_of(out) == [str(file) for file in files]


def test_interrupted_it_finishes_what_was_begun_and_says_how_to_go_on(tiny_models: Path, tmp_path: Path) -> None:
    picture, out = tmp_path / "a.png", tmp_path / "r.csv"
    picture.write_bytes(png("RGB", (20, 20), (255, 0, 0)))
    words = [*COMMAND, "catdog", "-", "--models", str(tiny_models), "--out", str(out), "--json"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write(f"{picture}\n".encode())
        process.stdin.flush()
        wait_until(lambda: out.exists() and out.read_bytes().count(b"\n") == 2, 60)
        process.send_signal(signal.SIGINT)
        said, err = process.stdout.read(), process.stderr.read()
        assert process.wait(30) == 130
    assert json.loads(said)["complete"] is False
    assert err == b"quartet score: stopped; the same command goes on from here\n"
    assert names_of(out) == [str(picture)]


def test_the_committed_models_score_a_cat(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cat.png").write_bytes(encoded(Image.fromarray(data.cat()), "PNG"))
    assert main(["score", "catdog", str(tmp_path), "--out", str(tmp_path / "r.csv")]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{tmp_path / 'r.csv'}: 1 input scored in ")
    assert err == ""
    [row] = rows_of(tmp_path / "r.csv")
    assert (row["label"], row["in_distribution"]) == ("cat", "true")


@pytest.mark.skipif(MISSING is not None, reason=str(MISSING))
def test_a_servers_radiographs_are_scored_as_the_same_files_are(
    tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for name in ("CT_small.dcm", "MR_small.dcm"):
        path = Path(get_testdata_file(name))
        (folder / dcmread(path).SOPInstanceUID).write_bytes(path.read_bytes())
    with orthanc(tmp_path / "orthanc", with_password=True) as address:
        for path in folder.iterdir():
            httpx.post(f"{address}/instances", content=path.read_bytes(), auth=(USER, PASSWORD)).raise_for_status()
        words = ["pneumonia", "--dicomweb", f"{address}/dicom-web", "--modality", "ANY", "--out"]
        assert score(tiny_models, *words, str(tmp_path / "refused.csv")) == 2
        monkeypatch.setenv("QUARTET_DICOMWEB_USER", f"{USER}:{PASSWORD}")
        assert score(tiny_models, *words, str(tmp_path / "remote.csv")) in (0, 1)
        # Radiographs alone: neither of these is one.
        assert score(tiny_models, *words[:3], "--out", str(tmp_path / "none.csv")) == 0
    assert names_of(tmp_path / "none.csv") == []
    score(tiny_models, "pneumonia", str(folder), "--out", str(tmp_path / "local.csv"))
    local = {Path(row.pop("name")).name: row for row in rows_of(tmp_path / "local.csv")}
    assert len(local) == 2
    assert {row.pop("name"): row for row in rows_of(tmp_path / "remote.csv")} == local


def test_options_of_a_server_need_one(tiny_models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert score(tiny_models, "pneumonia", "--study", "1.2", "--out", "r.csv") == 2
    assert "they need --dicomweb" in capsys.readouterr().err
    assert score(tiny_models, "pneumonia", "--out", "r.csv") == 2
    assert "name a SOURCE to score" in capsys.readouterr().err
