"""A hand that writes letters: the points of a form's strokes, displaced as no two writings are alike."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.letter_forms import FORMS

LEAD_IN_SHARE = 0.2
"""Of the small letters, so many come with the joining stroke of a running hand before or after them."""


@dataclass(frozen=True)
class Hand:
    """How far a hand strays from a form, as shares of the letter's box."""

    wobble: float = 0.035
    bend: float = 0.06
    misplaced: float = 0.03
    overshoot: float = 0.12


def letter_strokes(form: str) -> list[NDArray[np.float64]]:
    """Return a form's strokes, each `[n, 2]`: across and down, 0 to 1."""
    return [
        np.array([[int(point[0]) / 8, int(point[1]) / 9] for point in stroke.split()]) for stroke in form.split("/")
    ]


def write_letter(
    rng: np.random.Generator, forms: dict[str, tuple[str, ...]] = FORMS, hand: Hand | None = None
) -> list[NDArray[np.float64]]:
    """Write one letter of `forms` as a hand would: its strokes' points, each `[n, 2]`, roughly in the unit square."""
    hand = hand or Hand()
    letter = str(rng.choice(list(forms)))
    strokes = letter_strokes(str(rng.choice(forms[letter])))
    if letter.islower() and rng.random() < LEAD_IN_SHARE:
        strokes = _joined(strokes, rng)
    return [_overshot(stroke, hand.overshoot, rng) for stroke in by_hand(strokes, hand, rng)]


def by_hand(strokes: list[NDArray[np.float64]], hand: Hand, rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """Displace strokes `[n, 2]`: every point a little, each stroke as a whole, and all of them by a smooth bend."""
    frequency, phase = rng.uniform(1, 5, (2, 2)), rng.uniform(0, 2 * np.pi, 2)
    size = rng.normal(0, hand.bend, 2)
    displaced = []
    for stroke in strokes:
        # Both points of a corner are the same, and so must what they move by be.
        repeated = np.concatenate([[False], (stroke[1:] == stroke[:-1]).all(1)])
        jitter = rng.normal(0, hand.wobble, stroke.shape)
        jitter[repeated] = jitter[np.flatnonzero(repeated) - 1]
        bend = size * np.sin(stroke @ frequency + phase)
        displaced.append(stroke + jitter + bend + rng.normal(0, hand.misplaced, 2))
    return displaced


def _joined(strokes: list[NDArray[np.float64]], rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """Let the pen come from the last letter, or go on to the next."""
    joined = list(strokes)
    if rng.random() < 0.5:
        before = joined[0][:1] - [rng.uniform(0.2, 0.4), -rng.uniform(0.1, 0.5)]
        joined[0] = np.concatenate([before, joined[0]])
    else:
        after = joined[-1][-1:] - [-rng.uniform(0.2, 0.4), rng.uniform(0, 0.3)]
        joined[-1] = np.concatenate([joined[-1], after])
    return joined


def _overshot(stroke: NDArray[np.float64], most: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Lengthen or shorten a stroke at both ends, so that strokes cross or leave gaps."""
    moved = stroke.copy()
    moved[0] += (stroke[0] - stroke[1]) * rng.normal(0, most)
    moved[-1] += (stroke[-1] - stroke[-2]) * rng.normal(0, most)
    return moved
