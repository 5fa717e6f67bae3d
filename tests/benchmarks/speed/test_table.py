from benchmarks.speed.table import table

HEAD = ("runtime", "ms")
ROWS = [("one", "10.25"), ("another", "7")]


def test_a_table_in_markdown_has_a_rule_under_its_head():
    assert table(HEAD, ROWS, markdown=True).splitlines() == [
        "| runtime | ms |",
        "| --- | --- |",
        "| one | 10.25 |",
        "| another | 7 |",
    ]


def test_a_table_for_the_terminal_has_columns_of_even_width():
    assert table(HEAD, ROWS, markdown=False).splitlines() == ["runtime  ms", "one      10.25", "another  7"]
