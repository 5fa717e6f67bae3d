"""How many pixels a picture may have."""

from app.inputs.errors import OversizedInputError
from app.inputs.limits import InputLimits

# The longest side that JPEG, GIF and DICOM can state. A resize needs memory in proportion to the longest side, whatever
# the pixel count: a picture of 1 x 89,000,000 would take gigabytes.
MAX_SIDE = 65_535


def check_size(width: int, height: int, limits: InputLimits) -> None:
    """Check a picture's size, as its header states it.

    Raises:
        OversizedInputError: more pixels than `limits` allow, or a longer side than `MAX_SIDE`.
    """
    if width * height > limits.max_pixels:
        raise OversizedInputError(
            f"The picture has {width:,} x {height:,} pixels; at most {limits.max_pixels:,} are read. "
            "Send a smaller copy."
        )
    if max(width, height) > MAX_SIDE:
        raise OversizedInputError(f"The picture is {max(width, height):,} pixels long; at most {MAX_SIDE:,} are read.")
