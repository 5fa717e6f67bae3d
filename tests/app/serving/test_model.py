from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from app.inputs.errors import EmptyInputError, UnsupportedInputError
from app.serving.artifact import open_artifact
from app.serving.engine import Batch, Outputs, Scheduling
from app.serving.errors import ArtifactError
from app.serving.golden import load_golden, save_golden
from app.serving.model import MAX_BATCH, LoadedModel, Prediction, load_model, predict_one
from app.serving.tensorflow_engine import TensorFlowEngine
from app.settings import Settings
from helpers.pictures import png
from helpers.tiny_models import OOD_THRESHOLD, golden_inputs, write_manifest

LIMITS = Settings().input_limits


@dataclass
class BrightnessEngine:
    """Answers with each picture's brightness and keeps the sizes of the batches it was given."""

    name = "brightness"
    scheduling = Scheduling()
    explain = None
    sizes: list[int] = field(default_factory=list)

    def run(self, batch: Batch) -> Outputs:
        self.sizes.append(len(batch))
        brightness = batch.astype(np.float32).mean((1, 2, 3)) / 255
        return Outputs(np.stack([1 - brightness, brightness], -1), np.zeros(len(batch), np.float32))


def test_many_inputs_are_run_in_chunks_and_answered_in_order(tiny_models: Path) -> None:
    engine = BrightnessEngine()
    model = LoadedModel(open_artifact(tiny_models / "pneumonia" / "1"), engine, LIMITS)
    results = model.predict([png("L", (20, 20), level) for level in range(70)])
    assert engine.sizes == [MAX_BATCH, MAX_BATCH, 70 - 2 * MAX_BATCH]
    found = [result.probabilities["PNEUMONIA"] for result in results if isinstance(result, Prediction)]
    assert found == pytest.approx([level / 255 for level in range(70)], abs=1e-6)


def test_inputs_that_cannot_be_read_get_their_error_at_their_place(tiny_models: Path) -> None:
    model = LoadedModel(open_artifact(tiny_models / "pneumonia" / "1"), BrightnessEngine(), LIMITS)
    results = model.predict([b"", png("L", (9, 9), 200), b"no picture", png("L", (9, 9), 10)])
    assert isinstance(results[0], EmptyInputError)
    assert isinstance(results[2], UnsupportedInputError)
    labels = [result.label for result in results if isinstance(result, Prediction)]
    assert labels == ["PNEUMONIA", "NORMAL"]


def test_the_engine_is_not_run_when_nothing_can_be_read(tiny_models: Path) -> None:
    engine = BrightnessEngine()
    model = LoadedModel(open_artifact(tiny_models / "pneumonia" / "1"), engine, LIMITS)
    assert len(model.predict([b"", b""])) == 2
    assert engine.sizes == []


def test_without_an_operating_point_the_likeliest_label_is_answered(tiny_models: Path) -> None:
    manifest = open_artifact(tiny_models / "catdog" / "1").manifest
    answer = predict_one(manifest, np.array([0.25, 0.75]), 0.5)
    assert (answer.label, answer.probability) == ("dog", 0.75)
    assert answer.probabilities == {"cat": 0.25, "dog": 0.75}
    assert answer.positive is None
    assert answer.threshold is None


def test_between_labels_that_round_alike_the_likelier_is_answered(tiny_models: Path) -> None:
    manifest = open_artifact(tiny_models / "catdog" / "1").manifest
    answer = predict_one(manifest, np.array([0.4999999, 0.5000001]), 0.0)
    assert answer.label == "dog"
    assert answer.probabilities == {"cat": 0.5, "dog": 0.5}


@pytest.mark.parametrize(
    ("probability", "threshold", "label", "of_label", "used"),
    [
        (0.6, None, "PNEUMONIA", 0.6, 0.5),
        (0.5, None, "PNEUMONIA", 0.5, 0.5),
        (0.4, None, "NORMAL", 0.6, 0.5),
        (0.4, 0.3, "PNEUMONIA", 0.4, 0.3),
        (0.6, 0.9, "NORMAL", 0.4, 0.9),
        (0.0, 0.0, "PNEUMONIA", 0.0, 0.0),
        (1.0, 1.0, "PNEUMONIA", 1.0, 1.0),
    ],
)
def test_the_label_follows_the_threshold_and_the_probability_is_the_labels(
    tiny_models: Path, probability: float, threshold: float | None, label: str, of_label: float, used: float
) -> None:
    manifest = open_artifact(tiny_models / "pneumonia" / "1").manifest
    answer = predict_one(manifest, np.array([1 - probability, probability]), 0.0, threshold)
    assert (answer.label, answer.probability, answer.threshold) == (label, pytest.approx(of_label), used)
    assert answer.positive == (label == "PNEUMONIA")


def test_a_score_above_the_threshold_is_out_of_distribution(tiny_models: Path) -> None:
    manifest = open_artifact(tiny_models / "catdog" / "1").manifest
    assert predict_one(manifest, np.array([0.1, 0.9]), OOD_THRESHOLD).in_distribution
    assert not predict_one(manifest, np.array([0.1, 0.9]), OOD_THRESHOLD + 0.001).in_distribution


def test_an_intact_folder_becomes_a_model(tiny_models: Path) -> None:
    model = load_model(tiny_models / "digit" / "1", TensorFlowEngine, LIMITS)
    assert model.engine.name == "tensorflow"
    assert model.run(golden_inputs("digit")).probabilities.shape == (3, 10)


def test_a_model_that_does_not_reproduce_its_golden_answers_is_refused(models_copy: Path) -> None:
    folder = models_copy / "digit" / "1"
    golden = load_golden(folder / "golden.npz")
    golden.probabilities[0] = np.roll(golden.probabilities[0], 1)
    save_golden(folder / "golden.npz", golden)
    write_manifest(folder)
    with pytest.raises(ArtifactError, match=r"^golden\.npz: a probability differs by"):
        load_model(folder, TensorFlowEngine, LIMITS)


def test_golden_inputs_of_another_shape_are_refused(models_copy: Path) -> None:
    folder = models_copy / "digit" / "1"
    (folder / "golden.npz").write_bytes((models_copy / "catdog" / "1" / "golden.npz").read_bytes())
    write_manifest(folder)
    with pytest.raises(ArtifactError, match=r"its inputs have shape \(16, 16, 3\), not \(28, 28, 1\)"):
        load_model(folder, TensorFlowEngine, LIMITS)


def test_golden_answers_over_another_number_of_labels_are_refused(models_copy: Path) -> None:
    folder = models_copy / "catdog" / "1"
    write_manifest(folder, labels=["cat", "dog", "horse"])
    with pytest.raises(ArtifactError, match="it has 2 probabilities for 3 labels"):
        load_model(folder, TensorFlowEngine, LIMITS)


def test_a_graph_that_tensorflow_cannot_load_is_refused_without_naming_this_machines_paths(
    models_copy: Path,
) -> None:
    folder = models_copy / "catdog" / "1"
    (folder / "variables" / "variables.index").unlink()
    write_manifest(folder)
    with pytest.raises(ArtifactError, match=r"^saved_model\.pb: cannot be run: ") as caught:
        load_model(folder, TensorFlowEngine, LIMITS)
    assert str(models_copy) not in str(caught.value)
    assert "\n" not in str(caught.value)
