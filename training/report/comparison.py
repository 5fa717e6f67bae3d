"""The page that compares all recipes: what each is worth on validation, and what the study reported."""

from collections.abc import Iterable, Iterator, Sequence

from app.serving.manifest import DatasetInfo, Estimate
from app.tasks import TASKS, Task
from training.recipes.base import Recipe
from training.run import RunError
from training.summary import RunSummary

INTRODUCTION = """\
# The recipes compared

Every figure here is of validation: examples held out of training, about the same share of each label, drawn by the
seed. What belongs together (the pictures of one patient, exact copies) is on one side. These examples also chose the
temperature, the thresholds and, with early stopping, the epoch, so the figures lean towards the favourable side. No
test set was used.

In parentheses are 95 % intervals of the percentile bootstrap, which draws what belongs together as a whole: how far a
figure would move with other examples of the same kind. ECE is the expected calibration error of the most probable
label over 15 bins. Time is the wall time of the whole run, reading the data and measuring included, and
what else the machine did meanwhile, or a suspension: an upper bound. The reference recipes are those of an earlier
study; its figures, in the last column, come from splits of its own.

To repeat a row, run its command, which is under the table, with the path of the data set
([models/README.md](../models/README.md) says where it is from). `quartet compare RUN...` makes this page from the run
folders.
"""

NO_RUN = "no run of it was given"
MISSING = "-"
NOT_RUN = "<!-- test: parse hours; tests/docs/test_trainings.py runs each for one epoch -->"


def comparison(recipes: Iterable[Recipe], runs: Sequence[RunSummary]) -> str:
    """Return the page, in Markdown, with every recipe and the given runs.

    Raises:
        RunError: a run is of a recipe that is not among them.
    """
    catalogue = tuple(recipes)
    known = {(recipe.task, recipe.name) for recipe in catalogue}
    for run in runs:
        if (run.task, run.recipe) not in known:
            raise RunError(f"there is a run of {run.task}/{run.recipe}, and there is no such recipe any more")
    parts = [INTRODUCTION.rstrip()]
    for task in TASKS:
        parts += _section(task, [recipe for recipe in catalogue if recipe.task == task.name], runs)
    return "\n\n".join(parts) + "\n"


def _section(task: Task, recipes: Sequence[Recipe], runs: Sequence[RunSummary]) -> Iterator[str]:
    runs_of = {recipe.name: _runs_of(recipe, runs) for recipe in recipes}
    own = [run for each in runs_of.values() for run in each]
    titles = _figure_titles(task)
    head = ("recipe", "examples trained on + held out", "epochs", "time", "parameters", *titles.values(), "the study")
    rows: list[Sequence[str]] = []
    for recipe in recipes:
        rows += [_trained(recipe, run, runs_of[recipe.name], tuple(titles)) for run in runs_of[recipe.name]]
        if not runs_of[recipe.name]:
            rows.append(_untrained(recipe, len(titles)))
    yield f"## {task.title}"
    yield _table(head, rows)
    yield "\n".join(_described(recipe, bool(runs_of[recipe.name])) for recipe in recipes)
    if parts := [row for run in own for row in _part_rows(run, titles)]:
        yield "Parts of validation, and the change of its pictures under which the fewest answers are right:"
        yield _table(("recipe", "part", "examples", *_common(titles).values()), parts)
    if own:
        yield "\n".join(dict.fromkeys(f"Data: {_data(run.dataset)}" for run in own))
        yield "\n".join((NOT_RUN, "```sh", *dict.fromkeys(run.command for run in own), "```"))


def _runs_of(recipe: Recipe, runs: Sequence[RunSummary]) -> list[RunSummary]:
    own = [run for run in runs if (run.task, run.recipe) == (recipe.task, recipe.name)]
    return sorted(own, key=lambda run: run.seed)


def _figure_titles(task: Task) -> dict[str, str]:
    """Return the figures that say most of a task, and what the table calls them."""
    titles = {"accuracy": "accuracy"}
    if task.kind == "text":
        titles["macro_f1"] = "macro F1"
    if task.classes == 2:
        titles["auc"] = "ROC AUC"
    titles["ece"] = "ECE"
    if task.has_threshold:
        titles |= {"sensitivity": "sensitivity", "specificity": "specificity"}
    return titles


def _common(titles: dict[str, str]) -> dict[str, str]:
    """Leave out what is measured on the whole of validation only."""
    return {name: title for name, title in titles.items() if name not in {"sensitivity", "specificity"}}


def _trained(recipe: Recipe, run: RunSummary, siblings: Sequence[RunSummary], figures: Iterable[str]) -> list[str]:
    data = run.dataset
    return [
        _link(recipe) + (f", seed {run.seed}" if len(siblings) > 1 else ""),
        f"{data.train:,} + {data.validation:,}",
        ", ".join(f"{epochs}" for epochs in run.epochs.values()) or "none",
        f"{duration(run.seconds)}, {run.device}",
        f"{run.parameters:,}",
        *(_cell(_figure(run, name)) for name in figures),
        recipe.reported or MISSING,
    ]


def _untrained(recipe: Recipe, figures: int) -> list[str]:
    reason = f"not trained here: {recipe.note or NO_RUN}"
    return [_link(recipe), reason, *[MISSING] * (3 + figures), recipe.reported or MISSING]


def _described(recipe: Recipe, trained: bool) -> str:
    note = f". {recipe.note}" if trained and recipe.note else ""
    return f"- `{recipe.name}`: {recipe.summary}{note}."


def _part_rows(run: RunSummary, titles: dict[str, str]) -> Iterator[Sequence[str]]:
    for part in run.metrics[1:]:
        name = part.split.removeprefix("validation, ")
        yield run.recipe, name, f"{part.examples:,}", *(_cell(part.values.get(figure)) for figure in _common(titles))


def _figure(run: RunSummary, name: str) -> Estimate | None:
    point = run.operating_point
    if name in {"sensitivity", "specificity"}:
        return None if point is None else getattr(point, name)
    return run.metrics[0].values.get(name)


def _cell(figure: Estimate | None) -> str:
    return MISSING if figure is None else f"{figure.value:.4f} ({figure.low:.4f} to {figure.high:.4f})"


def _data(data: DatasetInfo) -> str:
    grouped = f", kept together: {data.grouped_by}" if data.grouped_by else ""
    return f"`{data.name}`, {data.validation_fraction:.0%} held out{grouped}; sha256 `{data.digest}`."


def _link(recipe: Recipe) -> str:
    """Link a recipe's name to its source, seen from a folder beside the package."""
    return f"[{recipe.name}](../{type(recipe).__module__.replace('.', '/')}.py)"


def duration(seconds: float) -> str:
    """Say a time as people do: "42 s", "7 min 05 s", "1 h 20 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |" for cells in lines)
