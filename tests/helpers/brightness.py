"""A model that calls a bright picture a dog, released like a real one, to be measured."""

from datetime import UTC, datetime

import numpy as np

from app.inputs.spec import ImageSpec
from app.serving.artifact import GOLDEN_FILE, MANIFEST_FILE, checksums
from app.serving.golden import Golden, save_golden
from app.serving.manifest import DatasetInfo, Estimate, Manifest, OodRule, OperatingPoint
from app.serving.tensorflow_engine import TensorFlowEngine

SIDE = 8
ANY = Estimate(value=0.5, low=0.4, high=0.6)


def export(models, task, serve, spec, labels, golden_inputs, *, threshold=None, digest="0" * 64, version=1):
    """Export a model as a verified folder, without training one."""
    import tensorflow as tf

    folder = models / task / str(version)
    module = tf.Module()
    module.serve = serve
    tf.saved_model.save(module, str(folder), signatures={"serving_default": serve})
    outputs = TensorFlowEngine(folder).run(golden_inputs)
    save_golden(folder / GOLDEN_FILE, Golden(golden_inputs, outputs.probabilities, outputs.ood_score))
    point = threshold and OperatingPoint(
        positive=labels[1], threshold=threshold, chosen_by="hand", sensitivity=ANY, specificity=ANY
    )
    manifest = Manifest(
        task=task,
        version=version,
        created=datetime(2025, 1, 1, tzinfo=UTC),
        recipe=f"{task}/brightness",
        seed=3,
        command="none",
        libraries={},
        parameters=1,
        labels=labels,
        input=spec,
        temperature=1.0,
        operating_point=point,
        ood=OodRule(method="standard deviation", threshold=0.2, chosen_by="hand"),
        dataset=DatasetInfo(
            name="drawn",
            digest=digest,
            train=18,
            validation=6,
            validation_fraction=0.25,
            grouped_by=None,
            skipped=0,
        ),
        metrics=(),
        files=checksums(folder),
    )
    (folder / MANIFEST_FILE).write_text(manifest.model_dump_json())
    return folder


def export_brightness(models, **options):
    """A model whose probability of the second label is the mean brightness, and whose score is its spread."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None, SIDE, SIDE, 1], tf.uint8, name="inputs")])
    def serve(inputs):
        light = tf.cast(inputs, tf.float32) / 255
        mean = tf.reduce_mean(light, [1, 2, 3])
        return {
            "probabilities": tf.stack([1 - mean, mean], axis=1),
            "ood_score": tf.math.reduce_std(light, [1, 2, 3]),
        }

    golden = np.stack([np.full((SIDE, SIDE, 1), level, np.uint8) for level in (10, 100, 240)])
    spec = ImageSpec(mode="L", height=SIDE, width=SIDE)
    return export(models, "catdog", serve, spec, ("cat", "dog"), golden, **options)
