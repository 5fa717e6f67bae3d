"""What a model's answer to one input rests on: a heat map over a picture, the words of a text."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.serving.engine import Explanation
from app.serving.errors import NotExplainedError
from app.serving.model import DECIMALS, LoadedModel, Payload, Prediction


@dataclass(frozen=True)
class ExplainedPicture:
    """An answer and the evidence for its label.

    `heatmap` float32 `[h, w]` covers the whole picture, from its top left, in logits: the mean over the cells is what
    the picture adds to the logit of the label against the mean over all labels. Below 0 is evidence against it.
    """

    prediction: Prediction
    heatmap: NDArray[np.float32]


@dataclass(frozen=True)
class ExplainedText:
    """An answer and the words that speak for its label, each once, with what it adds to the label's margin.

    The strongest come first; words that say nothing or speak against the label are left out.
    """

    prediction: Prediction
    words: tuple[tuple[str, float], ...]


def explain_picture(model: LoadedModel, picture: Payload, threshold: float | None = None) -> ExplainedPicture:
    """Answer for a picture, as `LoadedModel.predict` does, and say where the evidence for the answer lies.

    Raises:
        NotExplainedError: the model cannot say.
        InputError: the picture cannot be read.
    """
    prediction, likeliest, found = _explain(model, picture, threshold)
    # A model explains its likeliest label. A threshold can answer the other one, and of two labels what speaks for the
    # one speaks as much against the other.
    sign = np.float32(1 if prediction.label == likeliest else -1)
    return ExplainedPicture(prediction, sign * _finite(found["heatmap"][0]))


def explain_text(model: LoadedModel, text: Payload, most: int) -> ExplainedText:
    """Answer for a text, as `LoadedModel.predict` does, and name at most so many words that speak for the answer.

    Raises:
        NotExplainedError: the model cannot say.
        InputError: the text cannot be read.
    """
    prediction, _, found = _explain(model, text, None)
    evidence = _finite(found["evidence"][0])
    strongest = np.argsort(-evidence, kind="stable")[:most]
    words = ((found["words"][0][index].decode(), round(evidence[index].item(), DECIMALS)) for index in strongest)
    return ExplainedText(prediction, tuple((word, weight) for word, weight in words if weight > 0))


def _explain(model: LoadedModel, payload: Payload, threshold: float | None) -> tuple[Prediction, str, Explanation]:
    """Return the answer, the likeliest label and the evidence for that one."""
    manifest = model.artifact.manifest
    if model.engine.explain is None:
        raise NotExplainedError(manifest.task, manifest.version)
    batch = model.read(payload)
    outputs = model.run(batch)
    probabilities = outputs.probabilities[0]
    prediction = model.predict_row((probabilities, outputs.ood_score[0]), threshold)
    return prediction, manifest.labels[int(probabilities.argmax())], model.engine.explain(batch)


def _finite(evidence: NDArray[np.float32]) -> NDArray[np.float32]:
    if not np.isfinite(evidence).all():
        raise FloatingPointError("the model gave evidence that is not finite")
    return evidence
