"""Transfer learning on a pretrained trunk: a classifier on frozen features first, then the upper blocks with it."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from app.inputs.spec import ImageSpec
from training.augment import Augmentation
from training.backbones import efficientnet_lite
from training.backbones.efficientnet_lite import Variant
from training.backbones.folding import fold_batch_norms
from training.batches import Plan
from training.checkpoint import History
from training.datasets.base import Dataset
from training.half import HalfPrecisionTrunk
from training.network import ImageNetwork
from training.recipes.keras_fit import Weights, features_of, fit_end_to_end, warm_up_then_cosine
from training.run import Run

FEATURE_BATCH = 64


@dataclass(frozen=True)
class HeadStage:
    """Fitting the classifier on features of the pictures as they are and of `views` augmented copies of each.

    `penalty` is the logistic regression's C over standardised features: smaller is smoother.
    """

    views: int
    penalty: float


@dataclass(frozen=True)
class TuningStage:
    """Fitting the trunk's layers from the block of that name on, and the classifier, on augmented pictures.

    Batch-norm statistics stay as they were learned on ImageNet: small batches would spoil them.
    """

    from_block: str
    epochs: int
    learning_rate: float
    weight_decay: float = 1e-4
    batch_size: int = 32
    patience: int = 3
    smoothing: float = 0.05


def lite_network(variant: Variant, spec: ImageSpec, size: int | None = None) -> ImageNetwork:
    """Return the pretrained network with an untrained classifier of one logit.

    It looks at pictures of the spec, or at those shrunk to `size`, which must divide the spec's.
    """
    backbone = efficientnet_lite.load(variant, channels=spec.channels, size=size or spec.height)
    return ImageNetwork(_over_pixels(backbone, spec), keras.layers.Dense(1))


def for_inference(network: ImageNetwork, variant: Variant, spec: ImageSpec) -> ImageNetwork:
    """Return the same function for use only: batch norms folded in, large weights in half precision."""
    backbone = network.trunk.layers[-1]
    folded = efficientnet_lite.build(variant, channels=spec.channels, size=backbone.input_shape[1], norms=False)
    fold_batch_norms(backbone, folded)
    title = f"{variant.name}_{backbone.input_shape[1]}"
    return ImageNetwork(HalfPrecisionTrunk(_over_pixels(folded, spec), title), network.classifier)


def _over_pixels(backbone: keras.Model, spec: ImageSpec) -> keras.Model:
    """Return a backbone over pixels 0..255, scaled as it was trained: (x - 127) / 128."""
    x = pixels = keras.Input((spec.height, spec.width, spec.channels))
    factor, rest = divmod(spec.height, backbone.input_shape[1])
    if rest:
        raise ValueError(f"pictures of {spec.height} pixels cannot be shrunk to {backbone.input_shape[1]} by averaging")
    if factor > 1:
        x = keras.layers.AveragePooling2D(factor)(x)
    return keras.Model(pixels, backbone(keras.layers.Rescaling(1 / 128, -127 / 128)(x)))


def fit_head(
    network: ImageNetwork,
    data: Dataset,
    stage: HeadStage,
    augmentation: Augmentation,
    seed: int,
    run: Run,
    weights: Weights | None = None,
) -> None:
    """Set the classifier, of one logit, by logistic regression on the frozen trunk's features.

    Features are computed once and kept in the run folder, so that a resume is quick.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    folder = run.stage("head")
    views = [_cached_features(network, data.train.inputs, folder / "train-0.npy", None, seed)]
    for view in range(1, stage.views + 1):
        path = folder / f"train-{view}.npy"
        views.append(_cached_features(network, data.train.inputs, path, augmentation, seed + view))
    scaler = StandardScaler().fit(np.concatenate(views))
    regression = LogisticRegression(C=stage.penalty / len(views), max_iter=1000).fit(
        scaler.transform(np.concatenate(views)),
        np.tile(data.train.labels, len(views)),
        np.tile(weights.train, len(views)) if weights else None,
    )
    kernel = regression.coef_ / scaler.scale_
    bias = regression.intercept_ - kernel @ scaler.mean_
    network.classifier.set_weights([kernel.T.astype(np.float32), bias.astype(np.float32)])


def fine_tune(
    network: ImageNetwork,
    data: Dataset,
    stage: TuningStage,
    augmentation: Augmentation,
    seed: int,
    run: Run,
    weights: Weights | None = None,
) -> History:
    """Fit the trunk's upper layers with the classifier, the learning rate falling on a cosine."""
    unfreeze_from(network.trunk, stage.from_block)
    steps = stage.epochs * -(-len(data.train) // stage.batch_size)
    return fit_end_to_end(
        network.trunk,
        network.classifier,
        data,
        # The area under the curve, unlike the loss, does not jump with the bias when few examples carry the weight.
        Plan(stage.epochs, stage.batch_size, seed, stage.patience, "val_auc", "max"),
        run,
        "tuning",
        optimizer=keras.optimizers.AdamW(
            warm_up_then_cosine(stage.learning_rate, steps, 0.05), weight_decay=stage.weight_decay, clipnorm=1.0
        ),
        augment=augmentation,
        smoothing=stage.smoothing,
        weights=weights,
    )


def unfreeze_from(trunk: keras.Model, block: str) -> None:
    """Make the layers of the trunk's backbone trainable from the named block on, batch norms apart.

    Raises:
        ValueError: no layer's name starts with the block's.
    """
    backbone = trunk.layers[-1]
    names = [layer.name for layer in backbone.layers]
    starts = [index for index, name in enumerate(names) if name.startswith(f"{block}_")]
    if not starts:
        raise ValueError(f"no block {block!r} in {backbone.name}")
    for index, layer in enumerate(backbone.layers):
        layer.trainable = index >= starts[0] and not isinstance(layer, keras.layers.BatchNormalization)


def _cached_features(
    network: ImageNetwork, images: NDArray[np.uint8], path: Any, augmentation: Augmentation | None, seed: int
) -> NDArray[np.float32]:
    if path.exists():
        return np.asarray(np.load(path))
    if augmentation is None:
        features = features_of(network, images)
    else:
        features = _augmented_features(network, images, augmentation, seed)
    partial = path.with_suffix(".part.npy")
    np.save(partial, features)
    partial.replace(path)
    return features


def _augmented_features(
    network: ImageNetwork, images: NDArray[np.uint8], augmentation: Augmentation, seed: int
) -> NDArray[np.float32]:
    forward = tf.function(lambda pixels: network(pixels).features, autograph=False, reduce_retracing=True)
    starts = range(0, len(images), FEATURE_BATCH)
    parts = [
        np.asarray(forward(augmentation(images[start : start + FEATURE_BATCH], tf.constant([seed, number], tf.int32))))
        for number, start in enumerate(starts)
    ]
    return np.concatenate(parts)
