"""`POST /models/<task>/reload`: another version serves from now on, if it passes its checks."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.examples import reloaded_example
from app.openapi import error_responses, ok_response
from app.problem_types import (
    FORBIDDEN,
    MALFORMED,
    NO_SUCH_VERSION,
    NOT_FOUND,
    PARTLY_DONE,
    UNAUTHENTICATED,
    VERSION_REFUSED,
)
from app.routes.admin import require_admin
from app.routes.dependencies import ReloadsOf, TaskStateOf
from app.schemas import ModelIdentity, Reloaded
from app.serving.artifact import Artifact

router = APIRouter(prefix="/models", tags=["models"], dependencies=[Depends(require_admin)])

ERRORS = (MALFORMED, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, NO_SUCH_VERSION, VERSION_REFUSED, PARTLY_DONE)


@router.post(
    "/{task}/reload",
    summary="Let another version serve",
    responses=ok_response(reloaded_example(), "It serves.") | error_responses(*ERRORS),
)
async def reload_model(
    state: TaskStateOf,
    reloads: ReloadsOf,
    version: Annotated[
        int | None, Query(ge=1, description="the version to load, an older one to roll back; the newest unless named")
    ] = None,
) -> Reloaded:
    """Load a version from disk beside the one that serves, check it as at start-up, and let it serve.

    Requests that came before are answered by the version that served then, which is freed after the last of them. A
    version that is refused changes nothing. Reloads and unloads are done one after the other. Of several processes all
    do it, and the answer comes when they have.

    ```
    curl -X POST -H "Authorization: Bearer $KEY" localhost:8000/models/pneumonia/reload
    curl -X POST -H "Authorization: Bearer $KEY" localhost:8000/models/pneumonia/reload?version=1
    ```
    """
    task = state.task.name
    reload = await reloads.reload(task, version)
    done = reload.replacement
    return Reloaded(
        task=task,
        model=_identity(done.now),
        previous=_identity(done.before) if done.before else None,
        loaded=done.loaded,
        processes=reload.processes,
    )


def _identity(artifact: Artifact) -> ModelIdentity:
    return ModelIdentity(version=artifact.manifest.version, sha256=artifact.sha256)
