"""Inputs that each model was not made for: drawn from a seed, shipped by a dependency, or another task's data."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from PIL import Image

from benchmarks.ood.sets import InputSet, drawn, files_of, payload_of
from benchmarks.strangers import gibberish, noise
from benchmarks.strangers.foreign import foreign_texts
from benchmarks.strangers.letters import STYLES, letters
from benchmarks.strangers.pages import text_pages
from benchmarks.strangers.paper import blank_sheets
from benchmarks.strangers.photographs import photographs
from training.datasets.base import Source

SEED = 0
MOST_OF_OTHERS = 300
MOST_DRAWN = 200
MOST_NOISE = 60
"""Of each kind of noise or of gibberish."""

DrawMany = Callable[[int, int], list[Image.Image]]
"""From a count and a seed to pictures."""

SHEETS: Mapping[str, DrawMany] = MappingProxyType({"pages of text": text_pages, "blank sheets": blank_sheets})
NOISE: Mapping[str, noise.Draw] = MappingProxyType(
    {
        "noise, every pixel by itself": noise.white,
        "noise, smooth as clouds": noise.smooth,
        "noise, salt and pepper": noise.salt_and_pepper,
        "plain colours": noise.plain,
        "gradients": noise.gradient,
        "black pictures": noise.black,
        "white pictures": noise.all_white,
    }
)
GIBBERISH: Mapping[str, gibberish.Write] = MappingProxyType(
    {
        "random letters": gibberish.random_letters,
        "keyboard mashing": gibberish.keyboard_mashing,
        "English words, letters shuffled": gibberish.shuffled_words,
        "random characters": gibberish.random_characters,
        "lorem ipsum": gibberish.lorem_ipsum,
        "program code": gibberish.code,
    }
)
OTHERS: Mapping[str, Mapping[str, tuple[str, str | None]]] = MappingProxyType(
    {
        "topic": {},
        "digit": {},
        "catdog": {"chest X-rays": ("pneumonia", None), "digits": ("digit", None)},
        "pneumonia": {"cats": ("catdog", "cat"), "dogs": ("catdog", "dog"), "digits": ("digit", None)},
    }
)
"""For each task, what of other tasks' data is strange to it: a title, the task that it is of, the label or None."""


def strange_sets(task: str, sources: Mapping[str, Source], limit: int) -> Iterator[InputSet]:
    """Draw a task's strangers, at most `limit` a set; those of a task without data in `sources` are left out."""
    if task == "topic":
        yield from _texts(limit)
    else:
        yield from _of_others(task, sources, limit)
        yield from _pictures(task, limit)


def _texts(limit: int) -> Iterator[InputSet]:
    foreign = foreign_texts()
    together = [paragraph for paragraphs in foreign.values() for paragraph in paragraphs]
    yield InputSet("other languages, together", "stranger", together[:limit])
    for language, paragraphs in foreign.items():
        yield InputSet(f"language: {language}", "stranger", paragraphs[:limit])
    for title, write in GIBBERISH.items():
        yield InputSet(title, "stranger", gibberish.texts(write, min(MOST_NOISE, limit), SEED))


def _of_others(task: str, sources: Mapping[str, Source], limit: int) -> Iterator[InputSet]:
    for title, (other, label) in OTHERS[task].items():
        if other in sources:
            examples = [example for example in sources[other].examples if label in {None, example.label}]
            chosen = drawn(examples, min(MOST_OF_OTHERS, limit), SEED)
            yield InputSet(title, "stranger", [payload_of(example) for example in chosen])


def _pictures(task: str, limit: int) -> Iterator[InputSet]:
    count = min(MOST_DRAWN, limit)
    if task == "digit":
        for style in STYLES:
            yield InputSet(f"letters, {style.name}", "stranger", files_of(letters(style, count, SEED)))
    for title, draw in SHEETS.items():
        yield InputSet(title, "stranger", files_of(draw(count, SEED)))
    colour = task == "pneumonia"
    title = "colour photographs" if colour else "photographs of scenery and things"
    yield InputSet(title, "stranger", files_of(photographs(count, SEED, colour=colour)))
    for title, kind in NOISE.items():
        yield InputSet(title, "stranger", files_of(noise.pictures(kind, min(MOST_NOISE, limit), SEED)))
