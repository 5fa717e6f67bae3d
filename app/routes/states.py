"""From the registry's states to the bodies that show them."""

from collections.abc import Iterable

from app.schemas import ModelVersion, TaskModels, TaskReadiness
from app.serving.versions import TaskState, VersionState


def readiness_of(state: TaskState) -> TaskReadiness:
    """Say whether a task can be answered."""
    if state.model is None:
        return TaskReadiness(state="unloaded" if state.unloaded else "unavailable", version=None, reason=state.reason)
    return TaskReadiness(state="available", version=state.model.artifact.manifest.version, reason=None)


def why_not_ready(states: Iterable[TaskState], stopping: bool) -> str | None:
    """Say why requests should go elsewhere; None if they may come. A task that was unloaded is not missed."""
    if stopping:
        return "The service is shutting down."
    unavailable = [state.task.name for state in states if readiness_of(state).state == "unavailable"]
    return f"No model is available for {', '.join(unavailable)}." if unavailable else None


def models_of(state: TaskState) -> TaskModels:
    """Describe a task's versions."""
    return TaskModels(
        **readiness_of(state).model_dump(),
        task=state.task.name,
        title=state.task.title,
        summary=state.task.summary,
        engine=state.model.engine.name if state.model else None,
        engine_reason=state.model.engine_reason if state.model else None,
        versions=tuple(_version(version) for version in state.versions),
    )


def _version(state: VersionState) -> ModelVersion:
    artifact = state.model.artifact if state.model else None
    return ModelVersion(
        version=state.version,
        state=state.status,
        reason=state.reason,
        sha256=artifact.sha256 if artifact else None,
        manifest=artifact.manifest if artifact else None,
    )
