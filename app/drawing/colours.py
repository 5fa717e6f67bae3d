"""The colours of evidence: red for, blue against, the more opaque the stronger."""

import numpy as np
from numpy.typing import NDArray

# The ends of ColorBrewer's five-class diverging scheme RdBu, which colour-blind readers can tell apart (Harrower and
# Brewer 2003, colorbrewer2.org). Opacity stands for the white in its middle: white, laid over an X-ray, is haze.
FOR = (202, 0, 32)
AGAINST = (5, 113, 176)

# At full strength: what lies under the colour can still be made out.
MAX_OPACITY = 0.65


def evidence_colours(strength: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the colours of `strength` by themselves, to lie over a picture: uint8 `[H, W, 4]`, RGBA.

    Args:
        strength: float32 `[H, W]`, from -1, fully against, to 1, fully for.
    """
    opacity = np.float32(255 * MAX_OPACITY) * np.abs(strength)[..., None]
    return np.concatenate([_hues(strength), opacity + np.float32(0.5)], axis=-1).astype(np.uint8)


def tint(picture: NDArray[np.uint8], strength: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Lay the colours of `strength` over a picture; where it is 0 the picture stays as it is.

    Args:
        picture: uint8 `[H, W, 3]`, RGB.
        strength: float32 `[H, W]`, from -1, fully against, to 1, fully for.
    """
    under = picture.astype(np.float32)
    opacity = np.float32(MAX_OPACITY) * np.abs(strength)[..., None]
    return (under + opacity * (_hues(strength) - under) + 0.5).astype(np.uint8)


def _hues(strength: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(strength[..., None] > 0, np.array(FOR, np.float32), np.array(AGAINST, np.float32))
