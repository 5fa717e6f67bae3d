"""Keeps what each task's replicas are to serve, and has all of them do it."""

import asyncio
import logging
import time
from collections import defaultdict
from typing import Any

from ray import serve
from ray.exceptions import ActorDiedError, RayTaskError
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle

from app.serving.errors import ModelUnavailableError, PartlyReloadedError, PartlyUnloadedError
from app.serving.reloading import Reload
from scale.carried import Carried
from scale.errors import ChangeUnavailableError
from scale.messages import CHANGE_SECONDS, Fulfilled, NumberedWish, Report

ANSWER_SECONDS = CHANGE_SECONDS + 60.0
"""How long a replica may take to answer. By then it has said that it is late or, if it is stuck, Ray has ended it."""

REPORT_SECONDS = 5.0
"""How long replicas may take to say what they serve."""

NO_REPLICA = "none of its replicas runs"
STUCK = "not all replicas have answered; ask again"

logger = logging.getLogger(__name__)


class Versions:
    """One process for all: reloads are done one after the other, in every replica at the same time.

    It keeps nothing on disk. Started anew, it learns from the replicas what was wished last.

    Args:
        tasks: the tasks' names, which are their deployments'.
        watch_seconds: how often the models folder is looked at for newer versions; 0 for never.
    """

    def __init__(self, tasks: tuple[str, ...], watch_seconds: float) -> None:
        self._app = serve.get_replica_context().app_name
        self._tasks = tasks
        self._wishes: dict[str, NumberedWish] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._watch = asyncio.ensure_future(self._watching(watch_seconds)) if watch_seconds else None

    async def agree(self, task: str, wish: NumberedWish | None) -> NumberedWish | None:
        """Take what a replica serves; return what all are to serve, None if that is not known."""
        known = self._wishes.get(task)
        if wish is not None and (known is None or wish.number > known.number):
            self._wishes[task] = wish
        return self._wishes.get(task)

    async def give_up(self, task: str, wish: NumberedWish) -> bool:
        """Forget a wish that a replica cannot fulfil if no other serves what was wished; say whether it is forgotten.

        What a replica tells next is then what all are to serve: else nobody could ever start where a version that once
        served is gone.
        """
        async with self._turns[task]:
            if self._wishes.get(task) != wish or await self._may_serve(task, wish.version):
                return False
            del self._wishes[task]
            logger.error("%s: version %s, which was to serve, is forgotten: nobody has it", task, wish.version)
            return True

    async def reload(self, task: str, version: int | None) -> Reload | Carried:
        """Let a version serve in all replicas, the newest unless one is named.

        Returns what one of them did, in as many as have done it; or the error. Where all refuse, nothing has changed.
        """
        async with self._turns[task]:
            number = self._next(task)
            try:
                answers = await self._ask_all(task, "reload", number, version)
            except ModelUnavailableError as error:
                return Carried.of(error)
            if not answers:
                return Carried.of(ModelUnavailableError(task, NO_REPLICA))
            done = [answer for answer in answers if isinstance(answer, Fulfilled)]
            problems = [_problem(answer) for answer in answers if not isinstance(answer, Fulfilled)]
            if not done:
                refusal = next((answer for answer in answers if isinstance(answer, Carried)), None)
                return refusal or Carried.of(PartlyReloadedError(task, version, 0, problems))
            # Each knows the versions on its own machine, and none of all of these is news to those who watch.
            best = max(done, key=lambda one: (one.wish.version or 0, one.wish.seen))
            self._wishes[task] = best.wish
            versions = [one.wish.version for one in done]
            problems += [f"version {each} is the newest there" for each in versions if each != best.wish.version]
            if problems:
                return Carried.of(PartlyReloadedError(task, best.wish.version, len(answers) - len(problems), problems))
            return Reload(best.replacement, len(done))

    async def unload(self, task: str) -> Carried | None:
        """Let no version serve in any replica, nor in those that start later; return what kept some from it."""
        async with self._turns[task]:
            number = self._next(task)
            # Replicas that fail do it at their health checks.
            self._wishes[task] = NumberedWish(number, None)
            try:
                answers = await self._ask_all(task, "unload", number)
            except ModelUnavailableError as error:
                return Carried.of(error)
            problems = [_problem(answer) for answer in answers if answer is not None]
            if problems:
                return Carried.of(PartlyUnloadedError(task, len(answers) - len(problems), problems))
            return None

    def _next(self, task: str) -> int:
        """Return a number above all that were given, also by this process's forerunners."""
        known = self._wishes.get(task)
        return max(time.time_ns(), known.number + 1 if known else 0)

    async def _may_serve(self, task: str, version: int | None) -> bool:
        """Say whether a version serves in a replica, or may: one that does not answer may have it."""
        try:
            reports = await self._ask_all(task, "report", seconds=REPORT_SECONDS)
        except ChangeUnavailableError:
            return True
        except ModelUnavailableError:
            return False
        return any(not isinstance(report, Report) or report.state.serving == version for report in reports)

    async def _ask_all(self, task: str, method: str, *arguments: object, seconds: float = ANSWER_SECONDS) -> list[Any]:
        """Call every replica; an error is its answer. One that died meanwhile has none: its successor is told the wish.

        Raises:
            ModelUnavailableError: there is none, or one is stuck.
        """
        try:
            handle: DeploymentHandle[Any] = serve.get_deployment_handle(task, self._app)
            answers: list[Any] = await handle.broadcast(method, *arguments).results_async(
                timeout_s=seconds, return_exceptions=True
            )
        # A `KeyError` is that Ray does not know the deployment yet.
        except (KeyError, RayServeException) as error:
            raise ModelUnavailableError(task, NO_REPLICA) from error
        except TimeoutError as error:
            raise ChangeUnavailableError(task, STUCK) from error
        return [answer for answer in answers if not isinstance(answer, ActorDiedError)]

    async def _watching(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            for task in self._tasks:
                try:
                    await self._look(task)
                except ModelUnavailableError as error:
                    logger.warning("nobody looks for a newer version: %s", error)
                # Whatever went wrong with one look, the next may find it right.
                except Exception:
                    logger.exception("%s: the replicas could not look for a newer version", task)

    async def _look(self, task: str) -> None:
        """Have all replicas look for a newer version; what one of them found, those that missed it are to serve too."""
        async with self._turns[task]:
            answers = await self._ask_all(task, "watch", self._next(task))
            found = [wish for wish in answers if isinstance(wish, NumberedWish)]
            if found:
                self._wishes[task] = max(found, key=lambda wish: wish.version or 0)
                logger.info("%s: version %s, newly found, serves", task, self._wishes[task].version)


def _problem(answer: Exception | Carried) -> str:
    """Return what a replica says that has not done what it was asked for."""
    error = answer.error() if isinstance(answer, Carried) else answer
    # What Ray makes of an error says its trace.
    cause = error.cause if isinstance(error, RayTaskError) else error
    return str(cause) or type(cause).__name__
