"""Any table that a CSV writer writes is read as it was."""

import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import ConfigurationError
from app.scoring.tables import open_table

# Line ends of every kind, quotes, delimiters and bytes that are not UTF-8 among them.
FIELDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
ROWS = st.lists(st.tuples(FIELDS, FIELDS), max_size=20)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, delimiter=st.sampled_from([",", ";", "\t"]), bom=st.booleans())
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, rows, delimiter, bom) -> None:
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    with path.open("w", newline="", encoding="utf-8-sig" if bom else "utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerows([("id", "text"), *rows])
    table = open_table(path)
    table.check("text", "id")
    assert [tuple(values) for _, values in table.rows(("id", "text"))] == rows
    assert [number for number, _ in table.rows(("text",))] == list(range(1, len(rows) + 1))
    assert table.count() == len(rows)


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_table_or_an_error_that_says_which_file(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    path.write_bytes(content)
    said = ""
    try:
        table = open_table(path)
        list(table.rows(table.columns[:1]))
    except ConfigurationError as error:
        said = str(error)
    assert not said or str(path) in said
