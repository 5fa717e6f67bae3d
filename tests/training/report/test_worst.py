"""The worst errors: the surest wrong answers, each with what it was taken from."""

from dataclasses import dataclass

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from app.inputs.spec import ImageSpec
from training.datasets.base import Dataset, Split
from training.network import Forward, ImageNetwork
from training.report.canvas import ORANGE
from training.report.worst import Answers, evidence_for, worst_rows, write_worst
from training.serving_module import ServingModule

PROBABILITIES = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.1, 0.9], [0.7, 0.3], [0.55, 0.45]], np.float32)
LABELS = np.array([0, 0, 1, 0, 0, 1], np.int64)
DECISIONS = np.array([0, 1, 0, 1, 0, 1], np.int64)
ANSWERS = Answers(PROBABILITIES, DECISIONS, 2.0)


@dataclass(frozen=True)
class Named:
    task: str
    name: str = "tiny"


class Pictures:
    """Evidence that lies in the top left cell, for the second of two labels."""

    parameters = 1
    heatmaps = tf.constant([[4.0, 0.0], [0.0, 0.0]])

    def __call__(self, inputs):
        maps = tf.repeat(self.heatmaps[None, :, :, None], len(inputs), 0)
        return Forward(None, None, tf.concat([tf.zeros_like(maps), maps], -1))


class Blind:
    """A network without heat maps."""

    parameters = 1

    def __call__(self, inputs):
        return Forward(None, None, None)


class Words:
    """A network whose answers rest on the words "oil" and "gas", and not on "said"."""

    parameters = 1

    def __call__(self, inputs):
        return Forward(None, None)

    def word_evidence(self, inputs):
        count = len(inputs)
        return tf.constant([["said", "oil", "gas", ""]] * count), tf.constant([[-1.0, 0.5, 2.0, 0.0]] * count)


def dataset(inputs, labels=LABELS):
    names = tuple(f"train/example-{row}" for row in range(len(labels)))
    split = Split(inputs, labels, names, names)
    return Dataset("drawn", ("cat", "dog"), None, "0" * 64, split, split, 0.5, ())


def grey(*size):
    return np.full((len(LABELS), *size), 128, np.uint8)


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"), np.int16)


def test_the_surest_wrong_answers_come_first():
    assert worst_rows(ANSWERS, LABELS, 24).tolist() == [3, 1, 2]
    assert worst_rows(ANSWERS, LABELS, 2).tolist() == [3, 1]


def test_an_answer_below_one_half_ranks_by_the_probability_it_was_given():
    answers = Answers(np.array([[0.7, 0.3], [0.6, 0.4]], np.float32), np.array([1, 1]), 1.0)
    assert worst_rows(answers, np.array([0, 0]), 24).tolist() == [1, 0]


def test_the_evidence_is_what_the_exported_graph_explains_its_answer_with():
    keras.utils.set_random_seed(1)
    trunk = keras.Sequential([keras.Input((16, 16, 1)), keras.layers.Conv2D(5, 3, strides=4, activation="relu")])
    network = ImageNetwork(trunk, keras.layers.Dense(3))
    pictures = np.random.default_rng(0).integers(0, 256, (6, 16, 16, 1), np.uint8)
    module = ServingModule(
        network, lambda inputs, features: features[:, 0], 2.5, ImageSpec(mode="L", height=16, width=16)
    )
    likeliest = module.predict(pictures)["probabilities"].numpy().argmax(1)
    expected = module.explain_picture(pictures)["heatmap"]
    np.testing.assert_allclose(evidence_for(network, pictures, likeliest, 2.5), expected, rtol=1e-4, atol=1e-4)
    summed = sum(evidence_for(network, pictures, np.full(6, label), 2.5) for label in range(3))
    np.testing.assert_allclose(summed, 0, atol=1e-3)


