"""The page on how the models tell strangers: where the inputs come from, and a table for each model."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from benchmarks.ood.results import ModelResult, SetResult
from benchmarks.wilson import wilson_interval

INTRODUCTION = """\
# Out of distribution

With each answer a model says how unlike its training data the input is, `ood_score`; above the threshold in its
manifest the answer has `in_distribution: false`. Here the running service was asked, over HTTP, about inputs of each
model's own kind, which should be accepted, and about strangers, which should be flagged. An input that the service
refuses (422 or 415: a sheet without ink is no digit) counts as flagged and has its own column.

Where the inputs come from:

- *Its own kind* is the model's validation split, held out of training by the seed in its manifest: the original picture
  files and texts, and MNIST's arrays as PNG. The threshold was chosen on this split, and where its section says so on
  the mild changes of it too, so these shares lean to the favourable side: they show that the service keeps to what
  training promised, not how a new source of pictures would do. In version 2 of the models it is an interpolated
  quantile, which of N examples accepts floor(0.99 (N - 1)) + 1, so that "at least 99%" is up to one example too much:
  it is 885 of 894 texts (98.99 %), 5,939 of 5,999 digits (98.998 %) and 774 of 782 X-rays under the change that is
  accepted least (98.98 %). What is trained now accepts at least 99 %. Digits are also redrawn from MNIST's: larger,
  dark on light, at any place of a photographed page.
- *Mild changes* are those of [training/shifts.py](../training/shifts.py), applied to the decoded picture, which is sent
  as PNG; of digits to the redrawn ones. Texts are cut to their title and put in lower case.
- Noise, plain colours, sheets, pages of text, letters and gibberish are drawn or written from a seed
  ([benchmarks/strangers](../benchmarks/strangers)). They are as varied as their programs are and no more. Letters that
  may be read as a digit (O, l, S and the like) are left out; the fonts of the others are none that the digit
  model's score was taught with.
- The photographs are overlapping crops of the {photographs} photographs that scikit-image and scikit-learn ship
  ({colour} of them in colour), so they are correlated, and their intervals are narrower than they should be.
- X-rays, digits, cats and dogs sent to a model of something else are other tasks' data.
- The paragraphs in other languages, named by their ISO 639-1 codes, were written for this, eight a language: little to
  judge one language by.

Intervals are Wilson's, of 95 %, and take the inputs of a set as independent. The score's quantiles are of the inputs
that were answered.
"""

METHODS = """\
## Why these scores

Before the scores were chosen, several were compared on the penultimate features of two fine-tuned networks, each with
the threshold that accepts 99 % of validation and of each of eleven mild changes of it. This is the share that
was then flagged of the set of strangers flagged least and of the one flagged most. These figures were measured once, on
networks trained before those above and with other mild changes than those above; the command that writes this page does
not repeat them. `python -m benchmarks.ood_methods --data DATA` compares the first, the third and the last on the models
released.

| score | pneumonia, least and most | cat/dog, least and most |
| --- | --- | --- |
| Mahalanobis distance under probabilistic PCA | 0.33 (plain pictures), 1.00 | 0.00 (plain pictures), 1.00 |
| the same, by class | 0.53 (plain pictures), 1.00 | 0.00, 1.00 |
| energy (log-sum-exp of the logits) | 0.00, 0.03 | 0.00, 0.00 |
| ViM | 0.73 (plain pictures), 1.00 | 0.17 (colour photographs), 0.93 |
| distance from the tenth nearest of 2,500 training examples | 1.00, 1.00 | 0.976 (colour photographs), 1.00 |

Energy says little where there are two labels. For digits none of these was good enough, since a letter has the strokes
of a digit; their score is a small network that was shown drawn letters, scribbles and stains beside digits, so letters
of other fonts are not wholly new to it. For topics it is the share of unknown words.
"""

HEAD = ("set", "inputs", "should be", "share that was", "95 % interval", "refused", "score, 2 %", "50 %", "98 %")
MISSING = "-"


def page(
    results: Iterable[ModelResult], notes: Sequence[str], plot: str, command: str, photographs: tuple[int, int]
) -> str:
    """Return the page, in Markdown.

    Args:
        results: what was measured of each model.
        notes: what could not be measured at all.
        plot: the plot's file name, beside the page.
        command: what repeats the page.
        photographs: how many photographs are cropped, and how many of them are in colour.
    """
    count, colour = photographs
    parts = [INTRODUCTION.format(photographs=count, colour=colour).rstrip()]
    parts.append(f"<!-- test: parse it needs the data sets whole, and takes minutes -->\n```sh\n{command}\n```")
    parts.append(f"![Scores of each set against the threshold of its model]({plot})")
    parts += [f"Not measured: {note}" for note in notes]
    for result in results:
        parts += _section(result)
    return "\n\n".join((*parts, METHODS.rstrip())) + "\n"


def _section(result: ModelResult) -> Iterator[str]:
    manifest, rule = result.manifest, result.manifest.ood
    yield f"## {result.title}"
    yield (
        f"Version {manifest.version} (`{manifest.recipe}`, sha256 `{result.sha256[:12]}`). Score: {rule.method}. "
        f"Threshold: {rule.threshold:.4g} ({rule.chosen_by})."
    )
    yield from result.notes
    yield _lowest(result.sets)
    yield "\n".join(row(cells) for cells in (HEAD, ["---"] * len(HEAD), *map(_cells, result.sets)))


def _lowest(sets: Iterable[SetResult]) -> str:
    """Say which sets did worst, of those to accept and of those to flag."""
    told = []
    for word, strange in (("accepted", False), ("flagged", True)):
        those = [one for one in sets if (one.kind == "stranger") == strange]
        if those:
            worst = min(those, key=lambda one: one.share)
            told.append(f"{word} {worst.share:.3f} ({worst.title})")
    return f"Lowest shares: {', '.join(told)}."


def _cells(result: SetResult) -> Sequence[str]:
    answers = result.answers
    low, high = wilson_interval(result.rightly, answers.count)
    quantiles = np.quantile(answers.scores, (0.02, 0.5, 0.98)) if len(answers.scores) else None
    return (
        result.title,
        f"{answers.count:,}",
        "flagged" if result.kind == "stranger" else "accepted",
        f"{result.share:.3f}",
        f"{low:.3f} to {high:.3f}",
        f"{answers.refused:,}",
        *([MISSING] * 3 if quantiles is None else (f"{value:.3g}" for value in quantiles)),
    )


def row(cells: Iterable[str]) -> str:
    """Return one line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"
