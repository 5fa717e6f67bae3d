"""Why a model folder is not served."""


class ArtifactError(Exception):
    """A model folder that must not be served. `str(error)` names the file and the reason."""

    def __init__(self, file: str, reason: str) -> None:
        self.file = file
        self.reason = reason
        super().__init__(f"{file}: {reason}")


class ModelUnavailableError(Exception):
    """No model of the task can answer. `str(error)` says why."""

    def __init__(self, task: str, reason: str) -> None:
        self.task = task
        self.reason = reason
        super().__init__(f"No model for {task!r} is available: {reason}")
