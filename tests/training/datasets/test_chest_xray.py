from pathlib import Path

import pytest

from training.datasets.base import DatasetError, Source
from training.datasets.chest_xray import discover


@pytest.fixture
def kaggle(tmp_path: Path, draw) -> Path:
    """The folder that `kaggle datasets download --unzip` fills, junk and second copy included."""
    root = tmp_path / "chest_xray"
    pictures = [
        "train/NORMAL/IM-0115-0001.jpeg",
        "train/NORMAL/IM-0117-0001-0001.jpeg",
        "train/NORMAL/NORMAL2-IM-0383-0001.jpeg",
        "train/PNEUMONIA/person1_bacteria_1.jpeg",
        "train/PNEUMONIA/person1_bacteria_2.jpeg",
        "train/PNEUMONIA/person2_virus_3.jpeg",
        "val/NORMAL/NORMAL2-IM-1427-0001.jpeg",
        "val/PNEUMONIA/person1946_bacteria_4874.jpeg",
        "test/NORMAL/IM-0001-0001.jpeg",
        "test/PNEUMONIA/person1_virus_6.jpeg",
    ]
    for seed, name in enumerate(pictures):
        draw(root / name, seed)
        draw(root / "chest_xray" / name, seed)
    (root / "train/NORMAL/.DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (root / "train/NORMAL/._IM-0115-0001.jpeg").write_bytes(b"\0\5\26\7")
    (root / "__MACOSX/train/NORMAL").mkdir(parents=True)
    return root


def names(source: Source) -> list[str]:
    return [example.name for example in source.examples]


def groups(source: Source) -> dict[str, str]:
    return {Path(example.name).name: example.group for example in source.examples}


def test_the_root_gives_train_and_val_and_never_test(kaggle: Path):
    source = discover(kaggle)
    assert source.labels == ("NORMAL", "PNEUMONIA")
    assert len(source.examples) == 8
    assert {name.split("/")[0] for name in names(source)} == {"train", "val"}


def test_the_folder_above_and_the_nested_copy_give_the_same_examples(kaggle: Path):
    assert names(discover(kaggle.parent)) == names(discover(kaggle)) == names(discover(kaggle / "chest_xray"))


def test_a_folder_of_classes_is_read_as_it_is(kaggle: Path):
    assert names(discover(kaggle / "test")) == ["NORMAL/IM-0001-0001.jpeg", "PNEUMONIA/person1_virus_6.jpeg"]


def test_names_do_not_tell_whether_the_root_or_train_was_given(kaggle: Path):
    for folder in (kaggle / "val").iterdir():
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    assert names(discover(kaggle)) == names(discover(kaggle / "train"))


def test_labels_are_the_folders(kaggle: Path):
    for example in discover(kaggle).examples:
        assert example.label in example.name.split("/")


def test_class_folders_may_be_lower_case(tmp_path: Path, draw):
    draw(tmp_path / "normal/a.png", 1)
    draw(tmp_path / "pneumonia/b.png", 2)
    assert [example.label for example in discover(tmp_path).examples] == ["NORMAL", "PNEUMONIA"]


def test_pictures_of_one_patient_share_a_group(kaggle: Path):
    group = groups(discover(kaggle))
    assert group["person1_bacteria_1.jpeg"] == group["person1_bacteria_2.jpeg"]
    assert group["person1_bacteria_1.jpeg"] != group["person2_virus_3.jpeg"]
    assert group["person1_bacteria_1.jpeg"] != group["person1946_bacteria_4874.jpeg"]


def test_pictures_of_one_study_share_a_group(tmp_path: Path, draw):
    draw(tmp_path / "PNEUMONIA/person1_virus_1.jpeg", 0)
    studies = (
        "IM-0666-0001.jpeg",
        "IM-0666-0001-0002.jpeg",
        "NORMAL2-IM-0666-0001.jpeg",
        "IM-0667-0001.jpeg",
    )
    for seed, name in enumerate(studies, start=1):
        draw(tmp_path / "NORMAL" / name, seed)
    group = groups(discover(tmp_path))
    assert len({group[name] for name in studies[:3]}) == 1
    assert group["IM-0667-0001.jpeg"] != group["IM-0666-0001.jpeg"]


def test_an_exact_copy_unites_the_groups_of_two_patients(kaggle: Path):
    copy = kaggle / "train/PNEUMONIA/person2_virus_99.jpeg"
    copy.write_bytes((kaggle / "train/PNEUMONIA/person1_bacteria_2.jpeg").read_bytes())
    group = groups(discover(kaggle))
    together = ("person1_bacteria_1.jpeg", "person2_virus_3.jpeg", "person2_virus_99.jpeg")
    assert len({group[name] for name in together}) == 1


def test_a_picture_of_unknown_name_is_its_own_group(tmp_path: Path, draw):
    for seed, name in enumerate(("NORMAL/1.png", "NORMAL/2.png", "PNEUMONIA/1.png")):
        draw(tmp_path / name, seed)
    assert len({example.group for example in discover(tmp_path).examples}) == 3


def test_without_a_path_the_error_has_the_commands_to_get_the_data():
    with pytest.raises(DatasetError) as caught:
        discover(None)
    commands = str(caught.value)
    assert "kaggle datasets download -d paultimothymooney/chest-xray-pneumonia --unzip -p DIR" in commands
    assert "quartet train pneumonia --data DIR/chest_xray" in commands


def test_a_missing_path_is_an_error_that_shows_the_layout(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"nothing at .*nowhere(.|\n)*NORMAL/IM-0115-0001\.jpeg"):
        discover(tmp_path / "nowhere")


def test_an_empty_folder_is_an_error_that_says_so(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"it is empty(.|\n)*Expected:\nchest_xray/"):
        discover(tmp_path)


def test_an_unknown_layout_is_an_error_that_lists_what_is_there(tmp_path: Path, draw):
    draw(tmp_path / "healthy/1.png")
    with pytest.raises(DatasetError, match=r"it has healthy/"):
        discover(tmp_path)


@pytest.mark.parametrize("empty_folder_too", [False, True])
def test_one_class_alone_is_an_error_that_counts(tmp_path: Path, draw, empty_folder_too: bool):
    draw(tmp_path / "train/NORMAL/1.png")
    if empty_folder_too:
        (tmp_path / "train/PNEUMONIA").mkdir()
    with pytest.raises(DatasetError, match="1 of NORMAL, 0 of PNEUMONIA"):
        discover(tmp_path)


def test_an_archive_is_an_error_that_says_to_unpack_it(tmp_path: Path):
    archive = tmp_path / "chest-xray-pneumonia.zip"
    archive.write_bytes(b"PK\3\4")
    with pytest.raises(DatasetError, match="unpack"):
        discover(archive)
