"""Keeps several processes serving the same port, and stops them together."""

import logging
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from app.processes.child import run_child
from app.processes.ending import end_by
from app.processes.messages import Message, receive, send
from app.processes.rounds import Rounds
from app.processes.server import SETTLE_SECONDS
from app.serving.reloading import Wish
from app.settings import Settings
from app.telemetry.logs import set_up_log
from app.telemetry.shared import Seat, leave, shared_folder

FAILED_STARTS = 3
"""After so many starts in a row that came to nothing, a service of which no process serves is given up."""

LONGEST_PAUSE = 30.0
"""Seconds between two starts at most, where one has failed."""

SILENCE = 30.0
"""Seconds without a sign of life after which a process is taken to hang."""

MARGIN = 2.0
"""Seconds that a process may take to end once it has answered everything."""

logger = logging.getLogger(__name__)


class Supervisor:
    """Starts `settings.processes` processes and replaces those that end or hang.

    uvicorn's own supervisor does not tell when all serve, restarts without a pause what is killed while it starts,
    takes a second signal for nothing while it waits for processes without a limit, keeps the socket open meanwhile
    (clients then wait in vain), leaves its processes behind when it is killed, and has all accept from one socket.

    Args:
        settings: the service's. The port has been reserved.
        on_ready: called once, when all processes serve.
    """

    def __init__(self, settings: Settings, on_ready: Callable[[], None]) -> None:
        self._settings = settings
        self._on_ready = on_ready
        self._children: list[_Child] = []
        self._rounds = Rounds(lambda: self._children)
        self._failed_starts = 0
        self._next_start = 0.0

    def run(self) -> int:
        """Supervise until a stop signal and return the exit status: 1 if no process came to serve.

        A second signal ends all processes, and this one, at once.

        Raises:
            ConfigurationError: the processes have no folder to share their metrics in.
        """
        set_up_log(self._settings.log_level, self._settings.log_format)
        shared = shared_folder(self._settings.metrics_dir) if self._settings.metrics else nullcontext()
        with shared as folder, _stop_signals() as signals:
            announced = False
            while not signals.poll():
                self._start_missing(folder)
                wait([signals, *(child.pipe for child in self._children)], timeout=1)
                for child in list(self._children):
                    self._look_after(child)
                serving = sum(child.serves for child in self._children)
                if serving == self._settings.processes:
                    self._failed_starts = 0
                    if not announced:
                        announced = True
                        self._on_ready()
                if not serving and self._failed_starts >= FAILED_STARTS:
                    logger.error("no process came to serve in %d starts: given up", self._failed_starts)
                    self._stop(signals)
                    return 1
            signals.recv()
            self._stop(signals)
        return 0

    def _start_missing(self, folder: Path | None) -> None:
        if time.monotonic() < self._next_start:
            return
        taken = {child.seat.number for child in self._children}
        for number in range(self._settings.processes):
            if number not in taken:
                self._children.append(_Child(self._settings, self._rounds.wishes, Seat(number, folder)))

    def _look_after(self, child: "_Child") -> None:
        for message in child.listen():
            self._rounds.take(child, message)
        if child.process.is_alive() and child.silent_for > SILENCE:
            logger.error("process %d has hung for %.0f s: it is replaced", child.process.pid, child.silent_for)
            child.process.kill()
            child.process.join()
        if child.process.is_alive():
            return
        self._children.remove(child)
        self._rounds.ended(child)
        leave(child.seat)
        logger.warning("process %d ended (exit status %s): it is replaced", child.process.pid, child.process.exitcode)
        if not child.serves:
            self._failed_starts += 1
            self._next_start = time.monotonic() + min(2**self._failed_starts / 2, LONGEST_PAUSE)

    def _stop(self, signals: Connection) -> None:
        for child in self._children:
            child.stop()
        drain = max(self._settings.drain_seconds, SETTLE_SECONDS)
        deadline = time.monotonic() + drain + self._settings.shutdown_seconds + MARGIN
        ended = [child.process.sentinel for child in self._children]
        while ended and time.monotonic() < deadline and not signals.poll():
            done = wait([signals, *ended], timeout=deadline - time.monotonic())
            ended = [sentinel for sentinel in ended if sentinel not in done]
        for child in self._children:
            child.process.kill()
            child.process.join()
        if signals.poll():
            end_by(signals.recv())


class _Child:
    """A process and what is known of it."""

    def __init__(self, settings: Settings, wishes: Sequence[Wish], seat: Seat) -> None:
        self.seat = seat
        self.pipe, its_end = Pipe()
        self.process: SpawnProcess = get_context("spawn").Process(
            target=run_child, args=(settings, its_end, wishes, seat), name="quartet"
        )
        with _keyboard_ignored():
            self.process.start()
        its_end.close()
        self._heard: float | None = None

    @property
    def number(self) -> int:
        """Its process id."""
        return self.process.pid or 0

    @property
    def serves(self) -> bool:
        """Whether it has begun to answer requests."""
        return self._heard is not None

    @property
    def silent_for(self) -> float:
        """Seconds since its last sign of life; 0 while it starts, which has no limit."""
        return 0.0 if self._heard is None else time.monotonic() - self._heard

    def send(self, message: Message) -> None:
        """Send it a message.

        Raises:
            OSError: it is gone.
        """
        send(self.pipe, message)

    def listen(self) -> Iterator[Message]:
        """Take in its signs of life and yield what else it says. When its end of the pipe has closed it is no more."""
        try:
            while self.pipe.poll():
                message = receive(self.pipe)
                self._heard = time.monotonic()
                if message is not None:
                    yield message
        except (EOFError, OSError):
            self.process.join(MARGIN)
            self.process.kill()
            self.process.join()

    def stop(self) -> None:
        """Let it answer what it has accepted; one that does not serve yet has nothing to finish."""
        if self.serves:
            self.pipe.close()
        else:
            self.process.kill()


@contextmanager
def _stop_signals() -> Iterator[Connection]:
    """Give the end of a pipe where the number of each stop signal arrives."""
    arriving, coming = Pipe(duplex=False)
    stops = (signal.SIGINT, signal.SIGTERM)
    before = {stop: signal.signal(stop, lambda number, _: coming.send(number)) for stop in stops}
    try:
        yield arriving
    finally:
        for stop, handler in before.items():
            signal.signal(stop, handler)


@contextmanager
def _keyboard_ignored() -> Iterator[None]:
    """A process started meanwhile ignores Ctrl-C from its first instruction on."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
