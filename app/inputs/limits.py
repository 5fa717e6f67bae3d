"""How large an input may be."""

from dataclasses import dataclass, fields

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

    Raises:
        ValueError: a limit is below 1, or `max_pixels` above what Pillow reads.
    """

    max_pixels: int = PILLOW_PIXELS
    max_frames: int = 1_000
    max_characters: int = 1_000_000

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise ValueError(f"{field.name} must be at least 1, not {getattr(self, field.name)}")
        if self.max_pixels > PILLOW_MOST_PIXELS:
            raise ValueError(f"max_pixels must be at most {PILLOW_MOST_PIXELS}, not {self.max_pixels}")
