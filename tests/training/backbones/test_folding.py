"""Folding: the network without batch norms computes what the one with them did."""

import keras
import numpy as np
import pytest
from PIL import Image
from skimage import data

from training.backbones.efficientnet_lite import LITE0, LITE2, build, load
from training.backbones.folding import fold_batch_norms


@pytest.mark.parametrize("variant", [LITE0, LITE2], ids=lambda variant: variant.name)
def test_the_folded_network_gives_the_same_features_of_a_photo(variant):
    cat = Image.fromarray(data.chelsea()).resize((variant.size, variant.size))
    pixels = (np.asarray(cat, np.float32)[None] - 127) / 128
    source, folded = load(variant), build(variant, norms=False)
    fold_batch_norms(source, folded)
    np.testing.assert_allclose(folded(pixels), source(pixels, training=False), atol=1e-4)


def test_the_folded_network_has_no_batch_norms_left():
    norms = [layer for layer in build(LITE0, norms=False).layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert norms == []


def test_networks_of_other_layers_are_refused():
    with pytest.raises(ValueError, match="No such layer"):
        fold_batch_norms(keras.Sequential([keras.Input((8, 8, 3))]), build(LITE0, norms=False))
