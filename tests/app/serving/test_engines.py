import logging
import shutil
import sys

import numpy as np
import pytest

from app.main import registry_of
from app.serving.engine import Outputs
from app.serving.engines import EnginePolicy, load_fastest
from app.serving.errors import ArtifactError
from app.serving.golden import Golden, save_golden
from app.serving.openvino_engine import OpenVinoEngine
from app.serving.tensorflow_engine import TensorFlowEngine
from app.settings import Settings
from helpers.linear_texts import write_linear_text
from helpers.tiny_models import write_manifest

LIMITS = Settings().input_limits


def engine_of(folder, choice="auto"):
    return load_fastest(folder, EnginePolicy(choice), LIMITS).engine.name


def shifting(probability=0.0, score=0.0):
    """An engine that answers as OpenVINO does, but for what is said."""

    class Shifted(OpenVinoEngine):
        def run(self, batch):
            outputs = super().run(batch)
            return Outputs(outputs.probabilities + np.float32(probability), outputs.ood_score + np.float32(score))

    return Shifted


@pytest.mark.parametrize(
    ("task", "choice", "name"),
    [
        ("catdog", "auto", "openvino"),
        ("catdog", "openvino", "openvino"),
        ("catdog", "tensorflow", "tensorflow"),
        ("topic", "auto", "tensorflow"),
        ("topic", "openvino", "tensorflow"),
    ],
)
def test_the_engine_is_the_one_asked_for_or_the_fastest_that_can(tiny_models, task, choice, name):
    assert engine_of(tiny_models / task / "1", choice) == name


def test_a_text_model_that_carries_its_arrays_is_answered_by_numpy(models_copy, tmp_path):
    folder = models_copy / "topic" / "1"
    shutil.rmtree(folder)
    write_linear_text(folder, tmp_path / "assets")
    (folder / "MODEL_CARD.md").write_text("# A card\n")
    texts = np.array(["oil prices rose", "the opec's", "?"], object)
    outputs = TensorFlowEngine(folder).run(texts)
    save_golden(folder / "golden.npz", Golden(texts, outputs.probabilities, outputs.ood_score))
    write_manifest(folder, labels=["a", "b", "c", "d"])
    assert engine_of(folder) == engine_of(folder, "openvino") == "numpy"
    assert engine_of(folder, "tensorflow") == "tensorflow"


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        (shifting(probability=2e-3), "openvino: golden.npz: a probability differs by 0.002"),
        (shifting(score=1.0), "openvino: golden.npz: an ood_score differs"),
    ],
)
def test_an_engine_that_answers_otherwise_is_passed_over_with_the_reason(tiny_models, monkeypatch, engine, reason):
    monkeypatch.setattr("app.serving.engines.OpenVinoEngine", engine)
    model = load_fastest(tiny_models / "catdog" / "1", EnginePolicy(), LIMITS)
    assert model.engine.name == "tensorflow"
    assert reason in model.engine_reason


def test_an_engine_that_decides_otherwise_is_passed_over_though_its_numbers_are_near(models_copy, monkeypatch):
    folder = models_copy / "catdog" / "1"
    monkeypatch.setattr("app.serving.engines.OpenVinoEngine", shifting(score=4e-5))
    # The golden scores are 0.
    write_manifest(folder, ood={"method": "roughness", "threshold": 2e-5, "chosen_by": "drawn"})
    model = load_fastest(folder, EnginePolicy(), LIMITS)
    assert model.engine.name == "tensorflow"
    assert "an input is in distribution by the one and not by the other" in model.engine_reason


def test_without_openvino_tensorflow_serves_and_says_why(tiny_models, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    model = load_fastest(tiny_models / "catdog" / "1", EnginePolicy(), LIMITS)
    assert model.engine.name == "tensorflow"
    assert "openvino" in model.engine_reason
    with pytest.raises(ArtifactError, match="openvino"):
        load_fastest(tiny_models / "catdog" / "1", EnginePolicy("openvino"), LIMITS)


def test_where_no_engine_runs_a_model_each_one_says_why(tiny_models, monkeypatch):
    for missing in ("openvino", "tensorflow"):
        monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ArtifactError, match=r"TensorFlow is not installed.*; openvino: saved_model.pb: .*openvino"):
        load_fastest(tiny_models / "catdog" / "1", EnginePolicy(), LIMITS)


def test_the_log_says_which_engine_serves_and_why(tiny_models, caplog):
    with caplog.at_level(logging.INFO):
        registry_of(Settings(models_dir=tiny_models)).load()
    lines = [record.getMessage() for record in caplog.records]
    fastest = "the fastest that is installed and gives the golden answers"
    assert f"pneumonia: version 1 serves with openvino: {fastest}" in lines
    assert any(line.startswith("topic: version 1 serves with tensorflow: its text operations") for line in lines)
