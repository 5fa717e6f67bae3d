"""A file's or a stream's bytes, as far as a service would take them."""

from pathlib import Path
from typing import BinaryIO

from app.inputs.errors import OversizedInputError

CHUNK = 1024 * 1024


def read_file(path: Path, max_bytes: int) -> bytes:
    """Return a file's bytes.

    Raises:
        OSError: it cannot be read.
        OversizedInputError: it has more than `max_bytes`.
    """
    with path.open("rb", buffering=0) as file:
        return read_stream(file, max_bytes)


def read_stream(stream: BinaryIO, max_bytes: int) -> bytes:
    """Return all that is left of a stream.

    Raises:
        OSError: it cannot be read.
        OversizedInputError: it has more than `max_bytes`.
    """
    content = bytearray()
    while chunk := stream.read(CHUNK):
        content += chunk
        if len(content) > max_bytes:
            raise OversizedInputError(f"It has more than {max_bytes:,} bytes; QUARTET_MAX_BODY_BYTES allows no more.")
    return bytes(content)
