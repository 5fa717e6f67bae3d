"""The bytes that refuse a request before the application sees it: made once, but for its id and the date."""

from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus

from app.middleware.request_id import REQUEST_ID_HEADER
from app.middleware.security_headers import ANSWER
from app.problem_types import ProblemType
from app.problems import inference_error_of, problem_of, problem_response

RawHeaders = Iterable[tuple[bytes, bytes]]

_ID = "request-id-comes-here"
_PER_ANSWER = frozenset({b"content-length", b"connection", REQUEST_ID_HEADER.lower().encode()})
CLOSE = (b"connection", b"close")
END_OF_HEAD = b"\r\n\r\n"
KEPT = 64
"""Different refusals that are kept made; each holds about a kilobyte."""


class Refusals:
    """Makes answers of problem details for connections. An answer costs what joining its parts does."""

    def __init__(self) -> None:
        self._template = lru_cache(KEPT)(_template)

    def answer(
        self, type: ProblemType, detail: str, request_id: str, headers: RawHeaders, *, to_inference: bool = False
    ) -> bytes:
        """Return a whole answer, status line to body.

        Args:
            type: the kind of error.
            detail: what this one is about.
            request_id: as `SANE` of `app.middleware.request_id` has it, so that JSON has nothing to escape.
            headers: those of the connection: the date, whether it is closed.
            to_inference: whether a call of the Open Inference Protocol is answered.
        """
        head, before, after = self._template(type, detail, to_inference)
        identity = request_id.encode()
        status, fixed = head
        own = b"".join([b"%b: %b\r\n" % header for header in headers])
        length = len(before) + len(identity) + len(after)
        return b"%b%b%bx-request-id: %b\r\ncontent-length: %d\r\n\r\n%b%b%b" % (
            status,
            own,
            fixed,
            identity,
            length,
            before,
            identity,
            after,
        )


def too_many(most: int) -> str:
    """Return what one is told that comes when `most` connections are open."""
    return f"{most} connections are open; no more are taken. Try again later."


def body_size(answer: bytes) -> int:
    """Return how many bytes the body of an answer has."""
    return len(answer) - answer.index(END_OF_HEAD) - len(END_OF_HEAD)


def _template(type: ProblemType, detail: str, to_inference: bool) -> tuple[tuple[bytes, bytes], bytes, bytes]:
    """Return the status line, the headers, and the body before and after the request's id."""
    problem = problem_of(type, detail, _ID)
    response = problem_response(problem)
    body = inference_error_of(problem).encode() if to_inference else bytes(response.body)
    status = HTTPStatus(response.status_code)
    headers = [header for header in response.raw_headers if header[0] not in _PER_ANSWER]
    fixed = b"".join(b"%b: %b\r\n" % header for header in (*headers, *ANSWER))
    before, _, after = body.rpartition(_ID.encode())
    return (f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode(), fixed), before, after
