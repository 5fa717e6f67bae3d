"""`/v2/health`: as `/health`, for clients of the protocol."""

from fastapi import APIRouter, Request

from app.openapi import inference_error_responses, ok_response
from app.problem_types import NOT_READY
from app.problems import ProblemError
from app.routes.dependencies import RegistryOf
from app.routes.states import why_not_ready
from app.routes.v2.paths import PREFIX, TAGS
from app.schemas_v2 import ServerLive, ServerReady

router = APIRouter(prefix=f"{PREFIX}/health", tags=TAGS)


@router.get(
    "/live",
    summary="Does the server answer?",
    responses=ok_response({"live": True}, "It does.") | inference_error_responses(),
)
async def server_live() -> ServerLive:
    """Whether to restart the process."""
    return ServerLive()


@router.get(
    "/ready",
    summary="Does every model answer?",
    responses=ok_response({"ready": True}, "All do.") | inference_error_responses(NOT_READY),
)
async def server_ready(request: Request, registry: RegistryOf) -> ServerReady:
    """Whether to send requests here. A model that was unloaded does not count."""
    reason = why_not_ready(registry.states(), request.app.state.stopping)
    if reason is not None:
        raise ProblemError(NOT_READY, reason)
    return ServerReady()
