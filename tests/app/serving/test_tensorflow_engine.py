from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from app.serving.tensorflow_engine import TensorFlowEngine
from helpers.tiny_models import cat_probability, golden_inputs, topic_of


def test_pictures_are_answered_in_order(tiny_models: Path) -> None:
    batch = np.zeros((3, 16, 16, 3), np.uint8)
    batch[..., 0] = np.array([0, 60, 200], np.uint8)[:, None, None]
    outputs = TensorFlowEngine(tiny_models / "catdog" / "1").run(batch)
    assert outputs.probabilities.dtype == outputs.ood_score.dtype == np.float32
    expected = [cat_probability(red, 0) for red in (0, 60, 200)]
    np.testing.assert_allclose(outputs.probabilities[:, 0], expected, atol=1e-5)
    assert outputs.ood_score.shape == (3,)


def test_texts_beyond_ascii_are_answered(tiny_models: Path) -> None:
    texts = ["Öl", "油の価格", "oil 🛢"]
    outputs = TensorFlowEngine(tiny_models / "topic" / "1").run(np.array(texts, dtype=object))
    assert [f"topic-{row.argmax():02}" for row in outputs.probabilities] == [topic_of(text) for text in texts]


def test_a_heat_map_is_there_only_where_the_model_has_one(tiny_models: Path) -> None:
    engine = TensorFlowEngine(tiny_models / "pneumonia" / "1")
    assert engine.explain is not None
    heatmap = engine.explain(golden_inputs("pneumonia"))["heatmap"]
    assert heatmap.shape == (3, 16, 16)
    assert heatmap[2].mean() == pytest.approx(240 / 255)
    assert TensorFlowEngine(tiny_models / "digit" / "1").explain is None


def test_a_text_is_explained_by_its_words(tiny_models: Path) -> None:
    engine = TensorFlowEngine(tiny_models / "topic" / "1")
    assert engine.explain is not None
    found = engine.explain(np.array(["Öl prices", "up"], dtype=object))
    assert [[word.decode() for word in row] for row in found["words"]] == [["öl", "prices"], ["up", ""]]
    np.testing.assert_allclose(found["evidence"], [[-1.5, 2.5], [-1.5, 0]])


class Odd(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def misnamed(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": x, "ood_score": x}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="inputs")])
    def no_score(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": inputs}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="inputs")])
    def infinite(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": 1 / inputs, "ood_score": inputs}


@pytest.mark.parametrize(
    ("signatures", "reason"),
    [
        ({"other": "no_score"}, "no signature 'serving_default'"),
        ({"serving_default": "misnamed"}, r"takes \['x'\], not one input named 'inputs'"),
        ({"serving_default": "no_score"}, r"lacks the outputs \['ood_score'\]"),
        ({"serving_default": "infinite", "explain": "no_score"}, r"'explain' lacks the outputs \['heatmap'\]"),
    ],
)
def test_a_model_with_other_signatures_is_refused(tmp_path: Path, signatures: dict[str, str], reason: str) -> None:
    module = Odd()
    functions = {name: getattr(module, method) for name, method in signatures.items()}
    tf.saved_model.save(module, str(tmp_path), signatures=functions)
    with pytest.raises(ValueError, match=reason):
        TensorFlowEngine(tmp_path)


def test_an_answer_that_is_not_finite_is_an_error(tmp_path: Path) -> None:
    module = Odd()
    tf.saved_model.save(module, str(tmp_path), signatures={"serving_default": module.infinite})
    with pytest.raises(FloatingPointError):
        TensorFlowEngine(tmp_path).run(np.zeros(1, np.float32))
