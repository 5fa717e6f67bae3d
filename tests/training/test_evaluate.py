"""A model folder is measured through its own graph and rules; `quartet evaluate` prints what was found."""

import json
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from app.inputs.spec import TextSpec
from app.serving.errors import ArtifactError
from app.serving.manifest import Estimate, Manifest, SplitMetrics
from helpers.brightness import ANY, SIDE, export, export_brightness
from training.datasets.base import Split
from training.evaluate import Evaluation, evaluate_artifact
from training.report.tables import evaluation_as_json, print_evaluation


def brightness_split(levels, labels):
    inputs = np.stack([np.full((SIDE, SIDE, 1), level, np.uint8) for level in levels])
    names = tuple(f"picture {i}" for i in range(len(labels)))
    return Split(inputs, np.array(labels), names, names)


LEVELS = (20, 60, 110, 140, 200, 250)
LABELS = (0, 0, 1, 0, 1, 1)


def test_answers_are_those_of_the_saved_graph(tmp_path):
    folder = export_brightness(tmp_path)
    evaluation = evaluate_artifact(folder, brightness_split(LEVELS, LABELS), split_name="validation", quiet=True)
    np.testing.assert_array_equal(evaluation.confusion, [[2, 1], [1, 2]])
    values = evaluation.metrics.values
    assert (evaluation.metrics.split, evaluation.metrics.examples) == ("validation", 6)
    assert values["accuracy"].value == pytest.approx(4 / 6)
    assert values["auc"].value == pytest.approx(8 / 9)
    of_true = [level / 255 if label else 1 - level / 255 for level, label in zip(LEVELS, LABELS, strict=True)]
    assert values["nll"].value == pytest.approx(-np.log(of_true).mean(), abs=1e-5)


def test_the_operating_point_decides_as_it_does_in_an_answer(tmp_path):
    folder = export_brightness(tmp_path, threshold=0.2)
    evaluation = evaluate_artifact(folder, brightness_split(LEVELS, LABELS), split_name="validation", quiet=True)
    np.testing.assert_array_equal(evaluation.confusion, [[1, 2], [0, 3]])
    assert evaluation.metrics.values["recall/dog"].value == 1


def test_inputs_unlike_the_training_data_are_counted(tmp_path):
    folder = export_brightness(tmp_path)
    split = brightness_split(LEVELS, LABELS)
    split.inputs[:3, :, ::2] = 0
    split.inputs[:3, :, 1::2] = 255
    evaluation = evaluate_artifact(folder, split, split_name="validation", quiet=True)
    assert evaluation.in_distribution.value == 0.5
    assert 0 <= evaluation.in_distribution.low < 0.5 < evaluation.in_distribution.high <= 1


def test_more_examples_than_one_batch_keep_their_order(tmp_path):
    levels = np.random.default_rng(0).integers(0, 256, 150)
    labels = (levels >= 128).astype(np.int64)
    folder = export_brightness(tmp_path)
    evaluation = evaluate_artifact(folder, brightness_split(levels, labels), split_name="all", quiet=True)
    assert evaluation.metrics.values["accuracy"].value == 1


def test_texts_are_answered_too(tmp_path):
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def serve(inputs):
        is_oil = tf.cast(tf.strings.regex_full_match(inputs, ".*öl.*"), tf.float32)
        return {"probabilities": tf.stack([1 - is_oil, is_oil], axis=1), "ood_score": is_oil * 0}

    texts = np.array(["Rohöl steigt", "wheat falls", "öl", "gold"], object)
    folder = export(tmp_path, "topic", serve, TextSpec(), ("other", "crude"), texts)
    split = Split(texts, np.array([1, 0, 1, 0]), tuple("abcd"), tuple("abcd"))
    evaluation = evaluate_artifact(folder, split, split_name="all", quiet=True)
    assert evaluation.metrics.values["accuracy"].value == 1


def test_a_tampered_folder_is_not_evaluated(tmp_path):
    folder = export_brightness(tmp_path)
    with (folder / "saved_model.pb").open("ab") as graph:
        graph.write(b"\0")
    with pytest.raises(ArtifactError, match="sha256"):
        evaluate_artifact(folder, brightness_split(LEVELS, LABELS), split_name="all", quiet=True)


def test_an_empty_split_is_refused(tmp_path):
    split = Split(np.empty((0, SIDE, SIDE, 1), np.uint8), np.empty(0, np.int64), (), ())
    with pytest.raises(ValueError, match="no example"):
        evaluate_artifact(export_brightness(tmp_path), split, split_name="all", quiet=True)


def printed(evaluation):
    console = Console(file=StringIO(), width=140)
    print_evaluation(evaluation, console)
    return console.file.getvalue()


def made_up(confusion, labels):
    values = {"accuracy": Estimate(value=0.9, low=0.85, high=0.95)}
    values |= {f"recall/{label}": ANY for label in labels}
    values |= {f"precision/{label}": ANY for label in labels[1:]}
    manifest = Manifest.model_construct(
        task="topic", version=2, recipe="topic/linear", labels=labels, operating_point=None
    )
    metrics = SplitMetrics(split="validation", examples=int(confusion.sum()), values=values)
    return Evaluation(manifest, metrics, confusion, ANY)


def test_few_labels_are_printed_with_the_whole_matrix():
    text = printed(made_up(np.array([[1234, 5, 0], [6, 78, 9], [0, 11, 3]]), ("a", "[b]", "c")))
    rows = [line.split() for line in text.splitlines()]
    assert ["accuracy", "0.9000", "0.8500", "to", "0.9500"] in rows
    assert ["a", "1,239", "-", "-", "0.500", "0.400", "to", "0.600"] in rows
    assert ["a", "1,234", "5", "0"] in rows
    assert ["[b]", "6", "78", "9"] in rows
    assert "News topic, version 2 (topic/linear), on validation: 1,346 examples." in text


def test_of_many_labels_the_largest_confusions_are_listed_largest_first():
    labels = tuple(f"label{i}" for i in range(46))
    confusion = np.eye(46, dtype=np.int64) * 10
    confusion[3, 7], confusion[9, 2] = 4, 6
    rows = [line.split() for line in printed(made_up(confusion, labels)).splitlines()]
    first, second = (
        rows.index(row) for row in (["label9", "label2", "6", "37.5%"], ["label3", "label7", "4", "28.6%"])
    )
    assert first < second
    assert sum(row[:1] == ["label9"] for row in rows) == 2
    assert ["label45", "10", "0.500", "0.400", "to", "0.600", "0.500", "0.400", "to", "0.600"] in rows


def test_json_has_every_figure():
    evaluation = made_up(np.array([[3, 1], [0, 4]]), ("a", "b"))
    document = json.loads(evaluation_as_json(evaluation))
    assert document["confusion"] == [[3, 1], [0, 4]]
    assert document["figures"]["accuracy"] == {"value": 0.9, "low": 0.85, "high": 0.95}
    assert document["in_distribution"]["value"] == 0.5
    assert (document["task"], document["version"], document["examples"]) == ("topic", 2, 8)
    assert document["threshold"] is None
