from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.datasets.base import Example, Source
from training.datasets.splitting import split_groups

FRACTIONS = st.floats(0.05, 0.95)
SEEDS = st.integers(0, 2**32 - 1)


def source_of(rows: list[tuple[str, str]]) -> Source:
    examples = tuple(Example(str(number), label, group, "text") for number, (label, group) in enumerate(rows))
    return Source("drawn", tuple(sorted({label for label, _ in rows})), "group", examples)


# Each label has groups of its own, of 1 to 6 examples.
sources = st.dictionaries(
    st.sampled_from("ABCD"), st.lists(st.integers(1, 6), min_size=1, max_size=12), min_size=1
).map(
    lambda sizes: source_of(
        [
            (label, f"{label}{index}")
            for label, groups in sizes.items()
            for index, size in enumerate(groups)
            for _ in range(size)
        ]
    )
)
# Two labels whose groups overlap as they like.
overlapping = st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 8).map(str)), min_size=1, max_size=40).map(
    source_of
)


@given(source=st.one_of(sources, overlapping), fraction=FRACTIONS, seed=SEEDS)
def test_every_example_is_on_one_side_in_its_order_and_no_group_is_parted(source, fraction, seed):
    train, validation = split_groups(source, fraction, seed)
    assert sorted((*train, *validation), key=lambda example: int(example.name)) == list(source.examples)
    for side in (train, validation):
        assert [int(example.name) for example in side] == sorted(int(example.name) for example in side)
    assert not {example.group for example in train} & {example.group for example in validation}


@given(source=st.one_of(sources, overlapping), fraction=FRACTIONS, seed=SEEDS)
def test_a_label_of_two_groups_is_on_both_sides_and_a_label_of_one_in_training(source, fraction, seed):
    train, validation = split_groups(source, fraction, seed)
    in_train = {example.label for example in train}
    in_validation = {example.label for example in validation}
    for label in source.labels:
        groups = {example.group for example in source.examples if example.label == label}
        assert label in in_train
        assert len(groups) == 1 or label in in_validation


@given(source=sources, fraction=FRACTIONS, seed=SEEDS)
def test_each_label_gives_validation_about_its_fraction(source, fraction, seed):
    _, validation = split_groups(source, fraction, seed)
    for label in source.labels:
        sizes = Counter(example.group for example in source.examples if example.label == label)
        held = sum(example.label == label for example in validation)
        assert abs(held - fraction * sizes.total()) <= max(sizes.values())


@given(source=sources, fraction=FRACTIONS, seed=SEEDS, random=st.randoms())
def test_the_split_depends_on_the_seed_and_not_on_the_order_of_the_examples(source, fraction, seed, random):
    shuffled = Source(source.name, source.labels, "group", tuple(random.sample(source.examples, len(source.examples))))
    for one, other in zip(split_groups(source, fraction, seed), split_groups(shuffled, fraction, seed), strict=True):
        assert {example.name for example in one} == {example.name for example in other}


def test_another_seed_gives_another_split_of_the_same_sizes():
    source = source_of([(label, f"{label}{number}") for label in "AB" for number in range(100)])
    first, second = (split_groups(source, 0.2, seed)[1] for seed in (0, 1))
    assert first != second
    assert [sum(example.label == label for example in first) for label in "AB"] == [20, 20]
    assert len(second) == 40


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_a_fraction_outside_0_to_1_is_refused(fraction: float):
    with pytest.raises(ValueError, match="between 0 and 1"):
        split_groups(source_of([("A", "a")]), fraction, 0)
