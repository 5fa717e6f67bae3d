"""The query parameters of the predict and explain calls."""

from typing import Any, Literal

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from app.problem_types import MALFORMED
from app.problems import ProblemError, validation_detail
from app.tasks import Task

MAX_WORDS = 1000

Layer = Literal["page", "picture", "evidence"]


class Options(BaseModel):
    """What a caller may choose. A task's own subclass says which of these it offers, and their bounds."""

    model_config = ConfigDict(frozen=True)

    threshold: float | None = None
    top: int | None = None
    words: int = 10
    layer: Layer = "page"
    version: int | None = None


class Query:
    """The query parameters that a call has: reads them of a request, and documents them.

    FastAPI would read them through a dependency of their own, which takes as long as the whole routing, though most
    requests have no query at all.
    """

    def __init__(self, **fields: Any) -> None:
        self._model: type[Options] = create_model("Options", __base__=Options, **fields)
        self._names = tuple(fields)
        self._defaults = self._model()

    def read(self, request: Request) -> Options:
        """Return what a request chooses.

        Raises:
            ProblemError: a value is not as documented.
        """
        if not request.scope["query_string"]:
            return self._defaults
        sent = request.query_params
        try:
            return self._model.model_validate({name: sent[name] for name in self._names if name in sent})
        except ValidationError as error:
            errors = [{**found, "loc": ("query", *found["loc"])} for found in error.errors(include_url=False)]
            raise ProblemError(MALFORMED, validation_detail(errors)) from error  # type: ignore[arg-type]

    def documented(self) -> list[dict[str, Any]]:
        """Return the parameters as OpenAPI describes them."""
        properties = self._model.model_json_schema()["properties"]
        return [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": properties[name].pop("description"),
                "schema": properties[name],
            }
            for name in self._names
        ]


def query_of(task: Task, *, explained: bool = False) -> Query:
    """Return the query parameters of a task's calls; `explained`: of the call that explains its answers."""
    fields: dict[str, Any] = {}
    if task.has_threshold:
        fields["threshold"] = (
            float | None,
            Field(None, ge=0, le=1, description="probability from which the answer is positive, not the model's own"),
        )
    if task.shown is not None:
        fields["top"] = (
            int,
            Field(task.shown, ge=1, le=task.classes, description="how many labels to list, the likeliest first"),
        )
    if explained and task.kind == "text":
        fields["words"] = (
            int,
            Field(10, ge=1, le=MAX_WORDS, description="how many words to list at most, the strongest first"),
        )
    if explained and task.kind == "image":
        fields["layer"] = (
            Layer,
            Field(
                "page",
                description="what the PNG shows: the picture under the evidence, with a title and a legend (`page`), "
                "the picture alone (`picture`), or the evidence alone (`evidence`), transparent where there is none",
            ),
        )
    fields["version"] = (
        int | None,
        Field(None, ge=1, description="which loaded version of the model answers; the one that serves unless named"),
    )
    return Query(**fields)
