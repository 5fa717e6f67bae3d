"""Reads a multipart form into memory."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from app.problem_types import MALFORMED
from app.problems import ProblemError

MAX_PARTS = 1000
"""Bounds the bookkeeping per part; the bytes are bounded by the request's body limit."""


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
    try:
        form = await _StrictParser(request, max_bytes).parse()
    except MultiPartException as error:
        raise ProblemError(MALFORMED, f"The multipart form cannot be read: {error.message}") from error
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
        self._complete = False

    def on_end(self) -> None:
        self._complete = True

    async def _whole(self, request: Request) -> AsyncGenerator[bytes, None]:
        async for chunk in request.stream():
            yield chunk
        if not self._complete:
            raise MultiPartException("it ends before its closing boundary.")
