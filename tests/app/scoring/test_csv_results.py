"""A CSV of results, cut off anywhere, is continued to what it would have been."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import ConfigurationError
from app.scoring.columns import Identity, Layout, one_line
from app.scoring.csv_results import CsvResults
from app.scoring.failures import Failure
from app.serving.model import Prediction

IDENTITY = Identity("pneumonia", 1, "a" * 64, 0.5)
LAYOUT = Layout(IDENTITY, ("NORMAL", "PNEUMONIA"), decides=True)
ANSWER = Prediction("PNEUMONIA", 0.75, {"NORMAL": 0.25, "PNEUMONIA": 0.75}, 1e-06, True, True, 0.5)
BAD = Failure("broken-input", 'cut "short",\r\nat byte 7')
HEADER = (
    "name,label,probability,probability_NORMAL,probability_PNEUMONIA,positive,threshold,"
    "in_distribution,ood_score,error_type,error,task,model_version,model_sha256"
)


def write(path: Path, names: list[str], layout: Layout = LAYOUT, **options: bool) -> CsvResults:
    """Write the rows of those names that are not there yet; every third has an error."""
    results = CsvResults(path, layout, **options)
    for number, name in enumerate(names):
        if one_line(name) not in results.done.names:
            results.write([layout.row(one_line(name), BAD if number % 3 == 2 else ANSWER)])
    results.close()
    return results


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_has_the_answer_the_model_and_the_error(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    write(path, ["a.png", 'b,"1".png', "c\n.png"])
    assert path.read_text().splitlines() == [
        HEADER,
        f"a.png,PNEUMONIA,0.75,0.25,0.75,true,0.5,true,1e-06,,,pneumonia,1,{'a' * 64}",
        f'"b,""1"".png",PNEUMONIA,0.75,0.25,0.75,true,0.5,true,1e-06,,,pneumonia,1,{"a" * 64}',
        f'c\\n.png,,,,,,0.5,,,broken-input,"cut ""short"",\\r\\nat byte 7",pneumonia,1,{"a" * 64}',
    ]


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(st.text(st.sampled_from('a,"\n\r\x00é\ud800'), min_size=1, max_size=5), unique=True, max_size=6),
    share=st.floats(0, 1),
)
def test_cut_off_at_any_byte_it_is_mended_and_continued_to_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], share: float
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    whole, torn = folder / "whole.csv", folder / "torn.csv"
    write(whole, names)
    content = whole.read_bytes()
    torn.write_bytes(content[: round(share * len(content))])
    write(torn, names)
    assert torn.read_bytes() == content


def test_a_quoted_line_end_is_not_taken_for_the_end_of_a_row(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    write(path, ["a"])
    good = path.read_bytes()
    path.write_bytes(good + b'"b\n')
    results = write(path, ["a", "b"])
    assert path.read_bytes().startswith(good)
    assert [row["name"] for row in rows_of(path)] == ["a", "b"]
    assert len(results.done.names) == 1


def test_what_was_done_is_known_with_its_failures(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    names = [f"{number}" for number in range(30)]
    write(path, names)
    done = write(path, []).done
    assert all(name in done.names for name in names)
    assert "30" not in done.names
    assert done.failures.count == 10
    assert [name for name, _ in done.failures.first] == ["2", "5", "8", "11", "14"]


def test_failures_are_taken_out_to_be_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    write(path, ["a", "b", "c"])
    write(path, ["c"], retry_failed=True)
    assert [(row["name"], row["error_type"]) for row in rows_of(path)] == [("a", ""), ("b", ""), ("c", "")]
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.csv"]


@pytest.mark.parametrize(
    "identity",
    [
        Identity("pneumonia", 2, "a" * 64, 0.5),
        Identity("pneumonia", 1, "b" * 64, 0.5),
        Identity("pneumonia", 1, "a" * 64, 0.25),
    ],
)
def test_another_models_results_are_refused_unless_replaced(tmp_path: Path, identity: Identity) -> None:
    path = tmp_path / "r.csv"
    write(path, ["a"])
    other = Layout(identity, LAYOUT.labels, decides=True)
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="--restart to replace them"):
        CsvResults(path, other)
    assert path.read_bytes() == before
    write(path, ["b"], other, restart=True)
    assert [row["name"] for row in rows_of(path)] == ["b"]


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(
    "content",
    [
        "id,price\n1,2\n",
        "id,price\n1,2",
        'size\n5" screws\nx\n',
        "no table at all\n",
        "no table at all",
        "named",
        'name,label,probability,"of what\n1,2,3,4\n',
        "name,label,probability,mine",
        "x" * 200_000 + "\n",
        "\r",
        "\n",
    ],
    ids=lambda content: repr(content[:20]),
)
def test_a_file_of_other_content_is_left_alone_even_when_results_are_to_be_replaced(
    tmp_path: Path, content: str, restart: bool
) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(content.encode())
    with pytest.raises(ConfigurationError, match=r"is no table of results\. Name another --out"):
        CsvResults(path, LAYOUT, restart=restart)
    assert path.read_bytes() == content.encode()


@pytest.mark.parametrize("retry_failed", [False, True])
@pytest.mark.parametrize(
    "damage", [("a,", "a,b,"), (f",1,{'a' * 64}", f",2,{'a' * 64}"), ("name,label", "name,label,")]
)
def test_results_that_are_not_continued_keep_even_a_last_row_that_was_cut_off(
    tmp_path: Path, damage: tuple[str, str], retry_failed: bool
) -> None:
    path = tmp_path / "r.csv"
    write(path, ["a", "b", "c"])
    path.write_text(path.read_text()[:-5].replace(*damage))
    before = path.read_bytes()
    with pytest.raises(ConfigurationError):
        CsvResults(path, LAYOUT, retry_failed=retry_failed)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_another_models_run_had_begun_is_replaced_if_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    other = Layout(Identity("digit", 1, "a" * 64, None), ("0", "1"), decides=False)
    write(path, ["a"], other)
    path.write_bytes(path.read_bytes()[:-5])
    write(path, ["b"], restart=True)
    assert [row["name"] for row in rows_of(path)] == ["b"]


def test_a_row_that_lost_columns_is_named(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    write(path, ["a"])
    with path.open("a") as file:
        file.write("b,c\n")
    with pytest.raises(ConfigurationError, match="its row 3 has 2 columns, not 14"):
        CsvResults(path, LAYOUT)


@pytest.mark.parametrize("damage", [(",0.5,", ",half,"), (",1,aa", f",{'9' * 5000},aa")], ids=["threshold", "version"])
def test_a_row_that_does_not_say_what_it_is_of_is_named(tmp_path: Path, damage: tuple[str, str]) -> None:
    path = tmp_path / "r.csv"
    write(path, ["a"])
    path.write_text(path.read_text().replace(*damage))
    with pytest.raises(ConfigurationError, match="its row 2 does not say which model it is of"):
        CsvResults(path, LAYOUT)


def test_two_runs_do_not_write_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    script = (
        "import sys; from pathlib import Path; from app.scoring.locking import lock\n"
        "try: lock(open(sys.argv[1], 'a+b'), Path(sys.argv[1]))\nexcept Exception as error: print(error)"
    )
    results = CsvResults(path, LAYOUT)
    words = [sys.executable, "-c", script, str(path)]
    held = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    results.close()
    free = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert (held, free) == (f"another process is writing {path}\n", "")
