import numpy as np
import pytest

from app.inputs.morphology import close, dilate


def square(values, row, column, reach):
    """The values within `reach` of a pixel, as far as the picture goes."""
    rows = slice(max(0, row - reach), row + reach + 1)
    columns = slice(max(0, column - reach), column + reach + 1)
    return values[rows, columns]


def every_square(extreme, values, reach):
    found = [extreme(square(values, *place, reach)) for place in np.ndindex(values.shape)]
    return np.array(found, values.dtype).reshape(values.shape)


@pytest.mark.parametrize("reach", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (6, 13)])
@pytest.mark.parametrize("dtype", [np.bool_, np.uint8])
def test_dilating_takes_the_largest_within_reach(dtype, shape, reach):
    values = (np.random.default_rng(2).random(shape) < 0.2).astype(dtype) * dtype(1 if dtype is np.bool_ else 200)
    dilated = dilate(values, reach)
    assert dilated.dtype == dtype
    assert np.array_equal(dilated, every_square(np.max, values, reach))


@pytest.mark.parametrize("reach", [1, 2, 5])
@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (12, 17)])
def test_closing_takes_the_least_of_the_largest(shape, reach):
    values = np.random.default_rng(3).normal(0, 50, shape).astype(np.float32)
    closed = close(values, reach)
    assert closed.dtype == np.float32
    assert np.array_equal(closed, every_square(np.min, every_square(np.max, values, reach), reach))


def test_closing_fills_a_line_and_leaves_a_wide_dark_patch():
    page = np.full((30, 30), 200, np.float32)
    page[:, 4] = 10
    page[12:26, 12:26] = 60
    closed = close(page, 2)
    assert (closed[:, 4] == 200).all()
    assert (closed[12:26, 12:26] == 60).all()
