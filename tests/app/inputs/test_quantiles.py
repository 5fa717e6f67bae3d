import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from app.inputs.quantiles import integer_percentiles, median, percentile

SHARES = st.floats(0, 100, width=32)
FLOATS = npst.arrays(np.float32, st.integers(1, 60), elements=st.floats(-250, 250, width=32))


@given(
    npst.arrays(np.uint8, npst.array_shapes(min_dims=1, max_dims=2, max_side=40))
    | npst.arrays(np.int16, st.integers(1, 60), elements=st.integers(-255, 255)),
    st.lists(SHARES, max_size=4),
)
def test_percentiles_of_integers_are_numpys_to_the_bit(values, shares):
    assert integer_percentiles(values, shares) == np.percentile(values, shares).tolist()


@given(FLOATS, st.sampled_from([0, 1, 25, 50, 75, 99.5, 100]))
def test_a_percentile_of_floats_is_numpys_to_the_bit(values, share):
    found = percentile(values, share)
    assert found == np.float32(np.percentile(values, share))
    assert found.dtype == np.float32


@given(FLOATS)
def test_the_median_is_numpys_to_the_bit(values):
    assert median(values) == np.median(values)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 1001, 1002])
def test_the_values_keep_their_order(count):
    values = np.random.default_rng(0).permutation(count).astype(np.float32)
    before = values.copy()
    assert median(values) == (count - 1) / 2
    percentile(values, 75)
    assert np.array_equal(values, before)


@pytest.mark.parametrize("count", [8_191, 8_192, 50_001])
@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, count: rng.normal(0, 5, count),
        lambda rng, count: np.rint(rng.normal(0, 2, count)),
        lambda rng, count: np.zeros(count),
        lambda rng, count: np.where(np.arange(count) % 17 == 0, 1_000, rng.random(count)),
        lambda rng, count: np.sort(rng.random(count)),
    ],
    ids=["spread", "few levels", "one level", "a sample that misleads", "sorted"],
)
def test_ranks_among_many_values_are_numpys_to_the_bit(draw, count):
    values = draw(np.random.default_rng(5), count).astype(np.float32)
    assert median(values) == np.median(values)
    for share in (0, 0.2, 25, 75, 99.99, 100):
        assert percentile(values, share) == np.float32(np.percentile(values, share))
