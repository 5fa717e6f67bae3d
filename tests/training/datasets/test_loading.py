import json
from pathlib import Path

import numpy as np
import pytest

from app.errors import ConfigurationError
from app.inputs.spec import ImageSpec, TextSpec
from training.datasets.base import DatasetError
from training.datasets.catalogue import find_source
from training.datasets.loading import load_dataset, load_split
from training.datasets.splitting import split_groups

SPEC = ImageSpec(mode="L", height=8, width=8)


@pytest.fixture
def xrays(tmp_path: Path, draw) -> Path:
    """20 studies of one picture each, and 10 patients of three."""
    for number in range(20):
        draw(tmp_path / f"train/NORMAL/IM-{number:04}-0001.png", number)
    for number in range(30):
        draw(tmp_path / f"train/PNEUMONIA/person{number // 3}_virus_{number}.png", 100 + number)
    return tmp_path


def load(path: Path, **options):
    return load_dataset("pneumonia", path, SPEC, **{"seed": 0, "quiet": True} | options)


def patients(names: tuple[str, ...]) -> set[str]:
    return {name.split("_")[0] for name in names}


def test_a_data_set_is_found_split_by_patient_and_read(xrays: Path):
    data = load(xrays, validation_fraction=0.2)
    assert (data.name, data.labels) == ("chest_xray", ("NORMAL", "PNEUMONIA"))
    assert data.grouped_by == "patient or study, and exact copies"
    assert (len(data.train), len(data.validation)) == (40, 10)
    assert data.train.inputs.shape == (40, 8, 8, 1)
    assert data.validation.labels.tolist() == [0] * 4 + [1] * 6
    assert not patients(data.train.names) & patients(data.validation.names)
    assert (data.validation_fraction, data.skipped) == (0.2, ())


def test_the_same_seed_gives_the_same_data_set(xrays: Path):
    first, again, other = load(xrays), load(xrays), load(xrays, seed=1)
    assert first.validation.names == again.validation.names != other.validation.names
    np.testing.assert_array_equal(first.train.inputs, again.train.inputs)
    assert first.digest == again.digest == other.digest
    assert len(first.digest) == 64


def test_a_broken_picture_leaves_its_side_and_is_told(xrays: Path):
    whole = load(xrays)
    broken = whole.train.names[3]
    (xrays / "train" / broken).write_bytes(b"broken")
    data = load(xrays)
    assert [skip.name for skip in data.skipped] == [broken]
    assert data.train.names == tuple(name for name in whole.train.names if name != broken)
    assert data.validation.names == whole.validation.names
    np.testing.assert_array_equal(data.validation.inputs, whole.validation.inputs)
    assert data.digest != whole.digest


def test_clean_data_are_cut_where_the_split_says(xrays: Path):
    data, (train, validation) = load(xrays), split_groups(find_source("pneumonia", xrays), 0.15, 0)
    assert data.train.names == tuple(example.name for example in train)
    assert data.validation.names == tuple(example.name for example in validation)


def test_an_unreadable_example_moves_no_other_of_its_name_to_the_other_side(tmp_path: Path):
    lines = [{"id": number, "topic": ("earn", "acq")[number % 2], "title": f"News {number}"} for number in range(40)]
    lines.append({"id": 0, "topic": "earn", "title": ""})
    (tmp_path / "news.jsonl").write_text("\n".join(map(json.dumps, lines)))
    data = load_dataset("topic", tmp_path, TextSpec(), seed=0, quiet=True)
    train, validation = split_groups(find_source("topic", tmp_path), 0.15, 0)
    assert [example.name for example in train].count("0") == 2
    assert [skip.name for skip in data.skipped] == ["0"]
    assert data.train.names == tuple(example.name for example in train if example.payload)
    assert data.validation.names == tuple(example.name for example in validation)


def test_a_limit_takes_about_so_many_of_all_labels(xrays: Path):
    data = load(xrays, limit=10)
    assert len(data.train) + len(data.validation) == 10
    assert set(data.train.labels.tolist()) == {0, 1}
    assert data.digest != load(xrays).digest
    tiny = load(xrays, limit=1)
    assert len(tiny.train) + len(tiny.validation) == 4


def test_a_limit_beyond_the_data_changes_nothing(xrays: Path):
    assert load(xrays, limit=1000).digest == load(xrays).digest


def test_a_limit_below_one_is_refused(xrays: Path):
    with pytest.raises(ValueError, match="limit is 0"):
        load(xrays, limit=0)


def test_data_of_one_group_alone_cannot_be_split(tmp_path: Path, draw):
    draw(tmp_path / "NORMAL/1.png")
    draw(tmp_path / "PNEUMONIA/2.png")
    with pytest.raises(DatasetError, match="2 readable examples cannot be split"):
        load(tmp_path)


@pytest.mark.parametrize("which", ["train", "validation"])
def test_evaluation_can_ask_for_a_side_of_the_training_split(xrays: Path, which):
    data = load(xrays, seed=5, validation_fraction=0.3)
    split, skipped = load_split(
        "pneumonia", xrays, SPEC, data.labels, which, seed=5, validation_fraction=0.3, quiet=True
    )
    expected = data.train if which == "train" else data.validation
    assert split.names == expected.names
    np.testing.assert_array_equal(split.inputs, expected.inputs)
    assert skipped == ()


def test_evaluation_can_read_all_with_the_models_label_order(xrays: Path):
    split, _ = load_split(
        "pneumonia", xrays, SPEC, ("PNEUMONIA", "NORMAL"), "all", seed=0, validation_fraction=0.15, quiet=True
    )
    assert np.bincount(split.labels).tolist() == [30, 20]


def test_a_label_the_model_does_not_know_is_an_error(tmp_path: Path):
    lines = [json.dumps({"topic": topic, "title": f"News of {topic}"}) for topic in ("earn", "acq", "tin")]
    (tmp_path / "news.jsonl").write_text("\n".join(lines))
    with pytest.raises(DatasetError, match="the label 'tin'"):
        load_split(
            "topic",
            tmp_path,
            TextSpec(),
            ("earn", "acq"),
            "all",
            seed=0,
            validation_fraction=0.15,
            quiet=True,
        )


def test_an_unknown_task_is_an_error_that_names_it(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="weather"):
        load_dataset("weather", tmp_path, SPEC, seed=0)
