"""The backend of the ingress: what replicas report, and answers that they give."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from ray.exceptions import RayActorError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RayServeException
from ray.serve.handle import DeploymentHandle

from app.backend import Backend
from app.inputs.errors import InputError
from app.serving.errors import FullError, ModelUnavailableError
from app.serving.model import LoadedModel, Payload, Prediction
from app.serving.reloading import Reload
from app.serving.scheduling.admission import Admission
from app.serving.versions import TaskState
from app.tasks import TASKS
from scale.carried import Carried
from scale.errors import AbsentVersionError, ChangeUnavailableError
from scale.limits import let_in
from scale.messages import ARRIVAL_SECONDS, Report
from scale.versions import NO_REPLICA, REPORT_SECONDS

Handle = DeploymentHandle[Any]
Result = TypeVar("Result")

LOOK_SECONDS = 1.0
"""How often replicas are asked for their state."""

START_SECONDS = 60.0
"""How long the ingress waits for the first report of every task before it answers for those that it has."""

ATTEMPTS = 2
"""How often an input is sent, or a reload asked for: again if the process that had it died. An input that kills
replicas kills no more."""

NO_KEEPER = "the keeper of versions does not run; ask again"

logger = logging.getLogger(__name__)


class ReportedModels:
    """The tasks' states as the replicas reported them last. See `app.backend.Models`."""

    def __init__(self, handles: Mapping[str, Handle], on_replicas: Callable[[str, int], None]) -> None:
        self._handles = handles
        self._on_replicas = on_replicas
        self._states = {task.name: TaskState(task, absence=NO_REPLICA) for task in TASKS}

    def states(self) -> tuple[TaskState, ...]:
        """Return every task's state, in the order of the tasks."""
        return tuple(self._states.values())

    def state(self, task: str) -> TaskState:
        """Return one task's state."""
        return self._states[task]

    def model(self, task: str, version: int | None = None) -> LoadedModel:
        """Return what is known of a model that replicas have."""
        return self._states[task].choose(version)

    async def look(self) -> bool:
        """Ask all replicas for their state; say whether one of every task has answered."""
        return all(await asyncio.gather(*(self.look_at(task) for task in self._handles)))

    async def look_at(self, task: str) -> bool:
        """Ask the replicas of a task for their state. Of several, the one with the latest wish is believed.

        Where one does not answer in time, what is known stays: the others may answer requests.
        """
        try:
            answers = (
                await self._handles[task]
                .broadcast("report")
                .results_async(timeout_s=REPORT_SECONDS, return_exceptions=True)
            )
        except TimeoutError:
            return False
        except RayServeException:
            answers = []
        reports = [answer for answer in answers if isinstance(answer, Report)]
        if reports:
            self._states[task] = max(reports, key=_number).state
        else:
            before = self._states[task]
            self._states[task] = TaskState(before.task, absence=NO_REPLICA, unloaded=before.unloaded)
        self._on_replicas(task, len(reports))
        return bool(reports)


