"""The one way in: bytes become what a model's input spec asks for, in training as in serving."""

import numpy as np
from numpy.typing import NDArray

from app.inputs.digit import read_digit
from app.inputs.image import read_image
from app.inputs.limits import InputLimits
from app.inputs.spec import DigitSpec, ImageSpec, InputSpec, TextSpec
from app.inputs.text import read_text


def read_input(data: bytes, spec: InputSpec, limits: InputLimits) -> NDArray[np.uint8] | str:
    """Read `data` as `spec` says: uint8 `[height, width, channels]` for a picture or a digit, a string for a text.

    Raises:
        InputError: the input cannot be read; the message says why and what to do.
    """
    match spec:
        case ImageSpec():
            return read_image(data, spec, limits)
        case DigitSpec():
            return read_digit(data, limits)
        case TextSpec():
            return read_text(data, limits)
