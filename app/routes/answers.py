"""From a model's prediction to the body of an answer."""

from collections.abc import Iterable

from fastapi import Response
from pydantic import BaseModel

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


class JsonResponse(Response):
    """Bytes that are JSON already."""

    media_type = "application/json"


def one_response(body: BaseModel) -> Response:
    """Return a body as a response. FastAPI, given the body itself, would check it a second time."""
    return JsonResponse(body.model_dump_json().encode())


def list_response(bodies: Iterable[BaseModel]) -> Response:
    """Return a list of bodies as a response."""
    return JsonResponse(b"[%b]" % b",".join(body.model_dump_json().encode() for body in bodies))


def _highest(probabilities: dict[str, float], shown: int | None) -> dict[str, float]:
    if shown is None:
        return probabilities
    ranked = sorted(probabilities.items(), key=lambda item: item[1], reverse=True)
    return dict(ranked[:shown])
