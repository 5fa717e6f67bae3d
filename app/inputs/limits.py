"""How large an input may be."""

from dataclasses import dataclass, field

from app.inputs.decoding import DecodingRoom
from app.inputs.one_by_one import OneByOne

PILLOW_PIXELS = 89_478_485
PILLOW_MOST_PIXELS = 2 * PILLOW_PIXELS


@dataclass(frozen=True)
class InputLimits:
    """The largest input that is read. Checked from a file's header, before its content is decoded.

    `max_pixels`: width times height of a picture as stored. The default is where Pillow begins to warn of a
    decompression bomb (a quarter of a GiB at 24 bits); at most twice that, where Pillow itself refuses.
    `max_frames`: frames of an animation or pages of a TIFF. Only the first is read, so this is no cost but a check
    that the file is a picture; a minute at 15 frames a second has 900.
    `max_characters`: Unicode code points of a text.
    `decoding`, `one_by_one`: what threads that read by these limits share: memory, by default of two of the largest
    pictures at a time, and an order.

    Raises:
        ValueError: a limit is below 1, or `max_pixels` above what Pillow reads.
    """

    max_pixels: int = PILLOW_PIXELS
    max_frames: int = 1_000
    max_characters: int = 1_000_000
    decoding: DecodingRoom = field(default_factory=lambda: DecodingRoom(2 * PILLOW_PIXELS), compare=False, repr=False)
    one_by_one: OneByOne = field(default_factory=OneByOne, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("max_pixels", "max_frames", "max_characters"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.max_pixels > PILLOW_MOST_PIXELS:
            raise ValueError(f"max_pixels must be at most {PILLOW_MOST_PIXELS}, not {self.max_pixels}")
