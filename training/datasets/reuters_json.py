"""Reuters news as JSON lines: a title, a body and a topic each."""

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.datasets.base import DatasetError

# The wire service closed every body with this control character, `&#3;` in the published SGML.
_END_OF_TEXT = "\x03"


def read_json_texts(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield a name, a topic and the text (title, then body) of every line of a .jsonl or .jsonl.gz file.

    The name is the line's `id`, or else its number. A text without title and body is yielded as an empty one.

    Raises:
        DatasetError: the file is damaged, or a line is not an object with a topic and a title or a body.
    """
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _read_line(line, f"{path.name}, line {number}", str(number))
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error


def _read_line(line: bytes, place: str, number: str) -> tuple[str, str, str]:
    try:
        record: Any = json.loads(line)
    except ValueError as error:
        raise DatasetError(f"{place} is not JSON: {error}") from error
    if not isinstance(record, dict) or not isinstance(record.get("topic"), str):
        raise DatasetError(f'{place} is not an object with a "topic"')
    if not {"title", "body"} & record.keys():
        raise DatasetError(f'{place} has neither "title" nor "body"')
    return str(record.get("id", number)), record["topic"], _text(record.get("title"), record.get("body"))


def _text(title: object, body: object) -> str:
    parts = (part.strip().rstrip(_END_OF_TEXT).strip() for part in (title, body) if isinstance(part, str))
    return "\n".join(part for part in parts if part)
