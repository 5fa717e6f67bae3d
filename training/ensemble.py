"""Several networks over the same pictures as one: their mean logits, one graph."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from training.network import Forward, ImageNetwork


class EnsembleNetwork(tf.Module):
    """The mean of its members' logits, their features side by side, and the mean of their heat maps.

    Averaging networks that err differently lowers the error of each (Lakshminarayanan et al. 2017,
    arXiv:1612.01474); of logits rather than of probabilities, so that the heat maps still add up to the answer.
    """

    def __init__(self, members: Sequence[ImageNetwork]):
        super().__init__()
        self.members = list(members)

    @property
    def parameters(self) -> int:
        """Weights of all members."""
        return sum(member.parameters for member in self.members)

    def __call__(self, inputs: Any) -> Forward:
        """Run one batch through every member; heat maps have the size of the finest."""
        forwards = [member(inputs) for member in self.members]
        logits = tf.add_n([forward.logits for forward in forwards]) / len(forwards)
        features = tf.concat([forward.features for forward in forwards], -1)
        maps: list[Any] = [forward.heatmaps for forward in forwards if forward.heatmaps is not None]
        if len(maps) < len(forwards):
            return Forward(logits, features)
        finest = max((one.shape[1:3] for one in maps), key=lambda side: side[0])
        return Forward(logits, features, tf.add_n([tf.image.resize(one, finest) for one in maps]) / len(maps))

    def with_offset(self, offset: float) -> "EnsembleNetwork":
        """Return the same networks, of one logit, with a constant added to it."""
        return EnsembleNetwork([member.with_offset(offset) for member in self.members])
