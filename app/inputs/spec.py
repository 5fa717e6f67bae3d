"""What a model takes as input, as its manifest states it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

PositiveInt = Annotated[int, Field(gt=0)]
ColourMode = Literal["L", "RGB"]
ResizeFilter = Literal["box", "bilinear", "hamming", "bicubic", "lanczos"]


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ImageSpec(_Spec):
    """A picture resized to exactly `height` x `width`, its aspect not kept: uint8 `[height, width, channels]`."""

    kind: Literal["image"] = "image"
    mode: ColourMode
    height: PositiveInt
    width: PositiveInt
    resize: ResizeFilter = "bilinear"

    @property
    def channels(self) -> int:
        """1 for greyscale, 3 for RGB."""
        return 1 if self.mode == "L" else 3


class DigitSpec(_Spec):
    """A handwritten digit in MNIST's own normal form: uint8 `[28, 28, 1]`, white ink (255) on black (0)."""

    kind: Literal["digit"] = "digit"
    height: Literal[28] = 28
    width: Literal[28] = 28

    @property
    def channels(self) -> int:
        """Always 1: ink has no colour."""
        return 1


class TextSpec(_Spec):
    """A text: one cleaned Unicode string."""

    kind: Literal["text"] = "text"


InputSpec = Annotated[ImageSpec | DigitSpec | TextSpec, Field(discriminator="kind")]
