"""Reads a multipart form into memory."""

import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from app.problem_types import MALFORMED
from app.problems import ProblemError

MAX_PARTS = 1000
"""Bounds the bookkeeping per part; the body limit bounds their bytes, the parser a part's headers (8 of 4 KiB)."""
SECONDS_A_BYTE, SPARE_SECONDS = 30e-9, 0.2
"""Of processor time to take a form apart, by its largest size: five times what honest ones need, a quarter of what
false boundaries and padding can make of it."""
CHARSETS = frozenset((b"utf-8", b"utf8", b"us-ascii", b"iso-8859-1"))
"""Of text fields. Python has others that fail, or take a time that grows with the square of the text."""


@dataclass(frozen=True)
class Form:
    """A form's uploads, in the order sent, and its text fields."""

    files: tuple[bytes, ...]
    fields: dict[str, str]


async def read_form(request: Request, max_bytes: int) -> Form:
    """Read a `multipart/form-data` body of at most `max_bytes`.

    A file field that a browser sends with no file chosen (no name, no bytes) is left out.

    Raises:
        ProblemError: the form is malformed.
    """
    charset = parse_options_header(request.headers["content-type"])[1].get(b"charset", b"utf-8")
    if charset.lower() not in CHARSETS:
        raise ProblemError(MALFORMED, "The form's charset is not read here. Send UTF-8.")
    try:
        form = await _StrictParser(request, max_bytes).parse()
    except MultiPartException as error:
        reason = error.__cause__ or error.message
        raise ProblemError(MALFORMED, f"The multipart form cannot be read: {reason}") from error
    parts = form.multi_items()
    files = [await part.read() for _, part in parts if isinstance(part, UploadFile) and (part.filename or part.size)]
    fields = {name: part for name, part in parts if isinstance(part, str)}
    await form.close()
    return Form(tuple(files), fields)


class _StrictParser(MultiPartParser):
    """Keeps uploads in memory, and refuses a form that is cut short, which its parent takes for complete."""

    def __init__(self, request: Request, max_bytes: int) -> None:
        super().__init__(
            request.headers,
            self._whole(request),
            max_files=MAX_PARTS,
            max_fields=MAX_PARTS,
            max_part_size=max_bytes,
        )
        self.spool_max_size = max_bytes
        self._max_seconds = SPARE_SECONDS + SECONDS_A_BYTE * max_bytes
        self._complete = False

    def on_end(self) -> None:
        self._complete = True

    async def _whole(self, request: Request) -> AsyncGenerator[bytes, None]:
        seconds = 0.0
        async for chunk in request.stream():
            before = time.thread_time()
            # The parent takes the chunk apart before it asks for the next.
            yield chunk
            seconds += time.thread_time() - before
            if seconds > self._max_seconds:
                raise MultiPartException("it takes too long to take apart.")
        if not self._complete:
            raise MultiPartException("it ends before its closing boundary.")
