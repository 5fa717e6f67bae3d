"""What a trained recipe hands on: a graph from raw inputs to logits, features and, where it can, a heat map."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import keras
import numpy as np
import tensorflow as tf

from app.inputs.spec import DigitSpec, ImageSpec, InputSpec, TextSpec
from training.half import HalfPrecisionTrunk


@dataclass(frozen=True)
class Forward:
    """One pass: float32 logits `[B, K]`, penultimate features `[B, D]`, and heat maps `[B, h, w, K]` or None."""

    logits: Any
    features: Any
    heatmaps: Any | None = None


class Network(Protocol):
    """Raw inputs (uint8 `[B, H, W, C]` or string `[B]`) to a `Forward`; all numeric preprocessing is inside."""

    @property
    def parameters(self) -> int:
        """Count of trained numbers."""
        ...

    def __call__(self, inputs: Any) -> Forward:
        """Run one batch."""
        ...


@runtime_checkable
class OffsetNetwork(Network, Protocol):
    """A network of two labels whose single logit can be moved."""

    def with_offset(self, offset: float) -> "OffsetNetwork":
        """Return the same network with a constant added to its logit."""
        ...


@runtime_checkable
class WordNetwork(Protocol):
    """A network over texts that can tell the words behind its answer."""

    def word_evidence(self, inputs: Any) -> tuple[Any, Any]:
        """Return words string `[B, n]` and what each adds to the answer float32 `[B, n]`, padded with "" and 0."""
        ...


class ImageNetwork(tf.Module):
    """A Keras trunk and a linear classifier over uint8 pictures.

    `trunk` maps float32 pixels 0..255 `[B, H, W, C]` to feature maps `[B, h, w, D]` or to features `[B, D]`;
    `classifier` is a Dense layer to K logits, or to one logit of the second of two labels.
    """

    def __init__(self, trunk: keras.Model | HalfPrecisionTrunk, classifier: keras.layers.Dense):
        super().__init__()
        self.trunk = trunk
        self.classifier = classifier
        if not classifier.built:
            classifier.build((None, trunk.output_shape[-1]))

    @property
    def parameters(self) -> int:
        """Weights of trunk and classifier, batch-norm statistics included."""
        return int(self.trunk.count_params() + self.classifier.count_params())

    def __call__(self, inputs: Any) -> Forward:
        """Run one batch; with feature maps the heat maps are class activation maps (Zhou et al. 2016)."""
        maps = self.trunk(tf.cast(inputs, tf.float32), training=False)
        if maps.shape.rank == 2:
            return Forward(two_logits(self.classifier(maps)), maps)
        features = tf.reduce_mean(maps, axis=(1, 2))
        # Global average pooling and the classifier are both linear, so the classifier applied to each cell of the
        # maps gives each cell's share of the logits.
        heatmaps = two_logits(tf.tensordot(maps, self.classifier.kernel, 1))
        return Forward(two_logits(self.classifier(features)), features, heatmaps)

    def with_offset(self, offset: float) -> "ImageNetwork":
        """Return the same network, of one logit, with a constant added to it."""
        kernel, bias = self.classifier.get_weights()
        classifier = keras.layers.Dense(1)
        network = ImageNetwork(self.trunk, classifier)
        classifier.set_weights([kernel, bias + np.float32(offset)])
        return network


def two_logits(logits: Any) -> Any:
    """Turn a sigmoid's single logit `[..., 1]` into a softmax's two, `[0, z]`; leave K logits as they are."""
    return tf.concat([tf.zeros_like(logits), logits], -1) if logits.shape[-1] == 1 else logits


def input_signature(spec: InputSpec) -> tf.TensorSpec:
    """Return the tensor that `serving_default` takes for a spec."""
    match spec:
        case ImageSpec() | DigitSpec():
            return tf.TensorSpec([None, spec.height, spec.width, spec.channels], tf.uint8, "inputs")
        case TextSpec():
            return tf.TensorSpec([None], tf.string, "inputs")
