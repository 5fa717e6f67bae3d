import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.drawing.smoothing import enlarge

MAPS = arrays(np.float32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.floats(-1000, 1000, width=32))


@given(MAPS, st.integers(1, 70), st.integers(1, 70))
def test_no_value_goes_beyond_those_of_the_cells(coarse, height, width):
    fine = enlarge(coarse, height, width)
    assert fine.shape == (height, width)
    assert fine.dtype == np.float32
    assert fine.min() >= coarse.min() - 1e-2
    assert fine.max() <= coarse.max() + 1e-2


def test_an_even_map_stays_even():
    np.testing.assert_allclose(enlarge(np.full((7, 7), 2.5, np.float32), 300, 451), 2.5, rtol=1e-6)


def test_a_hot_cell_stays_at_its_place_and_reaches_no_further_than_its_neighbours():
    coarse = np.zeros((4, 8), np.float32)
    coarse[1, 6] = 1
    fine = enlarge(coarse, 400, 800)
    assert np.unravel_index(fine.argmax(), fine.shape) == (pytest.approx(150, abs=1), pytest.approx(650, abs=1))
    assert fine.max() == pytest.approx(0.75**2, abs=0.01)
    hot_rows, hot_columns = np.nonzero(fine)
    assert (hot_rows.min(), hot_rows.max()) == (pytest.approx(0, abs=1), pytest.approx(299, abs=1))
    assert (hot_columns.min(), hot_columns.max()) == (pytest.approx(500, abs=1), pytest.approx(799, abs=1))


def test_the_map_has_no_steps():
    coarse = np.random.default_rng(0).normal(size=(7, 7)).astype(np.float32)
    fine = enlarge(coarse, 700, 700)
    # A cell is 100 pixels: the spline's slope is at most the difference of two cells over one cell.
    assert np.abs(np.diff(fine, axis=0)).max() <= np.ptp(coarse) / 100 * 1.01
