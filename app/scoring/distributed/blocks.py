"""What goes to workers and comes back, as Arrow tables: items with their numbers, and rows of results with these."""

import itertools
import pickle
from collections.abc import Iterable, Iterator, Sequence

import pyarrow

from app.scoring.arrow_rows import arrow_schema, arrow_table
from app.scoring.columns import Layout, Row
from app.scoring.items import Item
from app.scoring.tally import Fresh

ROWS_AT_ONCE = 10_000

NUMBER, REFUSAL, DEFECT = "number", "refusal", "defect"
"""Before the columns of results: an item's place among all, and why a worker answers nothing at all: a model that it
must not use, or an error of the program's own."""

ITEMS = pyarrow.schema(
    [(NUMBER, pyarrow.int64()), ("name", pyarrow.string()), ("read", pyarrow.binary())],
)


def items_tables(items: Iterable[Item], fresh: Fresh) -> Iterator[pyarrow.Table]:
    """Yield the items that are to be answered, some thousand at a time: number, name, and what reads it, pickled."""
    number = itertools.count()
    named = ((name, item) for item in items if (name := fresh.name_of(item)) is not None)
    rows = ((next(number), name, pickle.dumps(item.read)) for name, item in named)
    while some := list(itertools.islice(rows, ROWS_AT_ONCE)):
        yield arrow_table(some, ITEMS)


def cut(tables: list[pyarrow.Table], size: int) -> Iterator[pyarrow.Table]:
    """Cut tables, which are taken out of their list, into blocks of at most so many rows."""
    while tables:
        table = tables.pop(0)
        for start in range(0, len(table), size):
            # A slice would carry all of the table along.
            yield table.take(pyarrow.array(range(start, min(start + size, len(table)))))


def items_of(block: pyarrow.Table) -> list[Item]:
    """Return a block's items."""
    pairs = zip(block["name"].to_pylist(), block["read"].to_pylist(), strict=True)
    # Both ends are this program: nothing that was pickled comes from outside.
    return [Item(name, pickle.loads(read)) for name, read in pairs]  # noqa: S301


def answers_table(block: pyarrow.Table, rows: Sequence[Row], layout: Layout) -> pyarrow.Table:
    """Return the rows of a block's items as what comes back."""
    numbered = [(number, None, None, *row) for number, row in zip(block[NUMBER].to_pylist(), rows, strict=True)]
    return arrow_table(numbered, _answer_schema(layout))


def refusal_table(
    block: pyarrow.Table, layout: Layout, *, refusal: str | None = None, defect: str | None = None
) -> pyarrow.Table:
    """Return why a block is not answered as what comes back."""
    nothing = (None,) * len(layout.columns)
    return arrow_table([(block[NUMBER][0].as_py(), refusal, defect, *nothing)], _answer_schema(layout))


def _answer_schema(layout: Layout) -> pyarrow.Schema:
    first = [(NUMBER, pyarrow.int64()), (REFUSAL, pyarrow.string()), (DEFECT, pyarrow.string())]
    return pyarrow.schema([*pyarrow.schema(first), *arrow_schema(layout)])
