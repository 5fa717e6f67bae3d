"""A picture with its heat map over it, a title above it and a colour bar below it, as a PNG; or one of them."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from app.drawing.colours import evidence_colours, tint
from app.drawing.smoothing import enlarge

# In pixels: a smaller picture is scaled up until its longer side has this many.
READABLE_SIDE = 480
PAGE_WIDTH = 400
MARGIN = 20
GAP = 12
BAR_HEIGHT = 14
TITLE_SIZE, TEXT_SIZE, LINE = 22, 14, 21

PAPER, INK, WARNING, FRAME = (255, 255, 255), (31, 41, 51), (180, 60, 0), (123, 135, 148)
# The bar's ground: the colours are seen over pictures, whose middle is grey.
GROUND = (205, 205, 205)

# Of zlib: a third of the default level's time for a file a tenth larger.
COMPRESSION = 3

# The evidence at full strength of colour, at least. One logit over the whole picture changes the odds e-fold; without
# this floor a map of next to nothing would be drawn as boldly as any.
LEAST_SCALE = 1.0


@dataclass(frozen=True)
class Caption:
    """What is written around the picture: `answer` is explained, `title` leads, `warning` follows it if not empty."""

    answer: str
    title: str
    warning: str = ""


def draw_explained(picture: NDArray[np.uint8], heatmap: NDArray[np.float32], caption: Caption) -> bytes:
    """Draw the evidence for an answer over its picture, and return a PNG.

    Args:
        picture: uint8 `[H, W, 3]`, RGB, as it is shown.
        heatmap: float32 `[h, w]` over the whole picture: evidence for the answer, below 0 against it, in logits.
        caption: the words.
    """
    shown = _readable(picture)
    height, width = shown.shape[:2]
    strength, scale = _strength(heatmap, height, width)
    overlaid = tint(shown, strength)
    page, draw, top = _page(height, width, caption)
    page.paste(Image.fromarray(overlaid), ((page.width - width) // 2, top))
    _draw_bar(page, draw, top + height + GAP, scale, caption.answer)
    return _png(page)


def draw_picture(picture: NDArray[np.uint8]) -> bytes:
    """Return a picture, uint8 `[H, W, 3]`, RGB, as a PNG."""
    return _png(Image.fromarray(picture))


def draw_evidence(heatmap: NDArray[np.float32], height: int, width: int) -> bytes:
    """Draw the evidence alone, to lie over a picture of that size, and return a PNG with transparency.

    Args:
        heatmap: as `draw_explained` takes it.
        height: of the picture, in pixels.
        width: of the picture, in pixels.
    """
    strength, _ = _strength(heatmap, height, width)
    return _png(Image.fromarray(evidence_colours(strength)))


def _strength(heatmap: NDArray[np.float32], height: int, width: int) -> tuple[NDArray[np.float32], float]:
    """Return the evidence at each pixel as a share of full colour, -1 to 1, and the evidence at full colour."""
    evidence = enlarge(heatmap, height, width)
    scale = max(LEAST_SCALE, float(np.abs(evidence).max()))
    return evidence / np.float32(scale), scale


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", compress_level=COMPRESSION)
    return file.getvalue()


def _readable(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    factor = READABLE_SIDE / max(height, width)
    if factor <= 1:
        return picture
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))


def _page(height: int, width: int, caption: Caption) -> tuple[Image.Image, ImageDraw.ImageDraw, int]:
    """Return a page with the caption's title and warning, and where the picture's top belongs."""
    title, text = ImageFont.load_default(TITLE_SIZE), ImageFont.load_default(TEXT_SIZE)
    top = MARGIN + TITLE_SIZE + GAP + (LINE if caption.warning else 0)
    below = GAP + BAR_HEIGHT + 2 * LINE + MARGIN
    page = Image.new("RGB", (max(width, PAGE_WIDTH) + 2 * MARGIN, top + height + below), PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((MARGIN, MARGIN + TITLE_SIZE), caption.title, INK, title, anchor="ls")
    draw.text((MARGIN, top - GAP), caption.warning, WARNING, text, anchor="ls")
    return page, draw, top


def _draw_bar(page: Image.Image, draw: ImageDraw.ImageDraw, top: int, scale: float, answer: str) -> None:
    """Draw what the colours mean, over the page's width."""
    width = page.width - 2 * MARGIN
    ground = np.full((BAR_HEIGHT, width, 3), GROUND, np.uint8)
    strength = np.tile(np.linspace(-1, 1, width, dtype=np.float32), (BAR_HEIGHT, 1))
    page.paste(Image.fromarray(tint(ground, strength)), (MARGIN, top))
    bottom = top + BAR_HEIGHT
    draw.rectangle((MARGIN - 1, top - 1, MARGIN + width, bottom), outline=FRAME)
    font = ImageFont.load_default(TEXT_SIZE)
    left, middle, right = MARGIN, page.width // 2, page.width - MARGIN
    for x, anchor, number, words in (
        (left, "la", f"-{scale:.1f}", f"evidence against {answer}"),
        (middle, "ma", "0", ""),
        (right, "ra", f"+{scale:.1f}", f"evidence for {answer}"),
    ):
        draw.text((x, bottom + 4), number, INK, font, anchor=anchor)
        draw.text((x, bottom + 4 + LINE), words, INK, font, anchor=anchor)
