"""Batch norms folded into the convolutions before them: the same function with fewer operations and weights."""

import keras
import numpy as np


def fold_batch_norms(source: keras.Model, target: keras.Model) -> None:
    """Set the weights of `target`, built without batch norms, so that it computes what `source` does at inference.

    Each convolution `NAME_conv` of the source without a bias is followed by a batch norm `NAME_norm`; the target has
    the convolution with a bias. With the norm's scale g / sqrt(v + eps) the kernel is multiplied by it, and the bias
    is beta - mean * scale (Jacob et al. 2018, arXiv:1712.05877, section 3.2).

    Raises:
        ValueError: the target has a layer that the source lacks.
    """
    for layer in target.layers:
        if not layer.weights:
            continue
        kernel = np.asarray(source.get_layer(layer.name).get_weights()[0])
        norm = source.get_layer(layer.name.removesuffix("_conv") + "_norm")
        gamma, beta, mean, variance = norm.get_weights()
        scale = gamma / np.sqrt(variance + norm.epsilon)
        # A depthwise kernel is [h, w, C, 1], an ordinary one [h, w, C_in, C_out].
        depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
        layer.set_weights([kernel * (scale[:, None] if depthwise else scale), beta - mean * scale])
