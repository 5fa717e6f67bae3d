"""Paragraphs in thirteen languages other than English, written for the purpose: news, headlines and everyday life."""

from importlib.resources import files


def foreign_texts() -> dict[str, list[str]]:
    """Return the paragraphs of each language, by its ISO 639-1 code."""
    paths = sorted(
        (path for path in files(__package__).iterdir() if path.name.endswith(".txt")), key=lambda path: path.name
    )
    return {path.name.removesuffix(".txt"): path.read_text(encoding="utf-8").splitlines() for path in paths}
