"""Find the ink of one handwritten digit in a drawing or a photo."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from app.inputs.components import Components, find_components
from app.inputs.lighting import Floats, paper_level
from app.inputs.morphology import dilate
from app.inputs.quantiles import integer_percentiles, median, percentile

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# Share of the shorter side that counts as border when polarity is looked for: wider than the lines of a form's box.
BORDER = 0.08
# Pixels darker than the paper by less than this share of it, or than this many deviations of its noise, are paper.
MIN_COVERAGE = 0.06
NOISE_DEVIATIONS = 4
# A normal distribution's standard deviation over its median absolute deviation.
DEVIATION = 1.4826
# Leaves room for rounding.
JUST_BELOW = 0.999
# Ink that hangs together with sure ink counts down to this share of the threshold: a pen presses unevenly.
HYSTERESIS = 0.5
OTSU_BINS = 256
OTSU_CENTRES = (np.arange(OTSU_BINS) + 0.5) / OTSU_BINS
# Dividing by black would make noise of it.
DARKEST_PAPER = 16
# Full coverage is the ink's upper quartile: not its noisiest pixel, nor its faintest stroke.
FULL_COVERAGE = 75
# Pixels beyond the mask that keep their grey, for the antialiased edge.
EDGE = 2

# Strokes closer than this share of the longer side hang together: a pen that skips leaves gaps.
BRIDGED_GAP = 1 / 150
# A part along the picture's border (a table's edge, a shadow, a frame) touches it over this share of its own extent;
# a digit cut too close touches it with a stroke's end.
ALONG_BORDER = 0.5
# A ruled line runs from one side to the other and is thinner than this share of the shorter side.
RULE_THICKNESS = 0.1
# What is not along the border is the digit if it is at least this share of the shorter side.
LEAST_DIGIT = 1 / 8
# Less than this share of the longer side is a speck on a blank page.
LEAST_EXTENT = 1 / 30
# Dirt: less than this share of the ink of the largest part. Further from the digit than this share of its extent.
LEAST_PART = 0.04
FURTHEST_PART = 0.25


@dataclass(frozen=True)
class Ink:
    """The ink of a digit, cropped to it.

    `coverage`, float32 `[h, w]`, is 1 where ink covers and about 0 on paper, where noise may take it below. `mask`,
    bool `[h, w]`, is true where ink was found.
    """

    coverage: Floats
    mask: Mask


def find_ink(grey: Bytes) -> Ink | None:
    """Find the digit in `grey` `[H, W]`, dark on light or light on dark; None if there is no ink.

    The paper's level is estimated and divided out, ink is what Otsu's threshold separates from it, and of the
    connected parts the largest and those close to it are kept.
    """
    paper = _dark_on_light(grey)
    level = np.maximum(paper_level(paper), DARKEST_PAPER)
    coverage = np.divide(paper, level, dtype=np.float32)
    np.subtract(1, coverage, out=coverage)
    inked = _inked(coverage, level)
    if inked is None:
        return None
    digit = _digit(inked, coverage)
    box = digit.box()
    mask, shown = digit.mask[box], coverage[box]
    if max(mask.shape) < LEAST_EXTENT * max(grey.shape):
        return None
    full = percentile(shown[mask], FULL_COVERAGE)
    limited = np.minimum(np.maximum(shown / full, -1), 1)
    return Ink(np.where(dilate(mask, EDGE), limited, np.float32(0)), mask)


def border_pixels(grey: Bytes, thickness: int) -> Bytes:
    """The pixels within `thickness` of the picture's border, as one row."""
    inner = slice(thickness, -thickness)
    sides = (grey[:thickness], grey[-thickness:], grey[inner, :thickness], grey[inner, -thickness:])
    return np.concatenate([side.ravel() for side in sides])


def _dark_on_light(grey: Bytes) -> Bytes:
    """Return `grey`, inverted if its ink is lighter than its paper.

    Paper is what the border shows. Where a shadow makes the border as varied as the picture, ink is on the side to
    which pixels stray further from their surroundings.
    """
    border = border_pixels(grey, max(1, round(BORDER * min(grey.shape))))
    low, paper, high = integer_percentiles(border, (10, 50, 90))
    darkest, lightest = integer_percentiles(grey, (0.2, 99.8))
    if high - low >= (lightest - darkest) / 2:
        around = Image.fromarray(grey).filter(ImageFilter.GaussianBlur(max(grey.shape) / 8))
        darkest, lightest = integer_percentiles(grey.astype(np.int16) - np.asarray(around), (0.5, 99.5))
        paper = 0
    return grey if paper - darkest >= lightest - paper else 255 - grey


