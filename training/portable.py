"""Writes, beside a SavedModel, the arrays from which the service answers without running its graph."""

from pathlib import Path

import numpy as np

from app.serving.linear_text import LinearText, save_linear_text
from training.serving_module import ServingModule
from training.text import UnknownWordScorer, words
from training.topic_networks import TfidfNetwork


def save_portable(module: ServingModule, folder: Path) -> bool:
    """Write them if the module is of a kind that has such a form; return whether it has.

    The SavedModel must lie in the folder already: its assets hold the vocabularies.
    """
    network, scorer = module.network, module.scorer
    if not isinstance(network, TfidfNetwork) or not isinstance(scorer, UnknownWordScorer):
        return False
    if scorer.tokenise is not words:
        return False
    save_linear_text(
        folder,
        LinearText(
            features=network.vocabulary.entries,
            words=scorer.vocabulary.entries,
            openings=network.openings,
            idf=np.asarray(network.idf),
            weights=network.weights.numpy(),
            bias=network.bias.numpy(),
            slope=network.sigmoid.slope,
            offset=network.sigmoid.offset,
            temperature=module.temperature,
            unknown_share=scorer.rate.share,
            unknown_weight=scorer.rate.weight,
        ),
    )
    return True
