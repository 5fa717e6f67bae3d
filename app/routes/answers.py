"""From a model's prediction to the body of an answer."""

from app.schemas import Answer, Decision, ModelIdentity
from app.serving.artifact import Artifact
from app.serving.model import Prediction
from app.tasks import Task


def answer_of(task: Task, artifact: Artifact, prediction: Prediction, shown: int | None, request_id: str) -> Answer:
    """Return the answer to one input; `shown` limits its probabilities to the highest ones, highest first."""
    model = ModelIdentity(version=artifact.manifest.version, sha256=artifact.sha256)
    answer = Answer(
        task=task.name,
        label=prediction.label,
        probability=prediction.probability,
        probabilities=_highest(prediction.probabilities, shown),
        in_distribution=prediction.in_distribution,
        ood_score=prediction.ood_score,
        model=model,
        request_id=request_id,
    )
    if not task.has_threshold:
        return answer
    return Decision(**answer.model_dump(), positive=prediction.positive, threshold=prediction.threshold)


def _highest(probabilities: dict[str, float], shown: int | None) -> dict[str, float]:
    if shown is None:
        return probabilities
    ranked = sorted(probabilities.items(), key=lambda item: item[1], reverse=True)
    return dict(ranked[:shown])
