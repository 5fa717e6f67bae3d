"""Model folders whose answers can be worked out by hand, made in a second and served like real ones."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from app.inputs.spec import DigitSpec, ImageSpec, InputSpec, TextSpec
from app.serving.artifact import GOLDEN_FILE, MANIFEST_FILE, checksums
from app.serving.engine import Batch
from app.serving.golden import Golden, save_golden
from app.serving.manifest import (
    DatasetInfo,
    Estimate,
    Manifest,
    OodRule,
    OperatingPoint,
    SplitMetrics,
)
from app.serving.tensorflow_engine import TensorFlowEngine
from app.tasks import TASKS

TOPICS = tuple(f"topic-{number:02}" for number in range(46))
LABELS = {task.name: tuple(label for label, _ in task.example) for task in TASKS} | {"topic": TOPICS}
SPECS: dict[str, InputSpec] = {
    **{task.name: ImageSpec(mode="L", height=16, width=16) for task in TASKS},
    "topic": TextSpec(),
    "digit": DigitSpec(),
    "catdog": ImageSpec(mode="RGB", height=16, width=16),
}
OOD_THRESHOLD = 2.0
CARD = "# A tiny model\n\n![](plots/roc.png)\n"


def topic_of(text: str) -> str:
    """The topic that the tiny model gives a text: its length tells."""
    return TOPICS[len(text) % len(TOPICS)]


def pneumonia_probability(grey: int) -> float:
    """The probability that the tiny model gives an evenly grey picture: its brightness."""
    return grey / 255


def cat_probability(red: int, blue: int) -> float:
    """The probability that the tiny model gives a picture of one colour: redder is more of a cat."""
    return 1 / (1 + math.exp(-8 * (red - blue) / 255))


class _Topic(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def serve(self, inputs: Any) -> dict[str, Any]:
        hot = tf.one_hot(tf.strings.length(inputs, "UTF8_CHAR") % len(TOPICS), len(TOPICS))
        questions = tf.strings.length(inputs) - tf.strings.length(tf.strings.regex_replace(inputs, r"\?", ""))
        return {"probabilities": tf.nn.softmax(hot * 6), "ood_score": tf.cast(questions, tf.float32)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def explain(self, inputs: Any) -> dict[str, Any]:
        """A word adds its length less 3.5: longer ones speak for the answer, shorter ones against it."""
        words = tf.strings.split(tf.strings.lower(inputs, "utf-8")).to_tensor("")
        lengths = tf.cast(tf.strings.length(words, "UTF8_CHAR"), tf.float32)
        return {"words": words, "evidence": tf.where(lengths > 0, lengths - 3.5, 0.0)}


class _Picture(tf.Module):
    def __init__(self, task: str) -> None:
        super().__init__()
        spec = SPECS[task]
        self.task = task
        self.spec = tf.TensorSpec([None, spec.height, spec.width, spec.channels], tf.uint8, name="inputs")
        # A variable, so that the folder has variable files as a trained model's has.
        self.scale = tf.Variable(1 / 255)

    def serve(self, inputs: Any) -> dict[str, Any]:
        pixels = tf.cast(inputs, tf.float32) * self.scale
        roughness = tf.reduce_mean(tf.abs(pixels[:, 1:] - pixels[:, :-1]), [1, 2, 3])
        return {"probabilities": self._probabilities(pixels), "ood_score": roughness * 10}

    def explain(self, inputs: Any) -> dict[str, Any]:
        return {"heatmap": tf.reduce_mean(tf.cast(inputs, tf.float32) * self.scale, -1)}

    def _probabilities(self, pixels: Any) -> Any:
        if self.task == "digit":
            ink = tf.cast(tf.reduce_sum(pixels, [1, 2, 3]) / 20, tf.int32)
            return tf.nn.softmax(tf.one_hot(ink % 10, 10) * 5)
        if self.task == "catdog":
            cat = tf.sigmoid(8 * tf.reduce_mean(pixels[..., 0] - pixels[..., 2], [1, 2]))
            return tf.stack([cat, 1 - cat], -1)
        brightness = tf.reduce_mean(pixels, [1, 2, 3])
        if self.task == "pneumonia":
            return tf.stack([1 - brightness, brightness], -1)
        labels = len(LABELS[self.task])
        return tf.nn.softmax(tf.one_hot(tf.cast(brightness * labels, tf.int32), labels) * 5)


def write_models(root: Path) -> None:
    """Write version 1 of every task's model under `root`."""
    for task in LABELS:
        write_model(root, task, 1)


def write_model(root: Path, task: str, version: int) -> Path:
    """Write one model folder and return it."""
    folder = root / task / str(version)
    _save_graph(folder, task)
    (folder / "MODEL_CARD.md").write_text(CARD)
    (folder / "plots").mkdir()
    (folder / "plots" / "roc.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    inputs = golden_inputs(task)
    outputs = TensorFlowEngine(folder).run(inputs)
    save_golden(folder / GOLDEN_FILE, Golden(inputs, outputs.probabilities, outputs.ood_score))
    write_manifest(folder)
    return folder


def write_manifest(folder: Path, **changes: Any) -> None:
    """Write a folder's manifest as it now is, so that its checksums hold, with some fields changed."""
    task, version = folder.parent.name, int(folder.name)
    figure = Estimate(value=0.9, low=0.8, high=0.95)
    point = OperatingPoint(
        positive="PNEUMONIA", threshold=0.5, chosen_by="drawn", sensitivity=figure, specificity=figure
    )
    manifest = Manifest(
        task=task,
        version=version,
        created=datetime(2025, 1, 1, tzinfo=UTC),
        recipe="tiny",
        seed=0,
        command=f"quartet train {task}",
        libraries={"tensorflow": tf.__version__},
        parameters=1,
        labels=LABELS[task],
        input=SPECS[task],
        temperature=1.0,
        operating_point=point if task == "pneumonia" else None,
        ood=OodRule(method="roughness", threshold=OOD_THRESHOLD, chosen_by="drawn"),
        dataset=DatasetInfo(
            name="drawn",
            digest="0" * 64,
            train=10,
            validation=5,
            validation_fraction=0.33,
            grouped_by=None,
            skipped=0,
        ),
        metrics=(SplitMetrics(split="validation", examples=5, values={"accuracy": figure}),),
        files=checksums(folder),
    )
    content = manifest.model_dump(mode="json") | changes
    (folder / MANIFEST_FILE).write_text(json.dumps(content))


def golden_inputs(task: str) -> Batch:
    """Return three inputs that a task's model tells apart."""
    if task == "topic":
        return np.array(["oil", "wheat harvest", "a lead mine?"], dtype=object)
    spec = SPECS[task]
    levels = np.array([20, 120, 240], np.uint8)
    pictures = np.zeros((3, spec.height, spec.width, spec.channels), np.uint8)
    pictures[..., 0] = levels[:, None, None]
    return pictures


def _save_graph(folder: Path, task: str) -> None:
    if task == "topic":
        topic = _Topic()
        tf.saved_model.save(topic, str(folder), signatures={"serving_default": topic.serve, "explain": topic.explain})
        return
    picture = _Picture(task)
    signatures = {"serving_default": tf.function(picture.serve, input_signature=[picture.spec])}
    if task != "digit":
        signatures["explain"] = tf.function(picture.explain, input_signature=[picture.spec])
    tf.saved_model.save(picture, str(folder), signatures=signatures)
