"""Undoes the compression of a request's body as it is read, a piece at a time: no small body becomes a large one."""

import asyncio
import zlib
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ENCODINGS = ("gzip", "deflate")
"""Of RFC 9110, section 8.4.1; `deflate` is zlib's format (RFC 1950)."""
GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
"""Lets zlib tell the two apart by their first bytes."""
PIECE_BYTES = 262_144
"""The most that is made of a body at a time, before whoever reads it looks whether that is too much."""


class EncodingMiddleware:
    """Gives the application, and what bounds its bodies, the body as it was before it was compressed.

    Stands outside of what bounds bodies: that counts what is made of a body, and stops reading.

    Args:
        app: the application.
        applies: says of a path whether bodies may be compressed there.
        max_bytes: the most compressed bytes that are read.
        unsupported: makes the exception to raise for an encoding that is not read here, from its name.
        damaged: makes the exception to raise for a body that is not what its encoding says, from the reason.
        too_large: makes the exception to raise for a body larger than `max_bytes`.
    """

    def __init__(
        self,
        app: ASGIApp,
        applies: Callable[[Scope], bool],
        max_bytes: int,
        unsupported: Callable[[str], Exception],
        damaged: Callable[[str], Exception],
        too_large: Callable[[], Exception],
    ) -> None:
        self.app = app
        self.applies = applies
        self.max_bytes = max_bytes
        self.unsupported = unsupported
        self.damaged = damaged
        self.too_large = too_large

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application with a `receive` that gives the plain body."""
        if scope["type"] != "http" or not self.applies(scope):
            await self.app(scope, receive, send)
            return
        encoding = Headers(scope=scope).get("content-encoding", "").strip().lower()
        if encoding in {"", "identity"}:
            await self.app(scope, receive, send)
            return
        headers = MutableHeaders(scope=scope)
        # Of the body as it is read, neither is true.
        for name in ("content-encoding", "content-length"):
            del headers[name]
        await self.app(scope, self._plain_receive(encoding, receive), send)

    def _plain_receive(self, encoding: str, receive: Receive) -> Receive:
        inflating = zlib.decompressobj(GZIP_OR_ZLIB)
        waiting = b""
        read_bytes = 0
        more = True
        ended = False

        async def plain_receive() -> Message:
            nonlocal waiting, read_bytes, more, ended
            if encoding not in ENCODINGS:
                raise self.unsupported(encoding)
            if ended:
                return await receive()
            while True:
                if not waiting and more:
                    message = await receive()
                    if message["type"] != "http.request":
                        return message
                    waiting, more = message.get("body", b""), message.get("more_body", False)
                    read_bytes += len(waiting)
                    if read_bytes > self.max_bytes:
                        raise self.too_large()
                piece = self._inflate(inflating, waiting)
                waiting = inflating.unconsumed_tail
                ended = not piece and not waiting and not more
                if ended and not inflating.eof:
                    raise self.damaged("it is cut short")
                if piece or ended:
                    # Others get their turn between the pieces of a body that came at once.
                    await asyncio.sleep(0)
                    return {"type": "http.request", "body": piece, "more_body": not ended}

        return plain_receive

    def _inflate(self, inflating: "zlib._Decompress", waiting: bytes) -> bytes:
        try:
            piece = inflating.decompress(waiting, PIECE_BYTES)
        except zlib.error as error:
            raise self.damaged(f"it cannot be read: {error}") from error
        if inflating.unused_data:
            raise self.damaged("something follows its end")
        return piece
