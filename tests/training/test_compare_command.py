"""`quartet compare`: run folders in, one Markdown page out, and a reason for what it cannot read."""

import json

import pytest

from app.cli import main
from helpers.summaries import summary


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "digit"
    folder.mkdir()
    (folder / "summary.json").write_text(summary("digit", "reference").model_dump_json())
    return folder


def test_the_page_is_printed(run, capsys):
    assert main(["compare", str(run)]) == 0
    page = capsys.readouterr().out
    assert page.startswith("# The recipes compared\n")
    assert "0.9000 (0.8000 to 0.9500)" in page


def test_the_page_is_written_where_it_is_wanted(run, tmp_path, capsys):
    assert main(["compare", str(run), "--out", str(tmp_path / "docs" / "models.md")]) == 0
    assert capsys.readouterr().out == ""
    assert main(["compare", str(run)]) == 0
    assert (tmp_path / "docs" / "models.md").read_text() == capsys.readouterr().out


def test_a_run_that_has_not_ended_is_an_error_that_says_how_to_end_it(tmp_path, capsys):
    assert main(["compare", str(tmp_path)]) == 2
    assert "--resume" in capsys.readouterr().err


def test_a_summary_that_lacks_a_figure_is_an_error_that_names_it(run, capsys):
    document = json.loads((run / "summary.json").read_text())
    del document["parameters"]
    (run / "summary.json").write_text(json.dumps(document))
    assert main(["compare", str(run)]) == 2
    assert "parameters: Field required" in capsys.readouterr().err


def test_a_run_of_an_unknown_recipe_is_an_error(run, capsys):
    (run / "summary.json").write_text(summary("digit", "forgotten").model_dump_json())
    assert main(["compare", str(run)]) == 2
    assert "digit/forgotten" in capsys.readouterr().err
