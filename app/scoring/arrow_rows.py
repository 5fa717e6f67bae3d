"""Rows of results as Arrow tables. Needs pyarrow, of the extra `score`."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from app.scoring.columns import Column, Layout, Row

if TYPE_CHECKING:
    import pyarrow


def arrow_schema(layout: Layout) -> "pyarrow.Schema":
    """Return the schema of results: string, float64, bool and int64 columns.

    Raises:
        ModuleNotFoundError: pyarrow is not installed.
    """
    import pyarrow

    return pyarrow.schema([(column.name, _arrow_type(column)) for column in layout.columns])


def arrow_table(rows: Sequence[Sequence[object]], schema: "pyarrow.Schema") -> "pyarrow.Table":
    """Return rows as a table, a value for each of the schema's fields."""
    import pyarrow

    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [pyarrow.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pyarrow.Table.from_arrays(arrays, schema=schema)


def rows_of(table: "pyarrow.Table") -> Iterator[Row]:
    """Yield a table's rows: what `arrow_table` was given."""
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def _arrow_type(column: Column) -> "pyarrow.DataType":
    import pyarrow

    types = {"string": pyarrow.string(), "float": pyarrow.float64(), "bool": pyarrow.bool_(), "int": pyarrow.int64()}
    return types[column.type]
