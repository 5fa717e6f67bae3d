"""`/v2/repository`: which models there are, and, for an administrator, loading and unloading them."""

from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ValidationError

from app.openapi import inference_error_responses, ok_response
from app.problem_types import (
    FORBIDDEN,
    MALFORMED,
    NO_SUCH_VERSION,
    NOT_FOUND,
    REQUEST_TIMEOUT,
    TOO_LARGE,
    UNAUTHENTICATED,
    UNSUPPORTED_ENCODING,
    VERSION_REFUSED,
)
from app.problems import ProblemError, validation_detail
from app.routes.admin import require_admin
from app.routes.dependencies import RegistryOf, ReloadsOf
from app.routes.v2 import documentation
from app.routes.v2.paths import MODEL, PREFIX, TAGS, parameters_of, state_named
from app.schemas_v2 import IndexRequest, LoadRequest, RepositoryModel, UnloadRequest
from app.serving.versions import TaskState

BODY_ERRORS = (MALFORMED, REQUEST_TIMEOUT, TOO_LARGE, UNSUPPORTED_ENCODING)
ADMIN_ERRORS = (*BODY_ERRORS, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND)
MAX_BYTES = 65_536
"""Of a body: more is no request of these calls, but a model or its configuration."""

Body = TypeVar("Body", bound=BaseModel)

router = APIRouter(prefix=f"{PREFIX}/repository", tags=TAGS)
admin_only = [Depends(require_admin)]


@router.post(
    "/index",
    summary="Every version of every model",
    response_model_exclude_none=True,
    responses=ok_response(documentation.INDEX, "The versions, newest first.") | inference_error_responses(*BODY_ERRORS),
    openapi_extra={"requestBody": documentation.optional_body(IndexRequest, {"ready": True})},
)
async def index(request: Request, registry: RegistryOf) -> list[RepositoryModel]:
    """Return each version with its state and, where it does not answer, the reason; with `ready` those that answer."""
    asked = await _parsed(request, IndexRequest)
    models = [entry for state in registry.states() for entry in _entries(state)]
    return [model for model in models if model.state == "READY" or not asked.ready]


@router.post(
    f"{MODEL}/load",
    summary="Let a version serve",
    dependencies=admin_only,
    responses=ok_response(documentation.LOADED, "It serves.")
    | inference_error_responses(*ADMIN_ERRORS, NO_SUCH_VERSION, VERSION_REFUSED),
    openapi_extra={
        "parameters": parameters_of(MODEL),
        "requestBody": documentation.optional_body(LoadRequest, {}),
    },
)
async def load(
    request: Request,
    registry: RegistryOf,
    reloads: ReloadsOf,
    version: Annotated[int | None, Query(ge=1, description="the version to load, the newest unless named")] = None,
) -> RepositoryModel:
    """Load a version from disk, check it as at start-up, and let it serve; as `POST /models/<task>/reload`.

    A version that is refused changes nothing. A model's configuration and files are those of its folder: a request
    that brings its own is refused.

    ```
    curl -X POST -H "Authorization: Bearer $KEY" localhost:8000/v2/repository/models/digit/load
    ```
    """
    task = state_named(request, registry).task.name
    asked = await _parsed(request, LoadRequest)
    if asked.parameters and (asked.parameters.config is not None or asked.parameters.model_extra):
        raise ProblemError(
            MALFORMED,
            "A model's configuration and files cannot be sent: they are those of its folder. `?version=` names one.",
        )
    done = (await reloads.reload(task, version)).replacement
    return RepositoryModel(name=task, version=str(done.now.manifest.version), state="READY", reason="")


@router.post(
    f"{MODEL}/unload",
    summary="Let no version serve",
    response_model_exclude_none=True,
    dependencies=admin_only,
    responses=ok_response(documentation.UNLOADED, "None serves.") | inference_error_responses(*ADMIN_ERRORS),
    openapi_extra={
        "parameters": parameters_of(MODEL),
        "requestBody": documentation.optional_body(UnloadRequest, {}),
    },
)
async def unload(request: Request, registry: RegistryOf, reloads: ReloadsOf) -> RepositoryModel:
    """Stop serving a model, in every call of the service, until it is loaded or the service is started again.

    Requests that came before are answered; its memory is freed with the last of them.
    """
    task = state_named(request, registry).task.name
    await _parsed(request, UnloadRequest)
    await reloads.unload(task)
    return RepositoryModel(name=task, state="UNAVAILABLE", reason=registry.state(task).reason or "")


def _entries(state: TaskState) -> list[RepositoryModel]:
    if not state.versions:
        return [RepositoryModel(name=state.task.name, state="UNAVAILABLE", reason=state.reason or "")]
    return [
        RepositoryModel(
            name=state.task.name,
            version=str(version.version),
            state="READY" if version.status == "available" else "UNAVAILABLE",
            reason=version.reason or "",
        )
        for version in state.versions
    ]


async def _parsed(request: Request, schema: type[Body]) -> Body:
    """Return a request's body, which may be left out.

    Raises:
        ProblemError: it is not as documented.
    """
    body = await request.body()
    if len(body) > MAX_BYTES:
        raise ProblemError(TOO_LARGE, f"The body of this call has more than {MAX_BYTES:,} bytes.")
    try:
        return schema.model_validate_json(body or b"{}")
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        raise ProblemError(MALFORMED, validation_detail(errors)) from error
