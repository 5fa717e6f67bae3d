"""EfficientNet-Lite: the pretrained network knows a cat; greyscale and colour forms agree."""

import numpy as np
import pytest
from PIL import Image
from skimage import data

from training.backbones.efficientnet_lite import LITE0, load, round_filters
from training.backbones.torch_file import read_state_dict

CATS = range(281, 286)
"""ImageNet's classes tabby, tiger cat, Persian, Siamese and Egyptian cat."""


def scaled(picture):
    return ((np.asarray(picture.resize((224, 224)), np.float32) - 127) / 128)[None]


@pytest.fixture(scope="module")
def cat():
    return Image.fromarray(data.chelsea())


def test_the_pretrained_network_recognises_a_cat(cat):
    weights = read_state_dict(LITE0.weights_path())
    features = load(LITE0).predict(scaled(cat), verbose=0).mean((1, 2))
    logits = features @ weights["_fc.weight"].T + weights["_fc.bias"]
    assert logits[0].argmax() in CATS


def test_a_grey_picture_gives_what_it_gives_as_rgb(cat):
    grey = cat.convert("L")
    as_rgb = load(LITE0).predict(scaled(grey.convert("RGB")), verbose=0)
    as_grey = load(LITE0, channels=1).predict(scaled(grey)[..., None], verbose=0)
    np.testing.assert_allclose(as_grey, as_rgb, atol=2e-4)


def test_filters_are_rounded_to_eights_and_never_far_down():
    assert [round_filters(32, width) for width in (1.0, 1.1, 1.2)] == [32, 32, 40]
    assert round_filters(24, 0.35) == 8


def test_another_weights_file_is_refused(tmp_path, monkeypatch):
    other = tmp_path / "models" / LITE0.file
    other.parent.mkdir()
    other.write_bytes(b"other")
    monkeypatch.setattr("training.backbones.efficientnet_lite.files", lambda package: tmp_path)
    with pytest.raises(ValueError, match="sha256"):
        LITE0.weights_path()
