"""A small linear text model, as a graph and as arrays, in a folder that training's own code writes."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from app.inputs.spec import TextSpec
from training.calibrate import Sigmoid
from training.portable import save_portable
from training.serving_module import ServingModule
from training.text import UnknownRate, UnknownWordScorer, Vocabulary, words
from training.topic_networks import TfidfNetwork

VOCABULARY = ("oil", "opec's", "prices", "rose", "1987", "öl", "2^oil", "2^prices", "5^rose", "up")
KNOWN = ("oil", "opec's", "prices", "rose", "1987", "öl", "the", "of")


def write_linear_text(folder: Path, assets: Path) -> ServingModule:
    """Write the SavedModel and the arrays into `folder`."""
    rng = np.random.default_rng(0)
    assets.mkdir()
    network = TfidfNetwork(
        Vocabulary(VOCABULARY, assets, "features"),
        (2, 5),
        rng.uniform(1, 5, len(VOCABULARY)),
        rng.normal(size=(len(VOCABULARY), 4)).astype(np.float32),
        rng.normal(size=4).astype(np.float32),
        Sigmoid(1.7, -0.4),
    )
    scorer = UnknownWordScorer(Vocabulary(KNOWN, assets, "words"), words, UnknownRate(0.07))
    module = ServingModule(network, scorer, 0.3, TextSpec())
    tf.saved_model.save(module, str(folder), signatures=module.signatures())
    assert save_portable(module, folder)
    return module
