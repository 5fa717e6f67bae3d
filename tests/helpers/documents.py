"""The project's pages, taken apart: their fenced blocks with their marks, their headings, links and prose."""

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

PROJECT = Path(__file__).parents[2]
LEFT_OUT = {"build", "dist", "runs", "node_modules"}
MARK = re.compile(r"<!-- test: (?P<verb>\w+)(?: (?P<words>.+?))? -->\s*", re.DOTALL)
PAGE_MARK = re.compile(r"<!-- test page: (?P<words>.+?) -->")
NAMED_TEST = re.compile(r"(?P<file>tests/[\w/]+\.py)(?:::(?P<name>\w+))?")
VERBS = {"skip", "parse", "elsewhere", "file", "with", "needs", "output"}


@dataclass(frozen=True)
class Mark:
    """What a page's comment says of the block below it: a verb, and a reason, tests, a path, options or programs."""

    verb: str = "run"
    words: str = ""


@dataclass(frozen=True)
class Block:
    """A fenced block: the line of its fence, the first word of its info string, its text and its mark."""

    page: Path
    line: int
    kind: str
    text: str
    mark: Mark

    def __str__(self) -> str:
        return f"{self.page.relative_to(PROJECT)}:{self.line} ({self.kind})"


def pages() -> list[Path]:
    """Return all pages that people write; model cards are written by the export."""
    found: list[Path] = []
    for folder, inside, files in os.walk(PROJECT):
        inside[:] = [name for name in inside if not name.startswith(".") and name not in LEFT_OUT]
        found += [Path(folder, name) for name in files if name.endswith(".md") and name != "MODEL_CARD.md"]
    return sorted(found)


def blocks_of(page: Path) -> list[Block]:
    """Return a page's fenced blocks in their order.

    Raises:
        ValueError: a mark is none, or has no block below it.
    """
    return blocks_in(page.read_text("utf-8"), page)


def blocks_in(text: str, page: Path) -> list[Block]:
    """Return the fenced blocks of a page's text."""
    found: list[Block] = []
    mark: Mark | None = None
    for token in _tokens(text):
        if token.type == "fence":
            kind = token.info.split()[0] if token.info.strip() else ""
            found.append(Block(page, _line(token), kind, token.content, mark or Mark()))
            mark = None
        elif token.type == "html_block" and "<!-- test:" in token.content:
            mark = _mark(token.content, f"{page.name}:{_line(token)}")
        elif mark:
            raise ValueError(f"{page.name}:{_line(token)}: no block follows the mark {mark.verb!r}")
    return found


def missing_test(words: str) -> str | None:
    """Say which of the tests that a mark names, `tests/.../FILE.py::NAME`, is not there; None where all are."""
    for named in NAMED_TEST.finditer(words):
        file = PROJECT / named["file"]
        names = {getattr(node, "name", None) for node in ast.parse(file.read_text()).body} if file.exists() else set()
        if not file.exists() or named["name"] not in {None, *names}:
            return named[0]
    return None


def is_in_a_copy(page: Path) -> bool:
    """Whether a page asks to be run in a copy of the project, which its blocks may change."""
    asked = PAGE_MARK.search(page.read_text("utf-8"))
    if asked and asked["words"] != "copy":
        raise ValueError(f"{page.name}: the mark of a page is `copy`, not {asked['words']!r}")
    return asked is not None


def anchors_of(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    inside = False
    for token in _tokens(page.read_text("utf-8")):
        if inside:
            title = "".join(part.content for part in token.children or () if part.type in ("text", "code_inline"))
            plain = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
            found.add(next(name for name in _numbered(plain) if name not in found))
        inside = token.type == "heading_open"
    return found


def links_of(page: Path) -> set[str]:
    """Return where a page's links and pictures lead."""
    inline = [part for token in _tokens(page.read_text("utf-8")) for part in token.children or ()]
    return {str(part.attrs[name]) for part in inline for name in ("href", "src") if name in part.attrs}


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in range(1, 1000))


def _tokens(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(text)


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0


def _mark(comment: str, where: str) -> Mark:
    match = MARK.fullmatch(comment)
    if not match or match["verb"] not in VERBS:
        raise ValueError(f"{where}: no mark of {', '.join(sorted(VERBS))}: {comment.strip()}")
    if match["verb"] != "output" and not match["words"]:
        raise ValueError(f"{where}: the mark {match['verb']!r} says nothing more")
    words = " ".join((match["words"] or "").split())
    if match["verb"] == "elsewhere" and not all(NAMED_TEST.fullmatch(word) for word in words.split()):
        raise ValueError(f"{where}: the mark 'elsewhere' names tests, `tests/FILE.py::NAME`, and no more")
    if missing := missing_test(words):
        raise ValueError(f"{where}: there is no test {missing}")
    return Mark(match["verb"], words)
