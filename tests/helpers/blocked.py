"""The service with an engine that answers nothing until it is let go."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.main import create_app
from app.serving.artifact import open_artifact
from app.serving.engine import Batch, Outputs, Scheduling
from app.serving.model import LoadedModel
from app.serving.predictor import Predictor
from app.serving.registry import Registry
from app.settings import Settings
from helpers.servers import serving


class BlockedEngine:
    """Answers nothing until it is released, then in `seconds` each; counts the batches that it was given."""

    name = "blocked"
    scheduling = Scheduling()
    explain = None

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.released = threading.Event()
        self.batches = 0
        self.seconds = 0.0

    def run(self, batch: Batch) -> Outputs:
        self.batches += 1
        self.entered.set()
        assert self.released.wait(20)
        time.sleep(self.seconds)
        return Outputs(np.full((len(batch), 2), 0.5, np.float32), np.zeros(len(batch), np.float32))


@dataclass(frozen=True)
class Blocked:
    """The service's address, its engine and its predictor."""

    address: str
    engine: BlockedEngine
    predictor: Predictor

    def wait_for(self, inside: int) -> None:
        """Wait until so many inputs have been let in and not yet answered."""
        until = time.perf_counter() + 10
        while self.predictor.inside("catdog") != inside:
            assert time.perf_counter() < until
            time.sleep(0.005)


@contextmanager
def blocked_service(models: Path, settings: Settings, *, bare: bool = False) -> Iterator[Blocked]:
    """Serve cat or dog with a blocked engine, which is released at the end; give both. See `serving`."""
    engine = BlockedEngine()
    app = create_app(settings.model_copy(update={"models_dir": models / "nowhere"}))
    model = LoadedModel(open_artifact(models / "catdog" / "1"), engine, settings.input_limits)
    registry = Registry(models, lambda _: model)
    registry.load()
    with serving(app, bare=bare) as address:
        app.state.registry = registry
        try:
            yield Blocked(address, engine, app.state.predictor)
        finally:
            engine.released.set()
