"""Why what was asked of replicas cannot be had, where no error of the plain service says it."""

from app.serving.errors import ModelUnavailableError


class ChangeUnavailableError(ModelUnavailableError):
    """Nobody can say that another version serves, or none. `str(error)` says why, and what to do."""

    def __init__(self, task: str, reason: str) -> None:
        super().__init__(task, reason)
        self.args = (f"The version of the model of {task!r} cannot be changed: {reason}",)


class AbsentVersionError(ModelUnavailableError):
    """A replica has not the version that a request is for; others may."""

    def __init__(self, task: str) -> None:
        super().__init__(task, "a replica has not the version that the others serve")
