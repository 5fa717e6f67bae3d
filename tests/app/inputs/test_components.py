import numpy as np
import pytest

from app.inputs.components import find_components


def mask(*rows):
    return np.array([[pixel == "#" for pixel in row] for row in rows])


def boxes(parts):
    return sorted(zip(parts.top, parts.bottom, parts.left, parts.right, strict=True))


def test_parts_that_touch_at_a_corner_are_one():
    parts = find_components(mask("#..#", ".#..", "....", "##.#"))
    assert boxes(parts) == [(0, 1, 3, 4), (0, 2, 0, 2), (3, 4, 0, 2), (3, 4, 3, 4)]


def test_the_ends_of_two_rows_do_not_touch():
    assert len(find_components(mask("..#", "#.."))) == 2


def test_branches_that_meet_late_are_one():
    spiral = mask("#######", "......#", "#####.#", "#...#.#", "#.###.#", "#.....#", "#######")
    assert boxes(find_components(spiral)) == [(0, 7, 0, 7)]
    assert boxes(find_components(mask("#.#.#", "#.#.#", "#####"))) == [(0, 3, 0, 5)]


def test_an_empty_mask_has_no_parts():
    parts = find_components(mask("...", "..."))
    assert len(parts) == 0
    assert not parts.paint(np.zeros(0, np.bool_)).any()


def test_the_weight_of_each_part_is_added_up():
    parts = find_components(mask("##.", "...", "..#"))
    weight = np.arange(9, dtype=np.float32).reshape(3, 3)
    assert parts.sums(weight).tolist() == [1, 8]


@pytest.mark.parametrize("density", [0.05, 0.4, 0.6, 0.95])
@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (37, 53)])
def test_painting_the_parts_gives_the_mask_in_disjoint_pieces(shape, density):
    drawn = np.random.default_rng(1).random(shape) < density
    parts = find_components(drawn)
    pieces = [parts.paint(np.arange(len(parts)) == number) for number in range(len(parts))]
    assert np.array_equal(np.sum(pieces, axis=0), drawn)
    for number, piece in enumerate(pieces):
        rows, columns = np.flatnonzero(piece.any(axis=1)), np.flatnonzero(piece.any(axis=0))
        assert (rows[0], rows[-1] + 1) == (parts.top[number], parts.bottom[number])
        assert (columns[0], columns[-1] + 1) == (parts.left[number], parts.right[number])
        assert len(find_components(piece)) == 1


@pytest.mark.parametrize(
    ("rows", "lengths"),
    [
        (("###", "#.#", "###"), [8]),
        (("....", ".##.", "...."), [0]),
        (("#...", "...#", "...#"), [1, 2]),
        (("##.#",), [2, 1]),
        (("#", ".", "#"), [1, 1]),
    ],
)
def test_the_length_along_the_border_is_counted_in_pixels(rows, lengths):
    assert find_components(mask(*rows)).border_lengths().tolist() == lengths


def test_parts_that_are_left_out_leave_the_rest_as_it_would_be_alone():
    drawn = np.random.default_rng(4).random((40, 60)) < 0.3
    parts = find_components(drawn)
    chosen = np.arange(len(parts)) % 3 == 1
    left, alone = parts.only(chosen), find_components(parts.paint(chosen))
    assert len(left) == chosen.sum()
    for name in vars(alone):
        assert np.array_equal(getattr(left, name), getattr(alone, name)), name


def test_the_box_holds_every_part():
    drawn = mask(".....", "..#..", "....#", ".....", "..##.")
    assert find_components(drawn).box() == (slice(1, 5), slice(2, 5))


def test_pixels_of_a_mask_are_counted_by_part():
    parts = find_components(mask("##.", "...", "..#"))
    assert parts.sums(mask(".##", "###", "...")).tolist() == [1, 0]
