"""The inputs that are sent, all drawn or written here from a seed: an X-ray, a digit and a news text."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SEED = 0
XRAY_SIZE = (1664, 1280)
XRAY_BYTES = 427_000
TEXT_BYTES = 2_048

_SENTENCES = (
    "Crude oil prices rose after ministers agreed to cut output by {} barrels a day.",
    "The company said net profit for the quarter rose to {} mln dlrs from {} mln a year earlier.",
    "Traders said a tender for {} tonnes of raw sugar was awarded at {} dlrs a tonne.",
    "The central bank's reserves fell by {} mln dlrs in the week, it said.",
)


def xray_jpeg() -> bytes:
    """Draw a grey picture of a chest's coarse and fine structure, as a JPEG of about `XRAY_BYTES`."""
    rng = np.random.default_rng(SEED)
    width, height = XRAY_SIZE
    page = Image.new("L", XRAY_SIZE, 60)
    draw = ImageDraw.Draw(page)
    draw.ellipse((200, 60, width - 200, height + 200), fill=165)
    for left in (330, 900):
        draw.ellipse((left, 170, left + 440, 1120), fill=70)
        for rib in range(200, 1100, 110):
            draw.arc((left - 60, rib - 150, left + 500, rib + 130), 200, 340, fill=125, width=22)
    draw.rectangle((780, 40, 880, height), fill=205)
    draw.ellipse((700, 640, 1120, 1120), fill=190)
    smooth = np.asarray(page.filter(ImageFilter.GaussianBlur(14)), np.float32)
    texture = np.asarray(
        Image.fromarray(rng.normal(0, 30, (height // 3, width // 3)).astype(np.float32)).resize(
            XRAY_SIZE, Image.Resampling.BICUBIC
        )
    )
    grain = rng.normal(0, 4, (height, width))
    picture = Image.fromarray(np.clip(smooth + texture / 3 + grain, 0, 255).astype(np.uint8))
    return _nearest(picture, XRAY_BYTES)


def digit_png() -> bytes:
    """Draw a handwritten 7 as a photo of it would come, cut down to a PNG of about 2 KB."""
    rng = np.random.default_rng(SEED)
    page = Image.new("L", (224, 224), 255)
    draw = ImageDraw.Draw(page)
    draw.line([(62, 62), (160, 58), (104, 176)], fill=20, width=15, joint="curve")
    soft = np.asarray(page.filter(ImageFilter.GaussianBlur(1.2)).resize((68, 68)), np.int16)
    noisy = np.clip(soft + rng.integers(-3, 4, soft.shape), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noisy).save(buffer, "PNG")
    return buffer.getvalue()


def news_text() -> bytes:
    """Write a news text of `TEXT_BYTES` bytes."""
    rng = np.random.default_rng(SEED)
    text = "OIL, SUGAR AND MONEY\n"
    while len(text) < TEXT_BYTES:
        sentence = _SENTENCES[int(rng.integers(len(_SENTENCES)))]
        text += sentence.format(*(f"{number:,}" for number in rng.integers(10, 900_000, 2))) + " "
    return text[:TEXT_BYTES].encode()


def _nearest(picture: Image.Image, size: int) -> bytes:
    """Save as the JPEG, of all qualities, whose size is nearest to `size` bytes."""
    files = []
    for quality in range(60, 97, 2):
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality)
        files.append(buffer.getvalue())
    return min(files, key=lambda content: abs(len(content) - size))
