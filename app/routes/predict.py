"""`POST /predict/<task>` and its batch form: await one call to the model, map its result to the answer."""

from fastapi import APIRouter, Request, Response

from app.examples import answer_example, problem_example
from app.inputs.errors import InputError
from app.inputs.sniff import READ_FORMATS
from app.middleware.request_id import request_id_of
from app.openapi import batch_body, error_responses, ok_response, one_input_body
from app.problem_types import (
    BROKEN,
    DEADLINE,
    EMPTY,
    MALFORMED,
    NO_SUCH_VERSION,
    OVERLOADED,
    OVERSIZED,
    REQUEST_TIMEOUT,
    TOO_LARGE,
    UNAVAILABLE,
    UNSUPPORTED,
)
from app.problems import problem_of_input
from app.routes.answers import list_response, one_response
from app.routes.calls import begin
from app.routes.options import query_of
from app.routes.payloads import read_many, read_one
from app.routes.waiting import DEADLINE_PARAMETER
from app.schemas import Answer, Decision, Problem
from app.tasks import TASKS, Task

ONE_ERRORS = (
    MALFORMED,
    EMPTY,
    NO_SUCH_VERSION,
    REQUEST_TIMEOUT,
    TOO_LARGE,
    UNSUPPORTED,
    BROKEN,
    OVERSIZED,
    UNAVAILABLE,
    OVERLOADED,
    DEADLINE,
)
BATCH_ERRORS = (MALFORMED, NO_SUCH_VERSION, REQUEST_TIMEOUT, TOO_LARGE, UNSUPPORTED, UNAVAILABLE, OVERLOADED, DEADLINE)


def predict_router() -> APIRouter:
    """Return the routes of every task."""
    router = APIRouter(prefix="/predict", tags=["predict"])
    for task in TASKS:
        _add_one(router, task)
        _add_batch(router, task)
    return router


def _add_one(router: APIRouter, task: Task) -> None:
    query = query_of(task)

    async def predict(request: Request) -> Response:
        call = begin(request, task, query)
        payload = await read_one(request, task, call.service.settings)
        predicted = call.service.predictor.predict(call.model, [payload], call.options.threshold, call.seconds)
        [result] = await call.wait_for(predicted)
        if isinstance(result, InputError):
            raise result
        return one_response(call.answer(result))

    router.add_api_route(
        f"/{task.name}",
        predict,
        methods=["POST"],
        operation_id=f"predict_{task.name}",
        summary=task.title,
        description=_describe_one(task),
        response_model=_answer_model(task),
        responses=ok_response(answer_example(task), "The answer.") | error_responses(*ONE_ERRORS),
        openapi_extra=one_input_body(task) | {"parameters": [*query.documented(), DEADLINE_PARAMETER]},
    )


def _add_batch(router: APIRouter, task: Task) -> None:
    query = query_of(task)

    async def predict_batch(request: Request) -> Response:
        call = begin(request, task, query)
        payloads = await read_many(request, task, call.service.settings)
        predicted = call.service.predictor.predict(call.model, payloads, call.options.threshold, call.seconds)
        results = await call.wait_for(predicted)
        request_id = request_id_of(request.scope)
        return list_response(
            problem_of_input(result, request_id) if isinstance(result, InputError) else call.answer(result)
            for result in results
        )

    example = [answer_example(task), problem_example(BROKEN)]
    router.add_api_route(
        f"/{task.name}/batch",
        predict_batch,
        methods=["POST"],
        operation_id=f"predict_{task.name}_batch",
        summary=f"{task.title}, many at once",
        description=_describe_batch(task),
        response_model=list[_answer_model(task) | Problem],  # type: ignore[misc]
        responses=ok_response(example, "An answer or a problem for each input, in order.")
        | error_responses(*BATCH_ERRORS),
        openapi_extra=batch_body(task) | {"parameters": [*query.documented(), DEADLINE_PARAMETER]},
    )


def _answer_model(task: Task) -> type[Answer]:
    return Decision if task.has_threshold else Answer


def _describe_one(task: Task) -> str:
    path = f"localhost:8000/predict/{task.name}"
    if task.kind == "text":
        how = "JSON, plain UTF-8 text, or a text file as the form field `file`"
        first = f"""curl --json '{{"text": "Oil prices rose."}}' {path}"""
        second = f"curl -F file=@news.txt {path}"
    else:
        how = f"the picture ({READ_FORMATS}) as the form field `file`, or its bytes as the body; names do not matter"
        first, second = f"curl -F file=@picture.jpg {path}", f"curl --data-binary @picture.jpg {path}"
    return f"{task.summary} Send {how}.\n\n```\n{first}\n{second}\n```"


def _describe_batch(task: Task) -> str:
    json_too = ', or JSON `{"texts": [...]}`' if task.kind == "text" else ""
    return (
        f"{task.summary} Send each input as a form field `files`{json_too}. An input that cannot be read has "
        f"its problem at its place in the list and fails no other.\n\n"
        f"```\ncurl -F files=@first -F files=@second localhost:8000/predict/{task.name}/batch\n```"
    )
