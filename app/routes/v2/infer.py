"""`POST /v2/models/<model>/infer`: tensors in, tensors out, through the same queue as `/predict`."""

from collections.abc import Sequence
from dataclasses import replace

from fastapi import APIRouter, Request, Response

from app.inputs.errors import InputError
from app.openapi import inference_error_responses
from app.problem_types import (
    DEADLINE,
    INVALID_TENSOR,
    MALFORMED,
    NO_SUCH_VERSION,
    NOT_FOUND,
    OVERLOADED,
    REQUEST_TIMEOUT,
    TOO_LARGE,
    UNAVAILABLE,
    UNSUPPORTED_ENCODING,
)
from app.problems import ProblemError
from app.routes.calls import begin_with
from app.routes.dependencies import service_of
from app.routes.options import Options
from app.routes.v2.documentation import infer_body, infer_parameters, infer_response
from app.routes.v2.framing import JSON_LENGTH_HEADER
from app.routes.v2.outputs import Predictions, answer
from app.routes.v2.paths import MODEL, PREFIX, TAGS, VERSION, parameters_of, state_named, version_named
from app.routes.v2.request import Inference, read_inference
from app.routes.waiting import DEADLINE_PARAMETER
from app.schemas_v2 import InferenceResponse
from app.serving.model import Prediction

ERRORS = (
    MALFORMED,
    INVALID_TENSOR,
    NOT_FOUND,
    NO_SUCH_VERSION,
    REQUEST_TIMEOUT,
    TOO_LARGE,
    UNSUPPORTED_ENCODING,
    UNAVAILABLE,
    OVERLOADED,
    DEADLINE,
)

router = APIRouter(prefix=PREFIX, tags=TAGS)


async def infer(request: Request) -> Response:
    r"""Run a model on the elements of one input tensor, and return the output tensors.

    The input is a tensor of pictures as the model takes them (`inputs`), of picture files (`encoded`), or of texts; the
    model's metadata states its name, datatype and shape. Elements lie in the JSON or, with the header
    `Inference-Header-Content-Length`, after it in binary; without any JSON, length 0, the body is one file or text.
    The body may be compressed with gzip or deflate.

    ```
    curl --json '{"inputs": [{"name": "inputs", "datatype": "BYTES", "shape": [1], "data": ["Oil prices rose."]}]}' \
        localhost:8000/v2/models/topic/infer
    curl -H 'Inference-Header-Content-Length: 0' --data-binary @cat.jpg localhost:8000/v2/models/catdog/infer
    ```
    """
    task = state_named(request, service_of(request).registry).task
    call = begin_with(request, task, Options(version=version_named(request)))
    most = call.service.settings.max_batch_items
    stated_length = request.headers.get(JSON_LENGTH_HEADER)
    asked = read_inference(await request.body(), stated_length, call.model.artifact.manifest, most)
    if asked.seconds is not None:
        call = replace(call, seconds=min(call.seconds, asked.seconds))
    results = await call.wait_for(call.service.predictor.predict(call.model, asked.payloads, asked.threshold))
    return answer(asked, call.model.artifact, _all_read(asked, results))


def _all_read(asked: Inference, results: Sequence[Prediction | InputError]) -> Predictions:
    """Return the predictions, or say of the first element that could not be read why.

    Raises:
        ProblemError: one could not.
    """
    predictions = []
    for index, result in enumerate(results):
        if isinstance(result, InputError):
            raise ProblemError(INVALID_TENSOR, f"Input {asked.input!r}, element {index}: {result}") from result
        predictions.append(result)
    return predictions


for _path, _title in ((MODEL, "Run a model"), (VERSION, "Run a version of a model")):
    router.add_api_route(
        f"{_path}/infer",
        infer,
        methods=["POST"],
        operation_id=f"infer{'_version' if _path == VERSION else ''}",
        summary=_title,
        response_model=InferenceResponse,
        responses=infer_response() | inference_error_responses(*ERRORS),
        openapi_extra={
            "requestBody": infer_body(),
            "parameters": [*parameters_of(_path), *infer_parameters(), DEADLINE_PARAMETER],
        },
    )
