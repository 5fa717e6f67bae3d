import pytest

from benchmarks.wilson import wilson_interval


# Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_the_published_one(hits, count, low, high):
    assert wilson_interval(hits, count) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_the_interval_of_all_mirrors_that_of_none():
    none, every = wilson_interval(0, 50), wilson_interval(50, 50)
    assert every[1] == pytest.approx(1)
    assert every[0] == pytest.approx(1 - none[1])


def test_nothing_has_no_interval():
    with pytest.raises(ValueError, match="nothing"):
        wilson_interval(0, 0)
