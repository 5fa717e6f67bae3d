"""Who hears of what happens to inputs and models, where it happens. Knows neither HTTP nor how it is told on."""

from contextvars import Context, ContextVar
from typing import Literal, Protocol

from app.serving.manifest import Manifest

LoadOutcome = Literal["loaded", "refused"]

RIDERS: ContextVar[tuple[Context, ...]] = ContextVar("riders", default=())
"""While a batch runs: the contexts of the requests whose inputs it holds. Empty where one request runs alone."""


class ModelObserver(Protocol):
    """Hears of one model, on whichever thread it happens, in the context of the request or, of a batch, of none.

    Times are of `time.perf_counter`, in seconds.
    """

    def entered(self, count: int) -> None:
        """So many inputs were let in."""

    def left(self, count: int) -> None:
        """So many inputs that were let in have been answered or given up."""

    def waited(self, start: float, end: float) -> None:
        """Work has waited for a thread, or an input for its batch."""

    def decoded(self, start: float, end: float) -> None:
        """One input was read, or found not to be readable."""

    def ran(self, size: int, start: float, end: float) -> None:
        """The model has run `size` inputs together."""

    def answered(self, label: str, in_distribution: bool) -> None:
        """One input was answered."""


class Observer(Protocol):
    """Hears of all models."""

    def of_model(self, manifest: Manifest) -> ModelObserver:
        """Return who hears of a model that may come to serve. Called once for each."""
        ...

    def loaded(self, task: str, outcome: LoadOutcome) -> None:
        """A version was loaded, or refused."""

    def serves(self, manifest: Manifest, sha256: str, engine: str) -> None:
        """From now on this model answers its task's requests."""

    def unloaded(self, task: str) -> None:
        """From now on no model answers them."""


class _DeafToModel:
    def entered(self, count: int) -> None:
        pass

    def left(self, count: int) -> None:
        pass

    def waited(self, start: float, end: float) -> None:
        pass

    def decoded(self, start: float, end: float) -> None:
        pass

    def ran(self, size: int, start: float, end: float) -> None:
        pass

    def answered(self, label: str, in_distribution: bool) -> None:
        pass


class _Deaf:
    def of_model(self, manifest: Manifest) -> ModelObserver:  # noqa: ARG002 - whichever it is
        return UNOBSERVED_MODEL

    def loaded(self, task: str, outcome: LoadOutcome) -> None:
        pass

    def serves(self, manifest: Manifest, sha256: str, engine: str) -> None:
        pass

    def unloaded(self, task: str) -> None:
        pass


UNOBSERVED_MODEL: ModelObserver = _DeafToModel()
UNOBSERVED: Observer = _Deaf()
