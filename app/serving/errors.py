"""Why a model folder is not served, or a model gives no answer."""


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


class NotExplainedError(Exception):
    """The model of the task answers but cannot say what an answer rests on."""

    def __init__(self, task: str, version: int) -> None:
        self.task = task
        self.version = version
        super().__init__(f"Version {version} of the model of {task!r} cannot say what its answers rest on.")


class OverloadedError(Exception):
    """There is no room for more inputs now. `str(error)` says how many are inside."""

    def __init__(self, inside: int, capacity: int) -> None:
        super().__init__(f"{inside:,} inputs are being answered or wait; at most {capacity:,} may. Try again later.")


class DeadlineError(Exception):
    """The answer was not there in time. `str(error)` says what the time was."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"There was no answer within {1000 * seconds:,.0f} ms. Try again later, or allow more time.")
