from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.inputs.errors import EmptyInputError
from app.serving.artifact import open_artifact
from app.serving.engine import Batch, Explain, Explanation, Outputs, Scheduling
from app.serving.errors import NotExplainedError
from app.serving.explanation import explain_picture, explain_text
from app.serving.model import LoadedModel
from app.settings import Settings
from helpers.pictures import png
from helpers.tiny_models import TOPICS

LIMITS = Settings().input_limits
HEATMAP = np.array([[1, -2], [0.5, 3]], np.float32)


class FixedEngine:
    """Gives one answer and one explanation, whatever the input."""

    name = "fixed"
    scheduling = Scheduling()

    def __init__(self, probabilities: list[float], explanation: Explanation | None) -> None:
        self._outputs = Outputs(np.array([probabilities], np.float32), np.zeros(1, np.float32))
        self.explain: Explain | None = None if explanation is None else lambda _: explanation

    def run(self, batch: Batch) -> Outputs:
        assert len(batch) == 1
        return self._outputs


@pytest.fixture
def model_of(tiny_models: Path) -> Callable[..., LoadedModel]:
    def make(task: str, probabilities: list[float], **explanation: np.ndarray) -> LoadedModel:
        found = {name: value[None] for name, value in explanation.items()}
        return LoadedModel(open_artifact(tiny_models / task / "1"), FixedEngine(probabilities, found or None), LIMITS)

    return make


def test_the_map_of_the_likeliest_label_is_given_as_the_model_has_it(model_of: Callable[..., LoadedModel]) -> None:
    explained = explain_picture(model_of("catdog", [0.3, 0.7], heatmap=HEATMAP), png("RGB", (9, 9), (1, 2, 3)))
    assert explained.prediction.label == "dog"
    np.testing.assert_array_equal(explained.heatmap, HEATMAP)


@pytest.mark.parametrize(
    ("probability", "threshold", "label", "sign"),
    [
        (0.9, None, "PNEUMONIA", 1),
        (0.4, None, "NORMAL", 1),
        (0.4, 0.3, "PNEUMONIA", -1),
        (0.6, 0.9, "NORMAL", -1),
        (0.6, 0.3, "PNEUMONIA", 1),
        (0.5000001, 0.6, "NORMAL", -1),
        (0.4999999, 0.6, "NORMAL", 1),
    ],
)
def test_the_map_explains_the_label_that_the_threshold_gives(
    model_of: Callable[..., LoadedModel], probability: float, threshold: float | None, label: str, sign: int
) -> None:
    model = model_of("pneumonia", [1 - probability, probability], heatmap=HEATMAP)
    explained = explain_picture(model, png("L", (9, 9), 9), threshold)
    assert explained.prediction.label == label
    np.testing.assert_array_equal(explained.heatmap, sign * HEATMAP)


WORDS = np.array([b"oil", b"the", "œil".encode(), b"gold", b"zinc", b""], object)
EVIDENCE = np.array([0.4, -0.3, 0.9, 0.4, 1e-9, 0], np.float32)


def test_words_come_strongest_first_and_only_those_that_speak_for_the_answer(
    model_of: Callable[..., LoadedModel],
) -> None:
    model = model_of("topic", [1.0, *[0.0] * 45], words=WORDS, evidence=EVIDENCE)
    explained = explain_text(model, "oil", 10)
    assert explained.prediction.label == TOPICS[0]
    assert explained.words == (("œil", 0.9), ("oil", 0.4), ("gold", 0.4))
    assert explain_text(model, "oil", 2).words == (("œil", 0.9), ("oil", 0.4))


def test_a_text_of_unknown_words_is_answered_without_any(model_of: Callable[..., LoadedModel]) -> None:
    nothing = {"words": np.empty(0, object), "evidence": np.empty(0, np.float32)}
    assert explain_text(model_of("topic", [1 / 46] * 46, **nothing), "?!", 10).words == ()


def test_a_model_that_cannot_say_is_an_error_that_names_it(model_of: Callable[..., LoadedModel]) -> None:
    with pytest.raises(NotExplainedError, match="Version 1 of the model of 'catdog' cannot say"):
        explain_picture(model_of("catdog", [0.5, 0.5]), png("RGB", (9, 9), (1, 2, 3)))


def test_an_input_that_cannot_be_read_is_its_own_error(model_of: Callable[..., LoadedModel]) -> None:
    with pytest.raises(EmptyInputError):
        explain_picture(model_of("catdog", [0.5, 0.5], heatmap=HEATMAP), b"")
    with pytest.raises(EmptyInputError):
        explain_text(model_of("topic", [1 / 46] * 46, words=WORDS, evidence=EVIDENCE), " ", 10)


def test_evidence_that_is_not_finite_is_a_defect(model_of: Callable[..., LoadedModel]) -> None:
    broken = np.array([[np.nan, 1], [0, 0]], np.float32)
    with pytest.raises(FloatingPointError):
        explain_picture(model_of("catdog", [0.3, 0.7], heatmap=broken), png("RGB", (9, 9), (1, 2, 3)))
