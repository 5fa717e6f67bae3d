"""From a text file's bytes to one clean string."""

from app.inputs.errors import EmptyInputError, OversizedInputError, UnsupportedInputError
from app.inputs.limits import InputLimits
from app.inputs.sniff import what_is

_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")
# Texts have no NUL; a stray one is cleaned, more than one in a hundred bytes is UTF-16 or no text at all.
MAX_NUL_SHARE = 0.01
_MAX_BYTES_A_CHARACTER = 4

# The C0 and C1 control characters (ISO 6429) but line feed: old news wires are full of ETX and the like.
_CONTROLS = {code: " " for code in (*range(0x20), *range(0x7F, 0xA0)) if code != 0x0A}


def read_text(data: bytes, limits: InputLimits) -> str:
    """Decode UTF-8, with or without a byte order mark, and clean it as `clean_text` does.

    Raises:
        EmptyInputError: nothing, or only white space.
        UnsupportedInputError: not UTF-8; the message names the first wrong byte.
        OversizedInputError: more characters than `limits` allow.
    """
    if not data:
        raise EmptyInputError("The text is empty. Send some UTF-8 text.")
    if len(data) > _MAX_BYTES_A_CHARACTER * limits.max_characters + len(_BOM):
        raise _too_long(limits)
    if data.startswith(_WIDE_BOMS):
        raise UnsupportedInputError("The text is UTF-16, not UTF-8. Save it as UTF-8 and send it again.")
    if data.count(0) > max(1, MAX_NUL_SHARE * len(data)):
        raise UnsupportedInputError("This is binary data or UTF-16, not UTF-8 text. Save the text as UTF-8.")
    try:
        text = data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        offset = error.start + len(data) - len(data.removeprefix(_BOM))
        seen = what_is(data)
        what = f" It looks like {seen}." if seen not in (None, "text") else ""
        raise UnsupportedInputError(
            f"The text is not UTF-8: byte {offset} (0x{data[offset]:02x}) does not fit.{what} Save it as UTF-8."
        ) from error
    return clean_text(text, limits)


def clean_text(text: str, limits: InputLimits) -> str:
    r"""Return `text` with line ends as `\n`, other control characters as spaces, and only encodable characters.

    A lone surrogate, which JSON's `\ud800` can make, becomes U+FFFD; a pair becomes its character. Cleaning twice is
    as cleaning once.

    Raises:
        EmptyInputError: nothing is left but white space.
        OversizedInputError: more characters than `limits` allow.
    """
    if len(text) > limits.max_characters:
        raise _too_long(limits)
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    encodable = lines if lines.isascii() else lines.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    clean = encodable.translate(_CONTROLS)
    if not clean.strip():
        raise EmptyInputError("The text is blank. Send some words.")
    return clean


def _too_long(limits: InputLimits) -> OversizedInputError:
    return OversizedInputError(f"The text has more than {limits.max_characters:,} characters. Send a shorter one.")
