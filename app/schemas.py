"""Request and response bodies, as the documentation shows them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field

from app.serving.manifest import Manifest

RequestId = Annotated[str, Field(description="the request's id, also in the X-Request-ID header")]
Probability = Annotated[float, Field(ge=0, le=1)]


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Request(BaseModel):
    # What is not known is ignored: to report each unknown field of a hostile body would take more memory than it.
    model_config = ConfigDict(extra="ignore", frozen=True)


class TextRequest(_Request):
    """One text to classify."""

    text: str = Field(description="a news text: its title, its body, or both")


class TextBatchRequest(_Request):
    """Many texts to classify."""

    texts: Annotated[list[str], FailFast()] = Field(min_length=1, description="news texts, answered in this order")


class ModelIdentity(_Schema):
    """Which model answered."""

    version: int = Field(gt=0)
    sha256: str = Field(description="of the model's manifest, which lists the sha256 of each of its files")


class Answer(_Schema):
    """What a model says of one input."""

    task: str
    label: str = Field(description="the answer")
    probability: Probability = Field(description="calibrated probability of `label`")
    probabilities: dict[str, Probability] = Field(description="label to probability")
    in_distribution: bool = Field(description="whether the input is like those that the model was trained on")
    ood_score: float = Field(description="how unlike them it is; above the model's threshold: not in distribution")
    model: ModelIdentity
    request_id: RequestId


class Decision(Answer):
    """What a model with a decision threshold says of one input."""

    positive: bool = Field(description="whether the probability of the positive label reaches `threshold`")
    threshold: Probability = Field(description="the threshold used: the model's own, or the one asked for")


HeatMap = Annotated[
    list[list[float]],
    Field(
        description="evidence for `label` over the whole picture, in logits: rows from the top, cells from the left; "
        "below 0: against it. The mean over the cells is what the picture adds to the label's logit against the mean "
        "over all labels."
    ),
]


class ExplainedPicture(Answer):
    """An answer and where in the picture the evidence for it lies."""

    heatmap: HeatMap


class ExplainedDecision(Decision):
    """A decision and where in the picture the evidence for it lies."""

    heatmap: HeatMap


class WordEvidence(_Schema):
    """A word of the text, in lower case, and how much all its occurrences speak for the answer."""

    word: str
    evidence: float = Field(gt=0, description="what the word adds to the label's margin against the mean of all labels")


class ExplainedText(Answer):
    """An answer and the words that speak for it, the strongest first."""

    words: list[WordEvidence]


class Problem(_Schema):
    """An error, as RFC 9457 problem details."""

    type: str = Field(description="the kind of error; this address explains it")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="what was wrong with this request, and what to do")
    request_id: RequestId


class InferenceProblem(Problem):
    """An error of a call of the Open Inference Protocol, whose clients read `error`."""

    error: str = Field(description="the `detail`")


class ProblemDescription(_Schema):
    """What a kind of error means."""

    type: str
    title: str
    status: int
    meaning: str


class TaskReadiness(_Schema):
    """Whether a task can be answered, and by which version. `unloaded` by an administrator, it is missed by nobody."""

    state: Literal["available", "unavailable", "unloaded"]
    version: int | None = None
    reason: str | None = None


class NotReady(Problem):
    """The problem of a service of which at least one task cannot be answered."""

    tasks: dict[str, TaskReadiness]


class Ready(_Schema):
    """Every task can be answered that was not unloaded."""

    status: Literal["ready"] = "ready"
    tasks: dict[str, TaskReadiness]


class Live(_Schema):
    """The process answers."""

    status: Literal["live"] = "live"


class Reloaded(_Schema):
    """Which version serves from now on."""

    task: str
    model: ModelIdentity = Field(description="what serves")
    previous: ModelIdentity | None = Field(description="what served before")
    loaded: tuple[int, ...] = Field(description="the versions that `?version=` may ask for")


class ModelVersion(_Schema):
    """One version of a task's model. `manifest` and `sha256` are there for the versions that are loaded."""

    version: int
    state: Literal["available", "refused", "not_loaded"]
    reason: str | None = None
    sha256: str | None = None
    manifest: Manifest | None = None


class TaskModels(TaskReadiness):
    """A task and the versions of its model, newest first."""

    task: str
    title: str
    summary: str
    engine: str | None = Field(None, description="what runs the model that serves")
    engine_reason: str | None = Field(None, description="why that engine")
    versions: tuple[ModelVersion, ...]
