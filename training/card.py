"""`MODEL_CARD.md`: what a model is, is for and is worth (after Mitchell et al. 2019, arXiv:1810.03993)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from app.inputs.spec import DigitSpec, InputSpec, TextSpec
from app.serving.manifest import Estimate, Manifest, SplitMetrics
from app.tasks import task_named
from training.metrics import FIGURE_TITLES

_PLOT_TITLES = {
    "history": "How training went",
    "confusion": "What is taken for what",
    "roc": "ROC curve",
    "reliability": "Confidence against the share right",
    "shifts": "Right answers when the pictures are blurred, cropped, lighter and so on",
}


@dataclass(frozen=True)
class CardText:
    """What a task's card says that no manifest knows. Each is a Markdown paragraph."""

    intended_use: str
    not_for: str
    factors: str
    data: str
    licence: str
    trained_on: str
    not_trained_on: str
    known_failures: tuple[str, ...]
    caution: str


def write_card(
    path: Path, manifest: Manifest, text: CardText, *, recipe_summary: str = "", plots: Sequence[str] = ()
) -> None:
    """Write a model's card.

    Args:
        path: the file to write.
        manifest: the model's manifest; its `files` are not read, since the card is one of them.
        text: the task's own paragraphs.
        recipe_summary: what the recipe does, in a sentence.
        plots: paths of the pictures to show, relative to the card: `plots/history-head.png`, say.
    """
    sections = (
        _head(manifest, text),
        _details(manifest, recipe_summary),
        f"## Intended use\n\n{text.intended_use}",
        f"## Factors\n\n{text.factors}",
        _metrics(manifest),
        _data(manifest, text),
        _quantitative_analyses(manifest, plots),
        f"## Ethical considerations\n\n{text.caution}",
        "## Caveats and recommendations\n\n" + "\n".join(f"- {failure}" for failure in text.known_failures),
    )
    path.write_text("\n\n".join(sections) + "\n", encoding="utf-8")


def _head(manifest: Manifest, text: CardText) -> str:
    task = task_named(manifest.task)
    return f"# {task.title}, version {manifest.version}\n\n{task.summary}\n\n> **Not for:** {text.not_for}"


def _details(manifest: Manifest, recipe_summary: str) -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in sorted(manifest.libraries.items()))
    rows = {
        "recipe": f"`{manifest.recipe}`" + (f": {recipe_summary}" if recipe_summary else ""),
        "made": f"{manifest.created:%Y-%m-%d}, seed {manifest.seed}",
        "command": f"`{manifest.command}`",
        "libraries": libraries,
        "parameters": f"{manifest.parameters:,}",
        "input": _described_input(manifest.input),
        "output": f"a probability for each of {len(manifest.labels)} labels: {', '.join(manifest.labels)}",
        "calibration": _described_calibration(manifest),
    }
    return "## Model details\n\n" + _table(("", ""), rows.items())


def _described_calibration(manifest: Manifest) -> str:
    fitted = f"temperature {manifest.temperature:.3f}, fitted on validation (Guo et al. 2017)"
    if len(manifest.labels) > 2:
        return fitted
    return f"{fitted} together with an offset of the logit (Alexandari et al. 2020)"


def _described_input(spec: InputSpec) -> str:
    if isinstance(spec, TextSpec):
        return "a text, UTF-8"
    if isinstance(spec, DigitSpec):
        return "a picture of one digit, brought to MNIST's form: 28 x 28, white ink on black, centred by mass"
    colour = "a greyscale" if spec.mode == "L" else "an RGB"
    size = f"{spec.width} x {spec.height}"
    return f"{colour} picture, resized to {size} ({spec.resize}) without keeping its aspect"


def _metrics(manifest: Manifest) -> str:
    parts = [
        "## Metrics",
        "Every figure has a 95 % interval from the percentile bootstrap (Efron 1979): how far it would move "
        "with other examples of the same kind. It says nothing of examples of another kind, and an "
        "interval without width comes of too few examples to vary, not of certainty. Calibration error is "
        "that of the most probable label, over 15 bins of equal width (Guo et al. 2017).",
    ]
    point = manifest.operating_point
    if point is None:
        parts.append("The answer is the most probable label.")
    else:
        parts.append(
            f"The answer is {point.positive} from a probability of {point.threshold:.4f} up. How that "
            f"threshold was chosen: {point.chosen_by}. On validation it gives a sensitivity of "
            f"{_with_interval(point.sensitivity)} and a specificity of {_with_interval(point.specificity)}."
        )
    ood = manifest.ood
    parts.append(
        f"An input whose `ood_score` is above {ood.threshold:.4g} is answered with `in_distribution: false`: "
        f"it is unlike what the model was trained on, and its answer should not be relied on. The score: "
        f"{ood.method}. The threshold: {ood.chosen_by}."
    )
    return "\n\n".join(parts)


def _data(manifest: Manifest, text: CardText) -> str:
    data = manifest.dataset
    rows = {
        "data set": f"{data.name}, sha256 `{data.digest}`",
        "trained on": f"{data.train:,} examples",
        "held out": f"{data.validation:,} examples, about {data.validation_fraction:.0%} of each label",
        "never on both sides": data.grouped_by or "no grouping known",
        "could not be read": f"{data.skipped:,} examples",
    }
    return "\n\n".join(
        (
            "## Training and evaluation data",
            text.data,
            f"**Licence.** {text.licence}",
            f"**Trained on.** {text.trained_on}",
            f"**Not trained on.** {text.not_trained_on}",
            _table(("", ""), rows.items()),
            "Validation, the examples held out, chose the temperature, the thresholds and, with early "
            "stopping, the epoch. So figures on it lean towards the favourable side.",
        )
    )


def _quantitative_analyses(manifest: Manifest, plots: Sequence[str]) -> str:
    parts = ["## Quantitative analyses"]
    for metrics in manifest.metrics:
        parts.append(f"### {metrics.split.capitalize()}: {metrics.examples:,} examples")
        parts.append(_table(("figure", "value", "95 % interval"), _figure_rows(metrics)))
        parts.append(_table(("label", "precision", "recall"), _label_rows(metrics, manifest.labels)))
    for plot in plots:
        kind = PurePosixPath(plot).stem.partition("-")[0]
        parts.append(f"![{_PLOT_TITLES.get(kind, kind)}]({plot})")
    return "\n\n".join(parts)


def _figure_rows(metrics: SplitMetrics) -> Iterator[tuple[str, ...]]:
    for name, value in metrics.values.items():
        if "/" not in name:
            yield FIGURE_TITLES.get(name, name), f"{value.value:.4f}", f"{value.low:.4f} to {value.high:.4f}"


def _label_rows(metrics: SplitMetrics, labels: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for label in labels:
        pair = (metrics.values.get(f"{kind}/{label}") for kind in ("precision", "recall"))
        yield label, *("undefined" if figure is None else _with_interval(figure) for figure in pair)


def _with_interval(figure: Estimate) -> str:
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
