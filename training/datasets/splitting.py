"""Splitting examples into training and validation: seeded, alike in labels, never parting a group."""

from collections import Counter, defaultdict

import numpy as np

from training.datasets.base import Example, Source

_Sides = dict[str, bool]  # group -> is it for validation?


def split_groups(source: Source, fraction: float, seed: int) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Split a source into training and validation examples, each in the source's order.

    Of every label about `fraction` of the examples go to validation, within the size of its largest group. A
    label with one group is in training, a label with more is on both sides. Where there are three labels or
    more, groups that carry several can make this impossible; it is then only neared. The result depends on
    the examples and the seed, not on the order of the examples.

    Raises:
        ValueError: `fraction` is not between 0 and 1.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"fraction is {fraction}, and must be between 0 and 1")
    sizes_by_label = _group_sizes(source)
    sides: _Sides = {}
    rng = np.random.default_rng(seed)
    # Labels with few groups choose first, while most of their groups are free.
    for label in sorted(sizes_by_label, key=lambda label: (len(sizes_by_label[label]), label)):
        _assign(sizes_by_label[label], fraction, rng, sides)
    train = tuple(example for example in source.examples if not sides[example.group])
    validation = tuple(example for example in source.examples if sides[example.group])
    return train, validation


def _group_sizes(source: Source) -> dict[str, Counter[str]]:
    """Return, for every label, how many of its examples each group has."""
    sizes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for example in source.examples:
        sizes[example.label][example.group] += 1
    return sizes


def _assign(sizes: Counter[str], fraction: float, rng: np.random.Generator, sides: _Sides) -> None:
    """Choose a side for the groups of one label that have none yet."""
    free = sorted(sizes.keys() - sides.keys())
    held = sum(size for group, size in sizes.items() if sides.get(group, False))
    target = fraction * sizes.total()
    for index in rng.permutation(len(free)):
        group = free[index]
        nearer = abs(held + sizes[group] - target) < abs(held - target)
        sides[group] = nearer
        held += sizes[group] if nearer else 0
    _cover_both_sides(sizes, free, sides)


def _cover_both_sides(sizes: Counter[str], free: list[str], sides: _Sides) -> None:
    """Where all groups of a label are on one side, move its smallest free group to the other."""
    used = {sides[group] for group in sizes}
    if len(sizes) > 1 and len(used) == 1 and free:
        smallest = min(free, key=lambda group: (sizes[group], group))
        sides[smallest] = not sides[smallest]
    elif len(sizes) == 1 and free:
        sides[free[0]] = False
