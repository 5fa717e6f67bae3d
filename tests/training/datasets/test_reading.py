from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.inputs.spec import DigitSpec, ImageSpec, TextSpec
from training.datasets.base import DatasetError, Example
from training.datasets.reading import read_examples

LABELS = ("cat", "dog")
SPEC = ImageSpec(mode="RGB", height=20, width=24)


def examples_of(folder: Path, draw, count: int = 6) -> list[Example]:
    return [
        Example(f"{number}.png", LABELS[number % 2], str(number), draw(folder / f"{number}.png", number))
        for number in range(count)
    ]


def test_pictures_come_back_in_order_with_their_labels_and_names(tmp_path: Path, draw):
    examples = examples_of(tmp_path, draw)
    split, skipped = read_examples(examples, LABELS, SPEC, progress=False)
    assert split.inputs.shape == (6, 20, 24, 3)
    assert split.inputs.dtype == np.uint8
    assert split.labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert split.labels.dtype == np.int64
    assert split.names == tuple(f"{number}.png" for number in range(6))
    assert skipped == ()
    for example, pixels in zip(examples, split.inputs, strict=True):
        resized = Image.open(example.payload).resize((24, 20), Image.Resampling.BILINEAR)
        np.testing.assert_allclose(pixels.astype(int), np.asarray(resized).astype(int), atol=2)


def test_greyscale_models_get_one_channel(tmp_path: Path, draw):
    split, _ = read_examples(
        examples_of(tmp_path, draw), LABELS, ImageSpec(mode="L", height=8, width=8), progress=False
    )
    assert split.inputs.shape == (6, 8, 8, 1)


def test_broken_pictures_are_skipped_by_name_and_the_others_close_ranks(tmp_path: Path, draw):
    examples = examples_of(tmp_path, draw)
    whole, _ = read_examples(examples, LABELS, SPEC, progress=False)
    for number, data in ((0, b""), (3, b"not a picture"), (4, (tmp_path / "4.png").read_bytes()[:60])):
        (tmp_path / f"{number}.png").write_bytes(data)
    (tmp_path / "1.png").unlink()
    split, skipped = read_examples(examples, LABELS, SPEC, progress=False)
    assert [skip.name for skip in skipped] == ["0.png", "1.png", "3.png", "4.png"]
    assert all(skip.reason for skip in skipped)
    assert skipped[1].reason == "No such file or directory"
    assert split.names == ("2.png", "5.png")
    assert split.labels.tolist() == [0, 1]
    np.testing.assert_array_equal(split.inputs, whole.inputs[[2, 5]])


def test_a_class_of_broken_pictures_alone_is_an_error_that_names_one(tmp_path: Path, draw):
    examples = examples_of(tmp_path, draw)
    for number in (1, 3, 5):
        (tmp_path / f"{number}.png").write_bytes(b"not a picture")
    with pytest.raises(DatasetError, match=r"no example of dog can be read; the first, 1\.png: "):
        read_examples(examples, LABELS, SPEC, progress=False)


def test_an_unknown_label_is_an_error_that_names_it(tmp_path: Path, draw):
    bird = Example("bird.png", "bird", "bird", draw(tmp_path / "bird.png"))
    with pytest.raises(DatasetError, match=r"the label 'bird' \(bird\.png\).* cat, dog"):
        read_examples([bird], LABELS, SPEC, progress=False)


def test_labels_index_the_models_order():
    examples = [Example(label, label, label, label) for label in ("cat", "dog")]
    split, _ = read_examples(examples, ("dog", "cat"), TextSpec(), progress=False)
    assert split.labels.tolist() == [1, 0]


def test_texts_are_cleaned_and_empty_ones_skipped():
    texts = ["Wheat rose.\n Reuter", " \n", "Gold fell."]
    examples = [Example(str(number), "cat", str(number), text) for number, text in enumerate(texts)]
    split, skipped = read_examples(examples, LABELS, TextSpec(), progress=False)
    assert split.inputs.dtype == object
    assert split.names == ("0", "2")
    assert str(split.inputs[0]).split() == ["Wheat", "rose.", "Reuter"]
    assert [skip.name for skip in skipped] == ["1"]


def bar(left: int) -> np.ndarray:
    pixels = np.zeros((28, 28), np.uint8)
    pixels[6:22, left : left + 4] = 255
    return pixels


def test_digits_are_brought_into_normal_form():
    examples = [Example(str(left), "cat", str(left), bar(left)) for left in (2, 20)]
    split, _ = read_examples(examples, LABELS, DigitSpec(), progress=False)
    assert split.inputs.shape == (2, 28, 28, 1)
    np.testing.assert_array_equal(split.inputs[0], split.inputs[1])


def test_digits_can_be_read_as_pictures():
    split, _ = read_examples(
        [Example("1", "cat", "1", bar(4))], LABELS, ImageSpec(mode="L", height=28, width=28), progress=False
    )
    np.testing.assert_array_equal(split.inputs[0, :, :, 0], bar(4))


def test_a_model_of_another_kind_of_input_is_refused():
    with pytest.raises(TypeError, match="a model of image input cannot read str"):
        read_examples([Example("1", "cat", "1", "a text")], LABELS, SPEC, progress=False)


def test_progress_is_drawn_on_standard_error_and_can_be_off(tmp_path: Path, draw, capsys):
    examples = examples_of(tmp_path, draw, 2)
    read_examples(examples, LABELS, SPEC, progress=False)
    assert capsys.readouterr() == ("", "")
    read_examples(examples, LABELS, SPEC, progress=True)
    drawn = capsys.readouterr()
    assert drawn.out == ""
    assert "Reading" in drawn.err
