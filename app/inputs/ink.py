"""Find the ink of one handwritten digit in a drawing or a photo."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from app.inputs.components import Components, find_components
from app.inputs.lighting import Floats, paper_level

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# Share of the shorter side that counts as border when polarity is looked for: wider than the lines of a form's box.
BORDER = 0.08
# Pixels darker than the paper by less than this share of it, or than this many deviations of its noise, are paper.
MIN_COVERAGE = 0.06
NOISE_DEVIATIONS = 4
# Ink that hangs together with sure ink counts down to this share of the threshold: a pen presses unevenly.
HYSTERESIS = 0.5
OTSU_BINS = 256
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
    coverage = (1 - paper / level).astype(np.float32)
    inked = _threshold(coverage, level)
    if not inked.any():
        return None
    digit = _digit(inked, coverage)
    full = np.float32(np.percentile(coverage[digit], FULL_COVERAGE))
    shown = np.where(_grow(digit, EDGE), np.clip(coverage / full, -1, 1), np.float32(0))
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    if max(digit[box].shape) < LEAST_EXTENT * max(grey.shape):
        return None
    return Ink(shown[box], digit[box])


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
    low, paper, high = np.percentile(border, (10, 50, 90))
    darkest, lightest = np.percentile(grey, (0.2, 99.8))
    if high - low >= (lightest - darkest) / 2:
        around = Image.fromarray(grey).filter(ImageFilter.GaussianBlur(max(grey.shape) / 8))
        darkest, lightest = np.percentile(grey.astype(np.int16) - np.asarray(around), (0.5, 99.5))
        paper = 0
    return grey if paper - darkest >= lightest - paper else 255 - grey


def _threshold(coverage: Floats, level: Floats) -> Mask:
    """Separate ink from paper: Otsu's threshold among what is above the paper's noise, with hysteresis."""
    least = _noise_floor(coverage, level)
    above = coverage[coverage > least]
    if not above.size:
        return np.zeros(coverage.shape, np.bool_)
    sure = _otsu(above)
    parts = find_components(coverage > np.maximum(least, HYSTERESIS * sure))
    return parts.paint(parts.sums((coverage > sure).astype(np.float32)) > 0)


def _noise_floor(coverage: Floats, level: Floats) -> Floats:
    """The coverage `[H, W]` that noise does not reach; a sensor's noise weighs more where there is less light."""
    step = max(1, coverage.shape[0] // 128), max(1, coverage.shape[1] // 128)
    darker = (coverage * level)[:: step[0], :: step[1]]
    middle = float(np.median(darker))
    # The median absolute deviation of a normal distribution is its standard deviation over 1.4826.
    noise = 1.4826 * float(np.median(np.abs(darker - middle)))
    floor: Floats = np.maximum(MIN_COVERAGE, (NOISE_DEVIATIONS * noise + max(middle, 0)) / level)
    return floor


def _otsu(values: Floats) -> float:
    """The threshold that separates `values`, from 0 to 1, best into two classes (Otsu 1979, equation 12)."""
    counts, edges = np.histogram(values, OTSU_BINS, range=(0, 1))
    centres = (edges[1:] + edges[:-1]) / 2
    below, sum_below = np.cumsum(counts)[:-1], np.cumsum(counts * centres)[:-1]
    above, sum_above = values.size - below, (counts * centres).sum() - sum_below
    split = np.maximum(below, 1), np.maximum(above, 1)
    between = below * above * (sum_below / split[0] - sum_above / split[1]) ** 2
    return float(edges[1:-1][np.argmax(between)])


def _grow(mask: Mask, pixels: int) -> Mask:
    """Dilate `mask` by so many pixels, each way and diagonally."""
    grown = np.pad(mask, 1)
    for _ in range(pixels):
        grown[1:-1] |= grown[:-2] | grown[2:]
        grown[:, 1:-1] |= grown[:, :-2] | grown[:, 2:]
    return grown[1:-1, 1:-1]


def _digit(inked: Mask, coverage: Floats) -> Mask:
    """Keep, of all ink, what belongs to the digit."""
    height, width = inked.shape
    parts = find_components(_grow(inked, int(max(height, width) * BRIDGED_GAP)))
    mass = parts.sums(np.where(inked, coverage, 0))
    candidates = _not_along_border(parts, height, width)
    largest = int(np.argmax(np.where(candidates, mass, -1)))
    candidates &= mass >= LEAST_PART * mass[largest]
    return parts.paint(_gather(parts, largest, candidates)) & inked


def _not_along_border(parts: Components, height: int, width: int) -> Mask:
    """Which parts may be of the digit: all, unless one that is large enough lies clear of the border."""
    heights, widths = parts.bottom - parts.top, parts.right - parts.left
    extent = np.maximum(heights, widths)
    ring = np.ones((height, width), np.float32)
    ring[1:-1, 1:-1] = 0
    along = parts.sums(ring) >= ALONG_BORDER * extent
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