def test_without_an_error_the_sheet_says_so(tmp_path):
    answers = Answers(PROBABILITIES, LABELS, 1.0)
    path = write_worst(tmp_path, Named("catdog"), dataset(grey(8, 8, 3)), Pictures(), answers)
    assert pixels(path).shape[0] < 150
    texts = np.array(["a"] * len(LABELS), object)
    page = write_worst(tmp_path, Named("topic"), dataset(texts), Words(), answers).read_text()
    assert page == "# Worst errors of topic/tiny on validation\n\nAll 6 examples are answered right.\n"


@pytest.mark.parametrize("channels", [1, 3])
def test_a_heat_map_lies_beside_its_picture(tmp_path, channels):
    folder = tmp_path / "run"
    folder.mkdir()
    path = write_worst(folder, Named("pneumonia"), dataset(grey(64, 64, channels)), Pictures(), ANSWERS)
    assert path == folder / "worst-errors.png"
    sheet = pixels(path)
    plain = (sheet == 128).all(-1)
    assert plain.sum() > 3 * 200 * 200
    red = (sheet[..., 0] > sheet[..., 2] + 60) & ~plain
    blue = (sheet[..., 2] > sheet[..., 0] + 60) & ~plain
    # Rows 3 and 1 are answered "dog", which the top left speaks for; row 2 "cat", which it speaks against.
    thirds = np.array_split(np.arange(sheet.shape[1] * 3 // 4), 3)
    pictures = slice(95, 320)
    assert [red[pictures, third].sum() > 1000 for third in thirds] == [True, True, False]
    assert [blue[pictures, third].sum() > 1000 for third in thirds] == [False, False, True]


def test_a_network_without_heat_maps_has_its_pictures_alone(tmp_path):
    sheet = pixels(write_worst(tmp_path, Named("digit"), dataset(grey(28, 28, 1)), Blind(), ANSWERS))
    saturated = sheet.max(-1) - sheet.min(-1) > 60
    orange = np.abs(sheet - np.array([int(ORANGE[i : i + 2], 16) for i in (1, 3, 5)])).max(-1) < 70
    assert (sheet == 128).all(-1).sum() > 3 * 200 * 200
    assert not (saturated & ~orange)[95:315].any()


def test_a_name_with_any_signs_is_written(tmp_path):
    data = dataset(grey(8, 8, 1))
    odd = Split(data.validation.inputs, LABELS, ("$x_$", "\u732b.png", "a" * 200, "\n", "{}", "%"), ("",) * 6)
    data = Dataset("drawn", ("$cat", "dog_"), None, "0" * 64, odd, odd, 0.5, ())
    assert write_worst(tmp_path, Named("digit"), data, Blind(), ANSWERS).stat().st_size > 1000


def test_a_sheet_shows_at_most_24_errors_of_all_it_counts(tmp_path):
    labels = np.zeros(40, np.int64)
    answers = Answers(np.tile(np.array([[0.1, 0.9]], np.float32), (40, 1)), np.ones(40, np.int64), 1.0)
    texts = np.array([f"text number {row}" for row in range(40)], object)
    page = write_worst(tmp_path, Named("topic"), dataset(texts, labels), Words(), answers).read_text()
    assert "40 of 40 examples are answered wrong. These are the 24 whose" in page
    assert page.count("## ") == 24


def test_a_page_of_texts_has_their_openings_as_they_are_and_the_words_behind_the_answers(tmp_path):
    texts = np.array(["*TITLE* <b>\nfirst line\n\n" + "word " * 400] * len(LABELS), object)
    path = write_worst(tmp_path, Named("topic"), dataset(texts), Words(), ANSWERS)
    assert path.name == "worst-errors.md"
    page = path.read_text()
    assert "3 of 6 examples are answered wrong. They are in order" in page
    first = page.split("## ")[1]
    assert first.startswith(
        "1. `cat` answered `dog`, 90.0%\n\nExample `train/example-3`. For the answer speak: `gas`, `oil`."
    )
    assert "\n\n    *TITLE* <b>\n    first line\n    word word" in first
    assert first.rstrip().endswith("word word ...")
    assert len(first) < 1200
