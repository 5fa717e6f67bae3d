"""From stored values to grey levels: modality, VOI, then presentation (PS3.3, C.11; the order is PS3.4, N.2).

A stored value has at most 16 bits, so each step is taken once for each possible value, not for each pixel.
"""

import numpy as np
from numpy.typing import NDArray

from app.inputs.colour import DEPTHS
from app.inputs.dicom.header import MAX_BITS, Header, LookupTable, Window

Floats = NDArray[np.float64]

PIXELS_AT_ONCE = 1 << 18
"""Looked up at once: NumPy makes an index of eight bytes of each."""


def to_grey(stored: NDArray[np.uint8] | NDArray[np.uint16], header: Header) -> NDArray[np.uint8]:
    """Turn stored pixels `[H, W]`, their bits beyond `header.bits_stored` cleared, into grey levels `[H, W]`.

    0 is black and 255 white, whatever the photometric interpretation.
    """
    flat = stored.reshape(-1)
    used = _used(flat, 1 << header.bits_stored) if _depends_on_values(header) else None
    table = grey_table(header, used)
    grey = np.empty(flat.size, np.uint8)
    for start in range(0, flat.size, PIXELS_AT_ONCE):
        np.take(table, flat[start : start + PIXELS_AT_ONCE], out=grey[start : start + PIXELS_AT_ONCE], mode="clip")
    return grey.reshape(stored.shape)


def grey_table(header: Header, used: NDArray[np.bool_] | None = None) -> NDArray[np.uint8]:
    """The grey level of every value that `header.bits_stored` bits can hold: uint8 `[2 ** bits_stored]`.

    Args:
        header: the header.
        used: which of them the picture has, all if left out; counts where the header says too little.
    """
    stored = _numbers(header)
    is_padding = _is_padding(stored, header)
    values = _modality(stored, header)
    if header.voi_table is not None:
        shares = _looked_up(values, header.voi_table) / _full(header.voi_table.bits)
    elif header.window is not None:
        shares = _windowed(values, header.window)
    else:
        is_shown = ~is_padding if used is None else used & ~is_padding
        low, high = _full_range(stored[is_shown], header)
        shares = np.clip((values - low) / (high - low), 0, 1)
    if header.photometric == "MONOCHROME1":
        shares = 1 - shares
    grey = np.floor(shares * 255 + 0.5).astype(np.uint8)
    grey[is_padding] = 0
    return grey


def _depends_on_values(header: Header) -> bool:
    """Whether the grey levels depend on which values the picture has: `_full_range`."""
    is_vague = header.bits_stored == MAX_BITS or header.is_signed
    return is_vague and header.voi_table is None and header.window is None


def _used(flat: NDArray[np.uint8] | NDArray[np.uint16], count: int) -> NDArray[np.bool_]:
    used = np.zeros(count, bool)
    for start in range(0, flat.size, PIXELS_AT_ONCE):
        used[flat[start : start + PIXELS_AT_ONCE]] = True
    return used


def _numbers(header: Header) -> Floats:
    """What each pattern of bits means (PS3.5, section 8.1.1: two's complement where signed)."""
    count = 1 << header.bits_stored
    numbers = np.arange(count, dtype=np.float64)
    if header.is_signed:
        numbers[count // 2 :] -= count
    return numbers


def _is_padding(stored: Floats, header: Header) -> NDArray[np.bool_]:
    if header.padding is None:
        return np.zeros(stored.size, bool)
    low, high = header.padding
    return (stored >= low) & (stored <= high)


def _modality(stored: Floats, header: Header) -> Floats:
    """PS3.3, C.11.1: by a table, or by a slope and an intercept."""
    if header.modality_table is not None:
        return _looked_up(stored, header.modality_table)
    return stored * header.slope + header.intercept


def _looked_up(values: Floats, table: LookupTable) -> Floats:
    """Values outside take the first or the last entry. The first value is signed where values can be (C.11.2.1.1)."""
    is_signed = table.first >= 1 << 15 and values.min() < 0
    first = table.first - (1 << 16) if is_signed else table.first
    places = np.clip(np.floor(values + 0.5) - first, 0, table.entries.size - 1)
    found: Floats = table.entries[places.astype(np.intp)].astype(np.float64)
    return found


def _windowed(values: Floats, window: Window) -> Floats:
    """The share of white of each value: PS3.3, C.11.2.1.2.1 and C.11.2.1.3."""
    centre, width = window.centre, window.width
    match window.function:
        case "SIGMOID":
            # Beyond 40 widths there is no difference to black or white.
            return 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -160, 160)))
        case "LINEAR_EXACT":
            return np.clip((values - centre) / width + 0.5, 0, 1)
        case "LINEAR":
            if width == 1:
                return (values > centre - 0.5).astype(np.float64)
            return np.clip((values - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)


def _full_range(shown: Floats, header: Header) -> tuple[float, float]:
    """Black and white where the header names no window, after the modality step: all that is stored may hold.

    Sixteen bits are what writers say that do not know better: of them, as of a 16-bit PNG, the smallest customary
    depth is taken that holds all values (`colour.to_8_bits`). Signed values of which none is below 0 are taken as not
    signed. What a modality table gives is as deep as it says.
    """
    if header.modality_table is not None:
        return 0.0, _full(header.modality_table.bits)
    low, high = (int(shown.min()), int(shown.max())) if shown.size else (0, 0)
    sign_bits = 1 if low < 0 else 0
    bits = header.bits_stored
    if bits == MAX_BITS:
        needed = max(high, -low - 1).bit_length() + sign_bits
        bits = next(depth for depth in DEPTHS if needed <= depth)
    elif header.is_signed:
        bits += sign_bits - 1
    ends = (-float(1 << bits - 1), _full(bits - 1)) if sign_bits else (0.0, _full(bits))
    black, white = sorted(end * header.slope + header.intercept for end in ends)
    return black, white


def _full(bits: int) -> float:
    return float((1 << bits) - 1)
