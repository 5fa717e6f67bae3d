"""The wire format of protocol buffers: numbered fields, to read and to write (protobuf.dev, "Encoding")."""

from collections.abc import Iterator

VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5
_FIXED_LENGTHS = {FIXED_64: 8, FIXED_32: 4}
_MOST_VARINT_BYTES = 10


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield each field's number and its value: a number, or the bytes of a string, a message or a fixed-width number.

    Raises:
        ValueError: the message ends within a field, or holds a wire type that is not in use any more.
    """
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        kind = key & 7
        if kind == VARINT:
            value, at = varint(message, at)
            yield key >> 3, value
            continue
        if kind == BYTES:
            length, at = varint(message, at)
        elif kind in _FIXED_LENGTHS:
            length = _FIXED_LENGTHS[kind]
        else:
            raise ValueError(f"a field of wire type {kind}")
        if at + length > len(message):
            raise ValueError("a field is cut short")
        yield key >> 3, message[at : at + length]
        at += length


def messages(message: memoryview, number: int) -> Iterator[memoryview]:
    """Yield the bytes of each field of that number.

    Raises:
        ValueError: the message is damaged, or the field is a number.
    """
    for found, value in fields(message):
        if found == number:
            if isinstance(value, int):
                raise ValueError(f"field {number} is a number, not bytes")
            yield value


def number(message: memoryview, number: int) -> int:
    """Return the last number stored under that field, 0 if there is none, as protocol buffers define it."""
    values = [value for found, value in fields(message) if found == number and isinstance(value, int)]
    return values[-1] if values else 0


def text(message: memoryview, number: int) -> str:
    """Return the last string stored under that field, empty if there is none."""
    values = list(messages(message, number))
    return bytes(values[-1]).decode() if values else ""


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """Read a number of variable length at `at`; return it and where it ends.

    Raises:
        ValueError: the data end within it, or it is longer than any 64-bit number.
    """
    value = 0
    for count, byte in enumerate(data[at : at + _MOST_VARINT_BYTES]):
        value |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            return value, at + count + 1
    raise ValueError("a number is cut short")


def field_of(number: int, content: bytes | memoryview) -> bytes:
    """Write a field of bytes."""
    return _varint_of(number << 3 | BYTES) + _varint_of(len(content)) + bytes(content)


def number_field_of(number: int, value: int) -> bytes:
    """Write a field that is a number."""
    return _varint_of(number << 3 | VARINT) + _varint_of(value)


def _varint_of(value: int) -> bytes:
    written = bytearray()
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
