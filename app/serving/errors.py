"""Why a model folder is not served, a version cannot be had, or a model gives no answer."""

from collections.abc import Sequence


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


class VersionNotLoadedError(Exception):
    """A request names a version that is not loaded. `str(error)` says which are."""

    def __init__(self, task: str, version: int, loaded: Sequence[int]) -> None:
        super().__init__(f"Version {version} of the model of {task!r} is not loaded. Loaded: {_listed(loaded)}.")


class VersionNotFoundError(Exception):
    """The models folder has no such version; None stands for any. `str(error)` says which there are."""

    def __init__(self, task: str, version: int | None, found: Sequence[int]) -> None:
        wanted = "no version" if version is None else f"no version {version}"
        super().__init__(f"The models folder has {wanted} of the model of {task!r}. It has: {_listed(found)}.")


class VersionRefusedError(Exception):
    """A version that was asked for must not be served. `str(error)` names the file, the reason and what serves on."""

    def __init__(self, task: str, version: int, reason: str, serving: int | None) -> None:
        rest = "No version serves." if serving is None else f"Version {serving} serves on."
        super().__init__(f"Version {version} of the model of {task!r} is refused: {reason}. {rest}")


class PartlyReloadedError(Exception):
    """A version (None: the newest) serves in some processes, in others not. `str(error)` says in how many, and why."""

    def __init__(self, task: str, version: int | None, processes: int, problems: Sequence[str]) -> None:
        share = f"{processes} of {processes + len(problems)} processes"
        name = "The newest version" if version is None else f"Version {version}"
        super().__init__(
            f"{name} of the model of {task!r} serves in {share} only: {'; '.join(problems)}. "
            "Ask for it again, or for the version before."
        )


class PartlyUnloadedError(Exception):
    """A model serves on in some processes, where it was to serve in none. `str(error)` says in how many, and why."""

    def __init__(self, task: str, processes: int, problems: Sequence[str]) -> None:
        share = f"{processes} of {processes + len(problems)} processes"
        super().__init__(
            f"The model of {task!r} is unloaded in {share} only: {'; '.join(problems)}. Ask for it again, or load it."
        )


class NotExplainedError(Exception):
    """The model of the task answers but cannot say what an answer rests on."""

    def __init__(self, task: str, version: int) -> None:
        self.task = task
        self.version = version
        super().__init__(f"Version {version} of the model of {task!r} cannot say what its answers rest on.")


class ExplanationFilesError(Exception):
    """What a model needs to explain its answers cannot be read from or written to the disk."""

    def __init__(self) -> None:
        super().__init__(
            "The explanation cannot be prepared: a file of the model cannot be read or has changed, or a temporary one "
            "not written. The service's log says which. Predictions are answered as before."
        )


class OverloadedError(Exception):
    """An input is not let in now. `str(error)` says why."""


class FullError(OverloadedError):
    """There is no room for more inputs."""

    def __init__(self, inside: int, capacity: int) -> None:
        super().__init__(f"{inside:,} inputs are being answered or wait; at most {capacity:,} may. Try again later.")


class HopelessError(OverloadedError):
    """The inputs before this one take longer than it may wait."""

    def __init__(self) -> None:
        super().__init__(
            "The inputs that wait leave no hope of an answer before this request's deadline. "
            "Try again later, or allow more time."
        )


class DeadlineError(Exception):
    """The answer was not there in time. `str(error)` says what the time was."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"There was no answer within {1000 * seconds:,.0f} ms. Try again later, or allow more time.")


def _listed(versions: Sequence[int]) -> str:
    return ", ".join(map(str, versions)) or "none"
