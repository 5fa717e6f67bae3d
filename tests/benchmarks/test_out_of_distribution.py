"""The command from end to end: a real server process, tiny models whose score is roughness, a small drawn data set."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.ood.own import original_sizes, own_sets, validation_of
from benchmarks.ood.sets import drawn, files_of, payload_of
from benchmarks.ood.strange import strange_sets
from benchmarks.out_of_distribution import main
from helpers.drawn_data import draw_cats_dogs, draw_chest_xrays, draw_digits, write_news
from helpers.tiny_models import write_model
from training.datasets.base import Example
from training.datasets.catalogue import find_source
from training.datasets.loading import load_split
from training.shifts import MILD_SHIFTS

LIMIT = 2


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    draw_chest_xrays(root, each=8)
    draw_cats_dogs(root, each=8).rename(root / "cats_dogs")
    for name, write in (("mnist", draw_digits), ("reuters", write_news)):
        (root / name).mkdir()
        write(root / name, 4)
    return root


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    for task in ("topic", "digit", "pneumonia"):
        write_model(root, task, 1)
    return root


@pytest.fixture(scope="module")
def written(data, models, tmp_path_factory):
    out = tmp_path_factory.mktemp("docs") / "below" / "ood.md"
    main(["--data", str(data), "--models", str(models), "--out", str(out), "--limit", str(LIMIT)])
    return out


def rows_of(text, title):
    section = text.split(f"## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][2:]
    return {
        cells[0].strip(): [cell.strip() for cell in cells[1:]]
        for cells in (line.strip("| ").split("|") for line in lines)
    }


def test_every_model_is_sent_its_own_kind_changes_of_it_and_strangers(written):
    text = written.read_text(encoding="utf-8")
    pneumonia = rows_of(text, "Pneumonia")
    assert {"validation, as it is", "cats", "dogs", "digits", "pages of text", "black pictures"} <= set(pneumonia)
    assert {shift.name for shift in MILD_SHIFTS} <= set(pneumonia)
    assert {row[0] for row in pneumonia.values()} == {str(LIMIT)}
    assert {"validation, redrawn", "letters, serif", "blank sheets"} <= set(rows_of(text, "Handwritten digit"))
    assert {"in lower case", "language: de", "lorem ipsum"} <= set(rows_of(text, "News topic"))


def test_the_shares_follow_from_the_models_score(written):
    """Roughness: noise is rough, an even colour is not, however strange."""
    pneumonia = rows_of(written.read_text(encoding="utf-8"), "Pneumonia")
    assert pneumonia["plain colours"][1:3] == ["flagged", "0.000"]
    assert float(pneumonia["plain colours"][5]) == 0
    assert pneumonia["validation, as it is"][1:3] == ["accepted", "1.000"]
    assert float(pneumonia["noise, every pixel by itself"][6]) > float(pneumonia["gradients"][6])


def test_a_sheet_without_ink_is_refused_by_the_digit_reader_and_counted(written):
    plain = rows_of(written.read_text(encoding="utf-8"), "Handwritten digit")["plain colours"]
    assert plain[1:3] == ["flagged", "1.000"]
    assert plain[4] == str(LIMIT)


def test_what_cannot_be_measured_is_said(written):
    text = written.read_text(encoding="utf-8")
    assert "Not measured: Cat or dog, " in text
    assert "Without the data of chest_xray_native" in text
    assert "its digest is another" in text
    assert f"--limit {LIMIT}" in text


def test_the_plot_lies_beside_the_page(written):
    with Image.open(written.with_suffix(".png")) as plot:
        assert plot.format == "PNG"
    assert "](ood.png)" in written.read_text(encoding="utf-8")


def test_a_missing_data_folder_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--data", str(tmp_path / "nowhere")])
    assert "nowhere" in capsys.readouterr().err


def test_own_inputs_are_the_split_that_training_held_out(data, models):
    from app.serving.artifact import open_artifact

    manifest = open_artifact(models / "pneumonia" / "1").manifest
    source = find_source("pneumonia", data / "chest_xray")
    held_out = validation_of(manifest, source)
    split, _ = load_split(
        "pneumonia",
        data / "chest_xray",
        manifest.input,
        manifest.labels,
        "validation",
        seed=manifest.seed,
        validation_fraction=manifest.dataset.validation_fraction,
        quiet=True,
    )
    assert tuple(example.name for example in held_out) == split.names
    first = next(iter(own_sets(manifest, held_out, 100)))
    assert list(first.payloads) == [example.payload.read_bytes() for example in held_out]


def test_strangers_of_data_that_is_missing_are_left_out(data):
    sources = {"catdog": find_source("catdog", data / "cats_dogs")}
    titles = [one.title for one in strange_sets("pneumonia", sources, 1)]
    assert "cats" in titles
    assert "digits" not in titles


def test_cats_are_cats(data):
    source = find_source("catdog", data / "cats_dogs")
    cats = next(one for one in strange_sets("pneumonia", {"catdog": source}, 100) if one.title == "cats")
    assert sorted(cats.payloads) == sorted(payload_of(one) for one in source.examples if one.label == "cat")


def test_no_more_are_drawn_than_there_are_and_each_once():
    examples = [Example(str(number), "a", str(number), "text") for number in range(9)]
    assert drawn(examples, 20, 0) == examples
    assert len({example.name for example in drawn(examples, 5, 0)}) == 5
    assert drawn(examples, 5, 0) == drawn(examples, 5, 0) != drawn(examples, 5, 1)


def test_strangers_come_in_both_formats():
    files = files_of([Image.fromarray(np.zeros((4, 4), np.uint8))] * 4)
    assert [file.startswith(b"\x89PNG") for file in files] == [False, True, False, True]


def test_pictures_at_their_original_size_are_read_from_folders_below(data):
    originals = original_sizes(data / "chest_xray", 5)
    assert len(originals.payloads) == 5
    assert originals.kind == "own"
