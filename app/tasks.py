"""The tasks as data. One more is a row here, `training/recipes/<name>.py` and a folder under `models/`."""

from dataclasses import dataclass
from typing import Literal

InputKind = Literal["text", "image"]


@dataclass(frozen=True)
class Task:
    """One question the service answers.

    `classes` is the number of labels, and `shown` how many an answer lists unless `?top=` says otherwise
    (None: all, and there is no `?top=`). `has_threshold` marks a two-class decision whose threshold a caller
    may move. `explained` marks a task whose answers can be explained: a picture's by a heat map, a text's by its
    words. `example` is what the documentation shows as an answer's probabilities.
    """

    name: str
    kind: InputKind
    title: str
    summary: str
    classes: int
    example: tuple[tuple[str, float], ...]
    shown: int | None = None
    has_threshold: bool = False
    explained: bool = False


TASKS: tuple[Task, ...] = (
    Task(
        "topic",
        "text",
        "News topic",
        "Which of 46 Reuters topics a news text is about.",
        classes=46,
        example=(
            ("crude", 0.972416),
            ("nat-gas", 0.014203),
            ("ship", 0.004118),
            ("gas", 0.002907),
            ("pet-chem", 0.001625),
        ),
        shown=5,
        explained=True,
    ),
    Task(
        "digit",
        "image",
        "Handwritten digit",
        "Which digit a picture of one handwritten digit shows.",
        classes=10,
        example=tuple((str(digit), 0.9991 if digit == 7 else 0.0001) for digit in range(10)),
    ),
    Task(
        "catdog",
        "image",
        "Cat or dog",
        "Whether a photo shows a cat or a dog.",
        classes=2,
        example=(("cat", 0.993871), ("dog", 0.006129)),
        explained=True,
    ),
    Task(
        "pneumonia",
        "image",
        "Pneumonia",
        "Whether a chest X-ray shows signs of pneumonia.",
        classes=2,
        example=(("NORMAL", 0.041873), ("PNEUMONIA", 0.958127)),
        has_threshold=True,
        explained=True,
    ),
)


def task_named(name: str) -> Task:
    """Return the task of that name.

    Raises:
        KeyError: there is no such task.
    """
    for task in TASKS:
        if task.name == name:
            return task
    raise KeyError(name)
