"""Files as answers: the pages, what they load, and a model's card and plots."""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from email.utils import formatdate
from http import HTTPStatus
from io import FileIO
from mimetypes import MimeTypes
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

PIECE_BYTES = 65_536
"""Of a file, in memory at a time: so much a server takes before it waits for the client to read on."""

MEDIA_TYPES = MimeTypes()
"""Python's own, which a machine's `mime.types` or registry do not change."""


class StoredFile(Response):
    """A file as a response, opened and begun to be read before anything is sent: if it cannot be, that is an error.

    A client that has it already is told so (RFC 9110, section 13). A part is not sent to who asks for one: the whole
    is, as to anybody (section 14.2).

    Args:
        path: the file's.
        media_type: what it is; by its name unless given.
    """

    def __init__(self, path: Path, media_type: str | None = None) -> None:
        super().__init__(media_type=media_type or MEDIA_TYPES.guess_type(path.name)[0] or "application/octet-stream")
        self._path = path

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer the request of an ASGI scope.

        Raises:
            OSError: the file cannot be read.
        """
        with ExitStack() as opened:
            file = await run_in_threadpool(self._open, opened)
            left = int(self.headers["content-length"])
            if _has_it(self.headers, Headers(scope=scope)):
                self.status_code = HTTPStatus.NOT_MODIFIED
                del self.headers["content-length"], self.headers["content-type"]
                left = 0
            elif scope["method"] == "HEAD":
                left = 0
            piece = await run_in_threadpool(file.read, min(left, PIECE_BYTES)) if left else b""
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            # No piece comes where the file has been cut short meanwhile: then the answer is, and its connection closed.
            while piece and len(piece) < left:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                left -= len(piece)
                piece = await run_in_threadpool(file.read, min(left, PIECE_BYTES))
            await send({"type": "http.response.body", "body": piece, "more_body": False})

    def _open(self, opened: ExitStack) -> FileIO:
        """Open the file, to be closed with `opened`, and say in the headers which one it is."""
        file = opened.enter_context(FileIO(self._path))
        status = os.fstat(file.fileno())
        self.headers["content-length"] = str(status.st_size)
        self.headers["last-modified"] = formatdate(status.st_mtime, usegmt=True)
        self.headers["etag"] = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
        return file


class StoredFolder(StaticFiles):
    """A folder's files as responses."""

    def file_response(self, full_path: str | os.PathLike[str], *_: Any, **__: Any) -> Response:
        """Return the answer to a request for a file that is there."""
        return StoredFile(Path(full_path))


def _has_it(file: Mapping[str, str], request: Mapping[str, str]) -> bool:
    """Return whether a request says that its client has the file that an answer's headers describe."""
    tags = request.get("if-none-match")
    if tags is None:
        # Clients send the date that they were given.
        return request.get("if-modified-since") == file["last-modified"]
    return any(tag.strip().removeprefix("W/") in {file["etag"], "*"} for tag in tags.split(","))