def _inked(coverage: Floats, level: Floats) -> Components | None:
    """Separate ink from paper: Otsu's threshold among what is above the paper's noise, with hysteresis."""
    clear = coverage > _noise_floor(coverage, level)
    above = coverage[clear]
    if not above.size:
        return None
    sure = _otsu(above)
    parts = find_components(clear & (coverage > HYSTERESIS * sure))
    inked = parts.sums(coverage > sure) > 0
    return parts.only(inked) if inked.any() else None


def _noise_floor(coverage: Floats, level: Floats) -> Floats | float:
    """The coverage, `[H, W]` or one for all, that noise does not reach.

    A sensor's noise weighs more where there is less light.
    """
    down, across = max(1, coverage.shape[0] // 128), max(1, coverage.shape[1] // 128)
    darker = (coverage[::down, ::across] * level[::down, ::across]).ravel()
    middle = median(darker)
    astray = np.abs(darker - middle)
    deviations = NOISE_DEVIATIONS * DEVIATION
    # Most often the least coverage is above the noise even where it is darkest: counting shows it, without a median.
    harmless = (JUST_BELOW * MIN_COVERAGE * float(level.min()) - max(middle, 0)) / deviations
    if 2 * np.count_nonzero(astray <= harmless) > astray.size:
        return MIN_COVERAGE
    floor: Floats = np.maximum(MIN_COVERAGE, (deviations * median(astray) + max(middle, 0)) / level)
    return floor


def _otsu(values: Floats) -> float:
    """The threshold that separates `values`, above 0 and up to 1, best into two classes (Otsu 1979, equation 12)."""
    bins = np.minimum((values * OTSU_BINS).astype(np.intp), OTSU_BINS - 1)
    counts = np.bincount(bins, minlength=OTSU_BINS)
    below, sum_below = np.cumsum(counts), np.cumsum(counts * OTSU_CENTRES)
    above, sum_above = values.size - below, sum_below[-1] - sum_below
    split = np.maximum(below, 1), np.maximum(above, 1)
    between = below * above * (sum_below / split[0] - sum_above / split[1]) ** 2
    return (int(np.argmax(between)) + 1) / OTSU_BINS


def _digit(inked: Components, coverage: Floats) -> Components:
    """Keep, of all ink, what belongs to the digit."""
    if len(inked) == 1:
        return inked
    height, width = inked.mask.shape
    gap = int(max(height, width) * BRIDGED_GAP)
    parts = find_components(dilate(inked.mask, gap)) if gap else inked
    mass = parts.sums(np.where(inked.mask, coverage, 0))
    candidates = _not_along_border(parts, height, width)
    largest = int(np.argmax(np.where(candidates, mass, -1)))
    candidates &= mass >= LEAST_PART * mass[largest]
    return inked.only(inked.sums(parts.paint(_gather(parts, largest, candidates))) > 0)


def _not_along_border(parts: Components, height: int, width: int) -> Mask:
    """Which parts may be of the digit: all, unless one that is large enough lies clear of the border."""
    heights, widths = parts.bottom - parts.top, parts.right - parts.left
    extent = np.maximum(heights, widths)
    along = parts.border_lengths() >= ALONG_BORDER * extent
    spans = (heights == height) | (widths == width)
    rule = spans & (np.minimum(heights, widths) < RULE_THICKNESS * min(height, width))
    clear = ~(along | rule)
    elsewhere = clear & (extent >= LEAST_DIGIT * min(height, width))
    return clear if elsewhere.any() else np.ones(len(parts), np.bool_)


def _gather(parts: Components, largest: int, candidates: Mask) -> Mask:
    """Start from the largest part and add candidates close to what is gathered, until there are none."""
    gathered = np.zeros(len(parts), np.bool_)
    gathered[largest] = True
    while True:
        top, bottom = parts.top[gathered].min(), parts.bottom[gathered].max()
        left, right = parts.left[gathered].min(), parts.right[gathered].max()
        down = np.maximum(parts.top - bottom, top - parts.bottom)
        across = np.maximum(parts.left - right, left - parts.right)
        close = np.maximum(down, across) <= FURTHEST_PART * max(bottom - top, right - left)
        more = gathered | (candidates & close)
        if np.array_equal(more, gathered):
            return gathered
        gathered = more
