"""What every call that runs a model begins with: its choices, its model, its time, and room in the queue."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request

from app.middleware.request_id import request_id_of
from app.routes.answers import answer_of
from app.routes.dependencies import Service, service_of
from app.routes.options import Options, Query
from app.routes.waiting import in_time, seconds_for
from app.schemas import Answer
from app.serving.model import LoadedModel, Prediction
from app.tasks import Task
from app.telemetry.facts import facts_of

Result = TypeVar("Result")


@dataclass(frozen=True)
class Call:
    """A request that may be read and answered."""

    request: Request
    task: Task
    service: Service
    options: Options
    model: LoadedModel
    seconds: float

    async def wait_for(self, answer: Awaitable[Result]) -> Result:
        """Await the answer, in time. See `in_time`."""
        return await in_time(self.request, self.seconds, answer)

    def answer(self, prediction: Prediction) -> Answer:
        """Return the answer to one of its inputs."""
        request_id = request_id_of(self.request.scope)
        return answer_of(self.task, self.model.artifact, prediction, self.options.top, request_id)


def begin(request: Request, task: Task, query: Query) -> Call:
    """Look at a request, with its choices in its query, before its body is read. See `begin_with`.

    Raises:
        ProblemError: a choice or the deadline is not as documented.
    """
    return begin_with(request, task, query.read(request))


def begin_with(request: Request, task: Task, options: Options) -> Call:
    """Look at a request before its body is read.

    Raises:
        ProblemError: the deadline is not as documented.
        ModelUnavailableError: no model of the task is loaded.
        VersionNotLoadedError: not the version that it asks for.
        OverloadedError: too many inputs wait, or more than its deadline leaves time for.
    """
    service = service_of(request)
    seconds = seconds_for(request, service.settings)
    facts = facts_of(request.scope)
    if facts is not None:
        facts.task = task.name
    model = service.registry.model(task.name, options.version)
    if facts is not None:
        facts.version = model.artifact.manifest.version
    service.predictor.check_room(task.name, 1, seconds)
    return Call(request, task, service, options, model, seconds)
