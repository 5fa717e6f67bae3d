"""The comparison of scores: on features made up so that the outcome is known, and on a graph that tells its own."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from app.serving.artifact import open_artifact
from benchmarks.ood.methods import METHODS, Described, compare, energy
from benchmarks.ood.sets import png
from benchmarks.ood_methods import Describer, main, table
from helpers.drawn_data import draw_chest_xrays
from helpers.tiny_models import SPECS, write_manifest, write_model

PPCA, ENERGY, NEIGHBOUR = METHODS


def features_around(middle, count, seed, spread=0.1):
    rng = np.random.default_rng(seed)
    features = (np.array(middle) + rng.normal(0, spread, (count, len(middle)))).astype(np.float32)
    return Described(features, features[:, :2] * 10)


@pytest.fixture(scope="module")
def results():
    middle = [1.0, 0, 0, 0, 0, 0]
    own = {f"part {seed}": features_around(middle, 200, seed) for seed in (1, 2)}
    strange = {
        "another direction": features_around([0, 0, 1.0, 0, 0, 0], 100, 3),
        "the same direction, much longer": features_around([9.0, 0, 0, 0, 0, 0], 100, 4),
    }
    return {one.method: one for one in compare(features_around(middle, 400, 0), own, strange)}


def test_each_score_flags_what_it_can_see(results):
    assert results[PPCA].flagged == {"another direction": 1, "the same direction, much longer": 1}
    assert results[NEIGHBOUR].flagged["another direction"] == 1
    assert results[NEIGHBOUR].flagged["the same direction, much longer"] < 0.1


def test_energy_takes_large_logits_for_the_known(results):
    assert results[ENERGY].flagged["the same direction, much longer"] == 0


def test_energy_is_the_negative_log_sum_exp_even_of_large_logits():
    logits = np.array([[1.0, 2.0, 3.0], [1000.0, 1000.0, 0.0]], np.float32)
    expected = [-np.log(np.exp([1.0, 2.0, 3.0]).sum()), -(1000 + np.log(2))]
    np.testing.assert_allclose(energy(Described(logits, logits)), expected, rtol=1e-6)


def test_the_table_ends_with_each_scores_lowest_share(results):
    lines = table([results[PPCA], results[NEIGHBOUR]]).splitlines()
    assert lines[0] == f"| set | {PPCA} | {NEIGHBOUR} |"
    lowest = min(results[NEIGHBOUR].flagged.values())
    assert lines[-1] == f"| **lowest** | 1.000 | {lowest:.3f} |"
    assert len(lines) == 5


class _Telling(tf.Module):
    """A picture's means by rows as features, the first two as logits."""

    def describe(self, inputs):
        means = tf.reduce_mean(tf.cast(inputs, tf.float32), [2, 3]) / 255
        return {"features": means, "logits": means[:, :2]}

    def serve(self, inputs):
        means = self.describe(inputs)["features"]
        return {"probabilities": tf.nn.softmax(means[:, :2]), "ood_score": means[:, 0]}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Pneumonia's tiny model with the signature, cat and dog's without."""
    root = tmp_path_factory.mktemp("models")
    write_model(root, "catdog", 1)
    folder = write_model(root, "pneumonia", 1)
    spec = SPECS["pneumonia"]
    signature = [tf.TensorSpec([None, spec.height, spec.width, spec.channels], tf.uint8, name="inputs")]
    telling = _Telling()
    functions = {"serving_default": telling.serve, "features": telling.describe}
    tf.saved_model.save(
        telling, str(folder), {name: tf.function(one, input_signature=signature) for name, one in functions.items()}
    )
    write_manifest(folder)
    return root


def test_a_network_is_asked_for_the_features_of_what_can_be_read(models):
    describe = Describer(open_artifact(models / "pneumonia" / "1"))
    grey = [png(Image.new("L", (40, 30), level)) for level in (51, 204)]
    described = describe([grey[0], b"no picture", grey[1]])
    assert described is not None
    np.testing.assert_allclose(described.features, np.full((2, 16), [[0.2], [0.8]]), atol=1e-6)
    assert described.logits.shape == (2, 2)
    assert describe([b"no picture"]) is None


def test_the_command_compares_models_that_tell_their_features(models, tmp_path, capsys):
    draw_chest_xrays(tmp_path, each=8)
    main(["--data", str(tmp_path), "--models", str(models), "--limit", "2"])
    said = capsys.readouterr().out
    assert "## Pneumonia, version 1" in said
    assert "Cat or dog" not in said
    assert "| pages of text |" in said
