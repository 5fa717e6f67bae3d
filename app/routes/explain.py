"""`POST /explain/<task>`: the answer to one input and what it rests on, as a picture or as words."""

from functools import partial
from typing import cast

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.drawing.explained import Caption, draw_evidence, draw_explained, draw_picture
from app.examples import explained_picture_example, explained_text_example
from app.inputs.image import read_colour
from app.openapi import error_responses, file_or_json_response, ok_response, one_input_body
from app.problem_types import (
    BROKEN,
    DEADLINE,
    EMPTY,
    FILES_UNAVAILABLE,
    MALFORMED,
    NO_SUCH_VERSION,
    NOT_EXPLAINED,
    OVERLOADED,
    OVERSIZED,
    REQUEST_TIMEOUT,
    TOO_LARGE,
    UNAVAILABLE,
    UNSUPPORTED,
)
from app.routes.accept import prefers
from app.routes.answers import one_response
from app.routes.calls import begin
from app.routes.options import Options, query_of
from app.routes.payloads import read_one
from app.routes.waiting import DEADLINE_PARAMETER
from app.schemas import ExplainedDecision, ExplainedPicture, ExplainedText, WordEvidence
from app.serving import explanation
from app.serving.model import DECIMALS, LoadedModel, Prediction
from app.tasks import TASKS, Task

ERRORS = (
    MALFORMED,
    EMPTY,
    NO_SUCH_VERSION,
    NOT_EXPLAINED,
    REQUEST_TIMEOUT,
    TOO_LARGE,
    UNSUPPORTED,
    BROKEN,
    OVERSIZED,
    UNAVAILABLE,
    FILES_UNAVAILABLE,
    OVERLOADED,
    DEADLINE,
)

LONGEST_SIDE = 800
"""Of a picture as it is shown, in pixels; a larger one is drawn smaller."""

UNFAMILIAR = "Unlike the pictures this model was trained on: do not rely on it."


class PngResponse(Response):
    """A PNG."""

    media_type = "image/png"


def explain_router() -> APIRouter:
    """Return the routes of the tasks whose answers can be explained."""
    router = APIRouter(prefix="/explain", tags=["explain"])
    for task in TASKS:
        if task.explained:
            add = _add_text if task.kind == "text" else _add_picture
            add(router, task)
    return router


def _add_picture(router: APIRouter, task: Task) -> None:
    schema = ExplainedDecision if task.has_threshold else ExplainedPicture
    query = query_of(task, explained=True)

    async def explain(request: Request) -> Response:
        call = begin(request, task, query)
        picture = cast("bytes", await read_one(request, task, call.service.settings))
        if not prefers("application/json", PngResponse.media_type, request.headers.get("accept", "*/*")):
            drawn = partial(_draw, picture=picture, options=call.options)
            return PngResponse(await call.wait_for(call.service.predictor.run(call.model, drawn, call.seconds)))
        work = partial(explanation.explain_picture, picture=picture, threshold=call.options.threshold)
        explained = await call.wait_for(call.service.predictor.run(call.model, work, call.seconds))
        answer = call.answer(explained.prediction)
        heatmap = explained.heatmap.astype(float).round(DECIMALS).tolist()
        return one_response(schema(**answer.model_dump(), heatmap=heatmap))

    router.add_api_route(
        f"/{task.name}",
        explain,
        methods=["POST"],
        operation_id=f"explain_{task.name}",
        summary=f"{task.title}: where the evidence lies",
        description=_describe_picture(task),
        response_class=PngResponse,
        responses=file_or_json_response(
            "The picture with the evidence for and against the answer over it, or the answer with the heat map.",
            PngResponse.media_type,
            schema,
            explained_picture_example(task),
        )
        | error_responses(*ERRORS),
        openapi_extra=one_input_body(task) | {"parameters": [*query.documented(), DEADLINE_PARAMETER]},
    )


def _add_text(router: APIRouter, task: Task) -> None:
    query = query_of(task, explained=True)

    async def explain(request: Request) -> Response:
        call = begin(request, task, query)
        text = await read_one(request, task, call.service.settings)
        work = partial(explanation.explain_text, text=text, most=call.options.words)
        explained = await call.wait_for(call.service.predictor.run(call.model, work, call.seconds))
        answer = call.answer(explained.prediction)
        found = [WordEvidence(word=word, evidence=evidence) for word, evidence in explained.words]
        return one_response(ExplainedText(**answer.model_dump(), words=found))

    router.add_api_route(
        f"/{task.name}",
        explain,
        methods=["POST"],
        operation_id=f"explain_{task.name}",
        summary=f"{task.title}: the words that carried the answer",
        response_model=ExplainedText,
        description=_describe_text(task),
        responses=ok_response(explained_text_example(task), "The answer and its words.") | error_responses(*ERRORS),
        openapi_extra=one_input_body(task) | {"parameters": [*query.documented(), DEADLINE_PARAMETER]},
    )


def _draw(model: LoadedModel, picture: bytes, options: Options) -> bytes:
    shown = read_colour(picture, model.limits, LONGEST_SIDE)
    if options.layer == "picture":
        return draw_picture(shown)
    explained = explanation.explain_picture(model, picture, options.threshold)
    if options.layer == "evidence":
        height, width = shown.shape[:2]
        return draw_evidence(explained.heatmap, height, width)
    return draw_explained(shown, explained.heatmap, _caption(explained.prediction))


def _caption(prediction: Prediction) -> Caption:
    title = f"{prediction.label}  {prediction.probability:.1%}"
    return Caption(prediction.label, title, "" if prediction.in_distribution else UNFAMILIAR)


def _describe_picture(task: Task) -> str:
    path = f"localhost:8000/explain/{task.name}"
    return (
        f"{task.summary} Send the picture as to `/predict/{task.name}`. The answer is a PNG: the picture, upright and "
        f"at most {LONGEST_SIDE} pixels long, under its class activation map. Red is evidence for the answer, blue "
        "against it, in logits; the more opaque, the stronger. The title has the label and its probability, and "
        "warns of a picture that is not in distribution. A client whose `Accept` header prefers `application/json` "
        "gets the answer with the map's numbers. With `?layer=picture` the PNG is the picture alone, as it was read, "
        "and with `?layer=evidence` the map alone, of the same size, to lay over it.\n\n"
        f"```\ncurl -F file=@picture.jpg -o explained.png {path}\n"
        f"curl -F file=@picture.jpg -H 'Accept: application/json' {path}\n```"
    )


def _describe_text(task: Task) -> str:
    return (
        f"{task.summary} Send the text as to `/predict/{task.name}`. The answer is the same, and `words`: those that "
        "speak for the label, the strongest first, each with what all its occurrences add. Words that speak against it "
        f"are not listed.\n\n"
        f"""```\ncurl --json '{{"text": "Oil prices rose."}}' localhost:8000/explain/{task.name}\n```"""
    )
