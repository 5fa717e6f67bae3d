from pathlib import Path

import pytest

from training.datasets.base import DatasetError
from training.datasets.cats_dogs import discover

LAYOUTS = {
    "kaggle, flat": ("train/cat.0.jpg", "train/dog.0.jpg"),
    "kaggle, below its own name": ("dogs-vs-cats/train/cat.0.jpg", "dogs-vs-cats/train/dog.0.jpg"),
    "kaggle, by class": ("train/cat/cat.7.jpg", "train/dog/dog.7.jpg"),
    "plural folders": ("cats/1.png", "dogs/1.png"),
    "PetImages": ("Cat/0.jpg", "Dog/0.jpg"),
    "PetImages, below its own name": ("PetImages/Cat/0.jpg", "PetImages/Dog/0.jpg"),
    "Oxford": ("images/Abyssinian_1.jpg", "images/american_pit_bull_terrier_12.jpg"),
    "Oxford, the folder of pictures itself": ("British_Shorthair_3.jpg", "pug_44.jpg"),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_every_published_layout_is_read(tmp_path: Path, draw, layout: tuple[str, str]):
    for seed, name in enumerate(layout):
        draw(tmp_path / name, seed)
    source = discover(tmp_path)
    assert source.labels == ("cat", "dog")
    assert {example.label: Path(example.name).name for example in source.examples} == {
        "cat": Path(layout[0]).name,
        "dog": Path(layout[1]).name,
    }


def test_files_that_are_no_pictures_are_ignored(tmp_path: Path, draw):
    draw(tmp_path / "images/Bengal_1.jpg", 1)
    draw(tmp_path / "images/beagle_1.jpg", 2)
    for junk in ("Abyssinian_100.mat", "Thumbs.db", ".DS_Store", "._Bengal_1.jpg"):
        (tmp_path / "images" / junk).write_bytes(b"junk")
    assert len(discover(tmp_path).examples) == 2


def test_a_camera_file_name_is_not_taken_for_a_breed(tmp_path: Path, draw):
    for seed, name in enumerate(("IMG_1.jpg", "photo_2.jpg", "Bengal_1.jpg", "beagle_1.jpg")):
        draw(tmp_path / name, seed)
    assert [example.name for example in discover(tmp_path).examples] == ["Bengal_1.jpg", "beagle_1.jpg"]


def test_the_unlabelled_test_pictures_of_kaggle_are_not_read(tmp_path: Path, draw):
    for seed, name in enumerate(("train/cat.0.jpg", "train/dog.0.jpg", "test1/1.jpg")):
        draw(tmp_path / name, seed)
    assert len(discover(tmp_path).examples) == 2
    with pytest.raises(DatasetError, match=r"it has 1\.jpg"):
        discover(tmp_path / "test1")


def test_exact_copies_share_a_group(tmp_path: Path, draw):
    for seed, name in enumerate(("cat.0.jpg", "cat.1.jpg", "dog.0.jpg")):
        draw(tmp_path / name, seed)
    (tmp_path / "dog.9.jpg").write_bytes((tmp_path / "cat.1.jpg").read_bytes())
    group = {example.name: example.group for example in discover(tmp_path).examples}
    assert group["dog.9.jpg"] == group["cat.1.jpg"]
    assert len(set(group.values())) == 3


def test_without_a_path_the_error_has_the_commands_to_get_the_data():
    with pytest.raises(DatasetError) as caught:
        discover(None)
    commands = str(caught.value)
    assert "kaggle competitions download -c dogs-vs-cats -p DIR" in commands
    assert "unzip" in commands
    assert "quartet train catdog --data DIR/dogs-vs-cats" in commands


@pytest.mark.parametrize(
    ("present", "message"),
    [((), "it is empty"), (("cat/1.jpg",), "1 of cat, 0 of dog"), (("birds/1.jpg",), "it has birds/")],
)
def test_a_folder_that_cannot_be_trained_on_is_an_error(tmp_path: Path, draw, present, message: str):
    for name in present:
        draw(tmp_path / name)
    with pytest.raises(DatasetError, match=rf"{message}(.|\n)*Expected:\ntrain/"):
        discover(tmp_path)


def test_a_missing_path_is_an_error(tmp_path: Path):
    with pytest.raises(DatasetError, match="nothing at"):
        discover(tmp_path / "nowhere")
