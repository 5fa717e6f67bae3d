"""Whether what came is what a page shows: words alike, numbers near, ids and times any, `...` for what is left out."""

import re
from itertools import pairwise

SHA256, ID = r"\b[0-9a-f]{64}\b", r"\b[0-9a-f]{32}\b"
TIME = r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.,]*(?:Z|[+-]\d\d:?\d\d)?"
SPEED = r"(?:\d+ (?:h|min) )?\d+ (?:h|min|s) \([\d,.]+/s\)"
NUMBER = r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?"
REST = r",?\s*\.\.\.,?"
TOKEN = re.compile(
    rf"(?P<rest>{REST})|(?P<sha>{SHA256})|(?P<id>{ID})|(?P<time>{TIME})|(?P<speed>{SPEED})|(?P<number>{NUMBER})|[A-Za-z_]+|\S"
)
RELATIVE, ABSOLUTE = 0.02, 0.002

Token = tuple[str, str]


def differs(shown: str, came: str) -> str | None:
    """Say where what came is not what is shown, or None where it is.

    Space does not count. A number may be off by 2 % or 0.002; an id of 32 hexadecimal digits, a time and a
    speed (`0 s (11.5/s)`) may be any other; `...` in what is shown stands for anything.
    """
    pieces: list[list[Token]] = [[]]
    for token in _tokens(shown):
        if token[0] == "rest":
            pieces.append([])
        else:
            pieces[-1].append(token)
    tokens = _tokens(came)
    if len(pieces) == 1:
        return _first_difference(pieces[0], tokens)
    if (difference := _first_difference(pieces[0], tokens[: len(pieces[0])])) is not None:
        return difference
    at = len(pieces[0])
    for piece, following in pairwise([*pieces[1:], None]):
        if following is None:
            at = max(at, len(tokens) - len(piece))
        while _first_difference(piece, tokens[at : at + len(piece)]) is not None:
            at += 1
            if at + len(piece) > len(tokens):
                return f"nowhere after that: {_text(piece)}"
        at += len(piece)
    return None


def _tokens(text: str) -> list[Token]:
    return [(match.lastgroup or "word", match[0]) for match in TOKEN.finditer(text)]


def _first_difference(shown: list[Token], came: list[Token]) -> str | None:
    for place, token in enumerate(shown):
        if place >= len(came):
            return f"it ends before: {_text(shown[place : place + 8])}"
        if not _alike(token, came[place]):
            return f"{_text(shown[max(0, place - 6) : place + 3])}  is  {_text(came[max(0, place - 6) : place + 3])}"
    return f"it goes on: {_text(came[len(shown) : len(shown) + 8])}" if len(came) > len(shown) else None


def _alike(shown: Token, came: Token) -> bool:
    if shown[0] in ("id", "time", "speed"):
        return came[0] == shown[0]
    if shown[0] == came[0] == "number":
        one, other = (float(text.replace(",", "")) for text in (shown[1], came[1]))
        return abs(one - other) <= max(ABSOLUTE, RELATIVE * abs(one))
    return shown[1] == came[1]


def _text(tokens: list[Token]) -> str:
    return " ".join(text for _, text in tokens)
