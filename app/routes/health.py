"""`/health`: whether the process answers, and whether every task can be answered."""

from fastapi import APIRouter, Request, Response

from app.examples import not_ready_example, readiness_example
from app.middleware.request_id import request_id_of
from app.openapi import RETRY_AFTER, error_responses, ok_response, reference
from app.problem_types import NOT_READY
from app.problems import MEDIA_TYPE, problem_of, problem_response
from app.routes.dependencies import RegistryOf
from app.routes.states import readiness_of, why_not_ready
from app.schemas import Live, NotReady, Ready

router = APIRouter(prefix="/health", tags=["health"])


@router.get(
    "/live",
    summary="Does the process answer?",
    responses=ok_response({"status": "live"}, "It does.") | error_responses(),
)
async def live() -> Live:
    """Whether to restart the process."""
    return Live()


@router.get(
    "/ready",
    summary="Can every task be answered?",
    response_model=Ready,
    responses=ok_response({"status": "ready", "tasks": readiness_example()}, "All can.")
    | error_responses()
    | {
        503: {
            "description": NOT_READY.meaning,
            "headers": RETRY_AFTER,
            "content": {MEDIA_TYPE: {"schema": reference(NotReady), "example": not_ready_example()}},
        }
    },
)
async def ready(request: Request, registry: RegistryOf) -> Ready | Response:
    """Whether to send requests here, and if not, which tasks lack a model and why, or that the service stops.

    A task that an administrator has unloaded does not count.
    """
    tasks = {state.task.name: readiness_of(state) for state in registry.states()}
    detail = why_not_ready(registry.states(), request.app.state.stopping)
    if detail is None:
        return Ready(tasks=tasks)
    problem = problem_of(NOT_READY, detail, request_id_of(request.scope))
    return problem_response(NotReady(**problem.model_dump(), tasks=tasks))
