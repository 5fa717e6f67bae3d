"""Every error a client can get, as RFC 9457 problem details: where exceptions become statuses, here alone."""

import errno
import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from app.access.errors import AccessError, RateLimitedError
from app.inputs.errors import (
    BrokenInputError,
    EmptyInputError,
    InputError,
    OversizedInputError,
    UnsupportedInputError,
)
from app.middleware.encoding import ENCODINGS
from app.middleware.paths import is_inference_protocol, path_of
from app.middleware.request_id import REQUEST_ID_HEADER, request_id_of
from app.problem_types import (
    BROKEN,
    CLIENT_GONE,
    DEADLINE,
    EMPTY,
    FILES_UNAVAILABLE,
    INTERNAL,
    MALFORMED,
    METHOD_NOT_ALLOWED,
    NO_SUCH_VERSION,
    NOT_EXPLAINED,
    NOT_FOUND,
    OVERLOADED,
    OVERSIZED,
    PARTLY_DONE,
    PROBLEM_TYPES,
    QUEUE_FULL,
    RATE_LIMITED,
    UNAUTHENTICATED,
    UNAVAILABLE,
    UNSUPPORTED,
    UNSUPPORTED_ENCODING,
    VERSION_REFUSED,
    ProblemType,
)
from app.schemas import Problem
from app.serving.errors import (
    DeadlineError,
    ExplanationFilesError,
    ModelUnavailableError,
    NotExplainedError,
    OverloadedError,
    PartlyReloadedError,
    PartlyUnloadedError,
    VersionNotFoundError,
    VersionNotLoadedError,
    VersionRefusedError,
)
from app.telemetry.facts import facts_of

MEDIA_TYPE = "application/problem+json"

logger = logging.getLogger(__name__)


class ProblemError(Exception):
    """Raised by a route for an error that is HTTP's own. `str(error)` is the `detail`.

    `reason` is what metrics and log call it, the slug of its type unless given: it tells apart what clients need not.
    """

    def __init__(self, type: ProblemType, detail: str, reason: str = "") -> None:
        self.type = type
        self.reason = reason or type.slug
        super().__init__(detail)


_RETRY_SECONDS: Mapping[str, int | None] = {type.uri: type.retry_seconds for type in PROBLEM_TYPES}
_SLUGS: Mapping[str, str] = {type.uri: type.slug for type in PROBLEM_TYPES}
_INPUT_ERRORS: Mapping[type[InputError], ProblemType] = {
    EmptyInputError: EMPTY,
    UnsupportedInputError: UNSUPPORTED,
    BrokenInputError: BROKEN,
    OversizedInputError: OVERSIZED,
}


def problem_of(type: ProblemType, detail: str, request_id: str) -> Problem:
    """Return the problem details of one error."""
    return Problem(type=type.uri, title=type.title, status=type.status, detail=detail, request_id=request_id)


def problem_of_input(error: InputError, request_id: str) -> Problem:
    """Return the problem details of an input that cannot be read."""
    return problem_of(type_of_input(error), str(error), request_id)


def type_of_input(error: InputError) -> ProblemType:
    """Return the kind of problem that an input is."""
    return next((_INPUT_ERRORS[kind] for kind in type(error).__mro__ if kind in _INPUT_ERRORS), MALFORMED)


class ProblemResponse(Response):
    """A problem as a response. To a call of the Open Inference Protocol it has the member `error`, as that states.

    Whoever observes the request learns `reason`.
    """

    media_type = MEDIA_TYPE

    def __init__(self, problem: Problem, headers: Mapping[str, str], reason: str) -> None:
        super().__init__(problem.model_dump_json(), problem.status, headers)
        self._problem = problem
        self._reason = reason

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request of an ASGI scope."""
        facts = facts_of(scope)
        if facts is not None:
            facts.problem = self._reason
        if is_inference_protocol(path_of(scope)):
            self.body = self.render(inference_error_of(self._problem))
            self.headers["Content-Length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


def inference_error_of(problem: Problem) -> str:
    """Return a problem's JSON with the member `error` that the Open Inference Protocol states."""
    return json.dumps({**problem.model_dump(mode="json"), "error": problem.detail}, separators=(",", ":"))


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None, reason: str = "") -> Response:
    """Return a problem as a response, with the request's id and, where that makes sense, when to try again.

    `headers` come before those of the problem's kind. `reason` is what metrics and log call it, the slug of its type
    unless given, or the status of one that has no type.
    """
    seconds = _RETRY_SECONDS.get(problem.type)
    own = {} if seconds is None else {"Retry-After": str(seconds)}
    if problem.status == HTTPStatus.UNAUTHORIZED:
        # RFC 9110, section 15.5.2, wants the scheme named.
        own["WWW-Authenticate"] = "Bearer"
    if problem.status == HTTPStatus.REQUEST_TIMEOUT:
        # RFC 9110, section 15.5.9: the rest of a request that came too late would be taken for another one.
        own["Connection"] = "close"
    if problem.type == UNSUPPORTED_ENCODING.uri:
        # RFC 9110, section 15.5.16.
        own["Accept-Encoding"] = ", ".join(ENCODINGS)
    all_headers = {**own, **(headers or {}), REQUEST_ID_HEADER: problem.request_id}
    return ProblemResponse(problem, all_headers, reason or _SLUGS.get(problem.type, str(int(problem.status))))


