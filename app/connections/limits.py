"""How many connections there are, and how large and slow a request's head may be."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ConnectionLimits:
    """What one connection, and all of them together, may take.

    `max_connections`: open at the same time; one beyond is answered 503 and closed.
    `max_head_bytes`: of a request's line and headers; of trailers; of one chunk's extensions. What has no end is cut
    off after the read, of at most 256 KiB, that goes beyond.
    `head_seconds`: from the connection, or from a further request's first byte, to the end of the head.
    `linger_seconds`: how long the rest of a body that is no longer wanted is read and dropped, after the answer
    (RFC 9112, section 9.6: to close at once could cost the client the answer).
    `stalled_seconds`: how long a client may read nothing, or too little, of an answer that waits for it (with little
    more than 64 KiB waiting, so 2 KB a second are enough), before the connection is dropped.
    """

    max_connections: int = 512
    max_head_bytes: int = 32_768
    head_seconds: float = 10
    linger_seconds: float = 10
    stalled_seconds: float = 30
