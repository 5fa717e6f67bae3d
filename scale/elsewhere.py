"""A model as it looks from afar: what it says of itself, and no means to run it."""

from dataclasses import dataclass, replace

from app.serving.engine import Batch, Engine, Explain, Outputs, Scheduling
from app.serving.model import LoadedModel
from app.serving.versions import TaskState


@dataclass
class EngineElsewhere:
    """Names the engine that runs a model in another process."""

    name: str
    scheduling: Scheduling
    explain: Explain | None = None

    def run(self, batch: Batch) -> Outputs:  # noqa: ARG002 - the protocol's
        """Raise `RuntimeError`: whoever has a model from afar asks a replica."""
        raise RuntimeError(f"the engine {self.name!r} runs in the replicas, not here")


def seen_from_afar(state: TaskState) -> TaskState:
    """Return a task's state as it can be sent to another process."""
    return replace(state, loaded={version: _described(model) for version, model in state.loaded.items()})


def _described(model: LoadedModel) -> LoadedModel:
    engine: Engine = EngineElsewhere(model.engine.name, model.engine.scheduling)
    return LoadedModel(model.artifact, engine, model.limits, model.engine_reason)
