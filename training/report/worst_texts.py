"""The worst errors over texts: a Markdown page with each text's opening."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

from training.report.wrong import Headline, Wrong

OPENING = 600
"""Characters shown of a text."""
WIDTH = 100
WORDS = 8


def write_texts(
    headline: Headline,
    errors: Sequence[Wrong],
    texts: Sequence[str],
    words: Sequence[Sequence[str]] | None,
    path: Path,
) -> None:
    """Write the page.

    Args:
        headline: what it shows.
        errors: the errors in their order.
        texts: their texts.
        words: the words that spoke for each answer, the strongest first, if they are known.
        path: the Markdown file.
    """
    parts = [f"# {headline.title}", headline.explanation]
    for number, (error, text) in enumerate(zip(errors, texts, strict=True), 1):
        parts.append(f"## {number}. `{error.truth}` answered `{error.answer}`, {error.probability:.1%}")
        told = f"Example `{error.name}`."
        if words is not None:
            carried = ", ".join(f"`{word}`" for word in words[number - 1][:WORDS])
            told += f" For the answer speak: {carried}." if carried else " No word speaks for the answer."
        parts += [told, _quoted(text)]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _quoted(text: str) -> str:
    """Return the opening as an indented block, in which Markdown reads no markup."""
    opening = text if len(text) <= OPENING else text[:OPENING].rsplit(maxsplit=1)[0] + " ..."
    lines = (
        line
        for paragraph in opening.splitlines()
        for line in textwrap.wrap(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False)
    )
    return textwrap.indent("\n".join(lines), "    ")