def validation_detail(errors: Sequence[ErrorDetails]) -> str:
    """Say where a request is not as documented, and what was expected there."""
    return "; ".join(
        f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}" if error["loc"] else error["msg"]
        for error in errors
    )


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every exception that a request can cause with problem details."""

    async def answer(request: Request, error: Exception) -> Response:
        type_, detail = _explain(request, error)
        headers = error.headers if isinstance(error, HTTPException) else None
        problem = problem_of(type_, detail, request_id_of(request.scope))
        return problem_response(problem, headers, _reason_of(error))

    for kind in (
        ProblemError,
        InputError,
        ModelUnavailableError,
        NotExplainedError,
        ExplanationFilesError,
        OverloadedError,
        DeadlineError,
        PartlyReloadedError,
        PartlyUnloadedError,
        VersionNotFoundError,
        VersionNotLoadedError,
        VersionRefusedError,
        RequestValidationError,
        HTTPException,
        ClientDisconnect,
        OSError,
    ):
        app.add_exception_handler(kind, answer)


def internal_error_response(request_id: str) -> Response:
    """Return the answer to a request that met a defect. It tells nothing of the defect."""
    return problem_response(problem_of(INTERNAL, INTERNAL.example, request_id))


def access_response(error: AccessError, request_id: str) -> Response:
    """Return the answer to a call that is not let in."""
    if isinstance(error, RateLimitedError):
        headers = {"Retry-After": str(error.retry_seconds)}
        return problem_response(problem_of(RATE_LIMITED, str(error), request_id), headers)
    return problem_response(problem_of(UNAUTHENTICATED, str(error), request_id))


def _reason_of(error: Exception) -> str:
    """Return what metrics and log call an error, empty for its type's slug."""
    match error:
        case ProblemError():
            return error.reason
        case OverloadedError():
            return QUEUE_FULL
        case ClientDisconnect():
            return CLIENT_GONE
    return ""


def _explain(request: Request, error: Exception) -> tuple[ProblemType, str]:
    match error:
        case ProblemError():
            explained = error.type, str(error)
        case InputError():
            explained = type_of_input(error), str(error)
        case ModelUnavailableError():
            explained = UNAVAILABLE, str(error)
        case NotExplainedError():
            explained = NOT_EXPLAINED, str(error)
        case ExplanationFilesError() | OSError():
            explained = FILES_UNAVAILABLE, _explain_files(error)
        case OverloadedError():
            explained = OVERLOADED, str(error)
        case DeadlineError():
            explained = DEADLINE, str(error)
        case VersionNotFoundError() | VersionNotLoadedError():
            explained = NO_SUCH_VERSION, str(error)
        case VersionRefusedError() | PartlyReloadedError() | PartlyUnloadedError():
            explained = VERSION_REFUSED if isinstance(error, VersionRefusedError) else PARTLY_DONE, str(error)
        case RequestValidationError():
            explained = MALFORMED, validation_detail(error.errors())
        case HTTPException():
            explained = _explain_http(request, error)
        case _:
            explained = MALFORMED, "The connection closed before the whole body had come."
    return explained


def _explain_files(error: ExplanationFilesError | OSError) -> str:
    """Say which files cannot be had. An operating system's error that is not about file handles is raised again."""
    match error:
        case OSError(errno=errno.EMFILE | errno.ENFILE):
            logger.warning("no file handle is free: %s", error)
            return "No file handle is free: too many clients are connected. Predictions are answered as before."
        case OSError():
            raise error
    return str(error)


def _explain_http(request: Request, error: HTTPException) -> tuple[ProblemType, str]:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return NOT_FOUND, f"There is nothing at {request.url.path}. /docs lists the calls."
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return METHOD_NOT_ALLOWED, f"{request.method} is not allowed here."
    status = HTTPStatus(error.status_code)
    return ProblemType("", status, status.phrase, status.description, ""), str(error.detail)