class RemoteAnswers:
    """Answers that replicas give. See `app.backend.Answers`.

    An input that there is no room for is refused before it is sent on, by what this ingress has sent already.

    Args:
        handles: each task's deployment.
        held: the most inputs that a replica of each task holds.
        queued: the most that wait before all replicas of a task.
    """

    def __init__(self, handles: Mapping[str, Handle], held: Mapping[str, int], queued: int) -> None:
        self._handles = handles
        self._held = held
        self._queued = queued
        self._admissions = {task: Admission(queued) for task in handles}

    async def predict(
        self,
        model: LoadedModel,
        payloads: Sequence[Payload],
        threshold: float | None = None,
        seconds: float | None = None,
    ) -> list[Prediction | InputError]:
        """Have a replica answer each payload in order; one that cannot be read gets its error."""
        task, sha256 = _identity(model)
        with self._admissions[task].admitted(len(payloads), seconds):
            answers = await self._ask(task, "predict", sha256, list(payloads), threshold, seconds)
        return [_result(answer) for answer in answers]

    async def run(
        self, model: LoadedModel, work: Callable[[LoadedModel], Result], seconds: float | None = None
    ) -> Result:
        """Have a replica do other work with a model."""
        task, sha256 = _identity(model)
        with self._admissions[task].admitted(1, seconds):
            result: Result = await self._ask(task, "run", sha256, work, seconds)
        return result

    def check_room(self, task: str, count: int = 1, seconds: float | None = None) -> None:
        """Check that `count` more inputs for a task would be let in now."""
        self._admissions[task].check(count, seconds)

    def inside(self, task: str) -> int:
        """Return how many inputs for a task's model this ingress has let in and not yet answered."""
        return self._admissions[task].inside

    def note_replicas(self, task: str, count: int) -> None:
        """Let in as many inputs as that many replicas, and the queue before them, hold."""
        self._admissions[task].capacity = let_in(count, self._held[task], self._queued)

    async def _ask(self, task: str, method: str, *arguments: object) -> Any:
        deaths = 0
        loop = asyncio.get_running_loop()
        gives_up = loop.time() + ARRIVAL_SECONDS
        while True:
            response = getattr(self._handles[task], method).remote(*arguments)
            try:
                answer = await response
            except asyncio.CancelledError:
                # Its deadline has passed or the client has gone: a replica that has not begun never does.
                response.cancel()
                raise
            except BackPressureError as error:
                raise FullError(self.inside(task), self._admissions[task].capacity) from error
            except DeploymentUnavailableError as error:
                raise ModelUnavailableError(task, NO_REPLICA) from error
            except RayActorError as error:
                deaths += 1
                logger.warning("%s: the replica that had an input has died (attempt %d): %s", task, deaths, error)
                if deaths == ATTEMPTS:
                    raise ModelUnavailableError(task, "the replicas that had the input have died") from error
                continue
            if not isinstance(answer, Carried):
                return answer
            if answer.kind is not AbsentVersionError or loop.time() >= gives_up:
                raise answer.error()


class RemoteReloads:
    """Reloads in all replicas. See `app.serving.reloading.Reloads`."""

    def __init__(self, versions: Handle, models: ReportedModels) -> None:
        self._versions = versions
        self._models = models

    async def reload(self, task: str, version: int | None) -> Reload:
        """Let a version serve in all replicas of a task."""
        done: Reload = await self._have_done(task, "reload", task, version)
        return done

    async def unload(self, task: str) -> None:
        """Let no version serve in any replica of a task."""
        await self._have_done(task, "unload", task)

    async def _have_done(self, task: str, method: str, *arguments: object) -> Any:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = await getattr(self._versions, method).remote(*arguments)
                break
            except RayServeException as error:
                raise ChangeUnavailableError(task, NO_KEEPER) from error
            except RayActorError as error:
                # It is started anew, and to do all once more does no harm.
                logger.warning("%s: the keeper of versions has died (attempt %d): %s", task, attempt, error)
                if attempt == ATTEMPTS:
                    raise ChangeUnavailableError(task, NO_KEEPER) from error
        await self._models.look_at(task)
        if isinstance(answer, Carried):
            raise answer.error()
        return answer


@asynccontextmanager
async def remote_backend(
    handles: Mapping[str, Handle], versions: Handle, held: Mapping[str, int], queued: int
) -> AsyncIterator[Backend]:
    """Give the backend that forwards to each task's deployment, and look at the replicas as long as it is open.

    Args:
        handles: each task's deployment.
        versions: the keeper of versions.
        held: the most inputs that a replica of each task holds.
        queued: the most that wait before all replicas of a task.
    """
    answers = RemoteAnswers(handles, held, queued)
    models = ReportedModels(handles, answers.note_replicas)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(START_SECONDS):
            while not await models.look():
                await asyncio.sleep(0.1)
    looking = asyncio.create_task(_look_on(models))
    try:
        yield Backend(models, answers, RemoteReloads(versions, models))
    finally:
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking


async def _look_on(models: ReportedModels) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await models.look()
        # Whatever went wrong with one look, the next may find it right.
        except Exception:
            logger.exception("the replicas could not be asked for their state")


def _number(report: Report) -> int:
    return report.wish.number if report.wish else -1


def _result(answer: Prediction | Carried) -> Prediction | InputError:
    if not isinstance(answer, Carried):
        return answer
    error = answer.error()
    if not isinstance(error, InputError):
        raise error
    return error


def _identity(model: LoadedModel) -> tuple[str, str]:
    return model.artifact.manifest.task, model.artifact.sha256
