"""A compressed body is given to the application as it was, in pieces, and a bomb no further than somebody reads it."""

import asyncio
import gzip
import random
import zlib
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from app.middleware.encoding import PIECE_BYTES, EncodingMiddleware

MOST = 1_000_000


class RefusedError(Exception):
    pass


def middleware(app: object) -> EncodingMiddleware:
    return EncodingMiddleware(
        app,  # type: ignore[arg-type]
        applies=lambda scope: scope["path"] == "/compressed",
        max_bytes=MOST,
        unsupported=lambda name: RefusedError(f"unsupported {name}"),
        damaged=lambda reason: RefusedError(f"damaged: {reason}"),
        too_large=lambda: RefusedError("too large"),
    )


def pieces_of(parts: Sequence[bytes], encoding: str, path: str = "/compressed", most: int = 10_000) -> list[bytes]:
    """The pieces of a body, sent in parts, that an application reads; it gives up after `most`."""
    waiting: list[Message] = [
        {"type": "http.request", "body": part, "more_body": index < len(parts) - 1} for index, part in enumerate(parts)
    ]
    pieces: list[bytes] = []

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def read(scope: Scope, receive: Receive, send: Send) -> None:
        more = True
        while more and len(pieces) < most:
            message = await receive()
            assert message["type"] == "http.request"
            pieces.append(message["body"])
            more = message["more_body"]
        if not more:
            assert (await receive())["type"] == "http.disconnect"

    async def send(message: Message) -> None:
        raise AssertionError(message)

    headers = [(b"content-encoding", encoding.encode()), (b"content-length", b"5")]
    scope = {"type": "http", "path": path, "headers": headers}
    asyncio.run(middleware(read)(scope, receive, send))
    return pieces


def cut(body: bytes, places: Sequence[int]) -> list[bytes]:
    ends = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    return [body[start:end] for start, end in pairwise(ends)]


@given(
    plain=st.binary(max_size=300) | st.integers(0, 3 * PIECE_BYTES).map(bytes),
    places=st.lists(st.integers(0, 2**20), max_size=5),
    encoding=st.sampled_from(["gzip", "deflate", "GZIP"]),
)
@settings(max_examples=80, deadline=None)
def test_a_body_is_read_as_it_was_however_it_is_cut(plain: bytes, places: list[int], encoding: str) -> None:
    compress = gzip.compress if encoding.lower() == "gzip" else zlib.compress
    pieces = pieces_of(cut(compress(plain), places), encoding)
    assert b"".join(pieces) == plain
    assert max(map(len, pieces)) <= PIECE_BYTES


def test_a_bomb_is_undone_no_further_than_it_is_read() -> None:
    bomb = zlib.compress(bytes(200 * PIECE_BYTES))
    assert pieces_of([bomb], "deflate", most=3) == [bytes(PIECE_BYTES)] * 3


@given(body=st.binary(max_size=80), places=st.lists(st.integers(0, 80), max_size=3))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_refused(body: bytes, places: list[int]) -> None:
    try:
        plain = b"".join(pieces_of(cut(body, places), "gzip"))
    except RefusedError:
        return
    assert zlib.decompress(body, zlib.MAX_WBITS | 32) == plain


WHOLE = gzip.compress(b"some text, which is long enough to be cut")


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([b""], "it is cut short"),
        ([WHOLE[:-1]], "it is cut short"),
        ([WHOLE[:12], b""], "it is cut short"),
        ([b"plain text"], "it cannot be read"),
        ([WHOLE[:20] + b"\xff" * 9 + WHOLE[29:]], "it cannot be read"),
        ([WHOLE + b"more"], "something follows its end"),
        ([WHOLE, b"more"], "something follows its end"),
        ([WHOLE + WHOLE], "something follows its end"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_refused(parts: list[bytes], reason: str) -> None:
    with pytest.raises(RefusedError, match=f"damaged: {reason}"):
        pieces_of(parts, "gzip")


def test_more_compressed_bytes_than_a_body_may_have_are_not_read_though_nothing_comes_of_them() -> None:
    deflating = zlib.compressobj()
    # An empty block, which a body may have as many of as it likes.
    empty = deflating.compress(b"") + deflating.flush(zlib.Z_SYNC_FLUSH) + b"\0\0\0\xff\xff" * 1_000
    with pytest.raises(RefusedError, match="too large"):
        pieces_of([empty, *[b"\0\0\0\xff\xff" * 10_000] * 25], "deflate")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "x-gzip", "\u00e9"])
def test_another_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(RefusedError, match="unsupported"):
        pieces_of([WHOLE], encoding)


@pytest.mark.parametrize(("encoding", "path"), [("", "/compressed"), ("identity", "/compressed"), ("gzip", "/else")])
def test_any_other_body_is_passed_as_it_is(encoding: str, path: str) -> None:
    noise = random.Random(0).randbytes(3 * PIECE_BYTES)
    assert pieces_of([noise, b"more"], encoding, path) == [noise, b"more"]


def test_the_application_is_told_neither_the_encoding_nor_the_length_of_what_it_does_not_get() -> None:
    seen: list[Scope] = []

    async def look(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    async def never() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        raise AssertionError(message)

    headers = [(b"content-encoding", b"gzip"), (b"content-length", b"5"), (b"x-other", b"1")]
    asyncio.run(middleware(look)({"type": "http", "path": "/compressed", "headers": headers}, never, send))
    assert seen[0]["headers"] == [(b"x-other", b"1")]
