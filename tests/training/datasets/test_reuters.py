import gzip
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from training.datasets.base import DatasetError
from training.datasets.contents import dataset_digest
from training.datasets.reuters import LABELS, discover
from training.datasets.reuters_words import tokenise

RECORDS = [
    {
        "id": 7,
        "topic": "earn",
        "title": "ACME <ACM> 1ST QTR NET\n",
        "body": "Shr 46 cts vs 37 cts\n Reuter\n\x03",
    },
    {"id": 8, "topic": "acq", "title": "ACME BUYS BOLT\n", "body": ""},
    {"id": 9, "topic": "grain", "title": "", "body": "Wheat rose.\n Reuter\n\x03"},
]
INDEX = {"the": 1, "of": 2, "to": 3, "3": 4, "reuter": 5, "wheat": 6, "rose": 7, "shr": 8, "acme's": 9}


def write_lines(path: Path, *lines: object) -> Path:
    data = "".join(json.dumps(line) + "\n" for line in lines).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_npz(folder: Path, ids: list[list[int]], classes: list[int], index: dict[str, int] = INDEX) -> Path:
    array = np.empty(len(ids), object)
    array[:] = ids
    np.savez(folder / "reuters.npz", x=array, y=np.array(classes))
    (folder / "reuters_word_index.json").write_text(json.dumps(index))
    return folder / "reuters.npz"


def texts(path: Path | None) -> list[tuple[str, object]]:
    return [(example.label, example.payload) for example in discover(path).examples]


def test_the_labels_are_keras_46_in_its_order():
    assert len(set(LABELS)) == 46
    assert (LABELS[0], LABELS[3], LABELS[4], LABELS[45]) == ("cocoa", "earn", "acq", "lead")


@pytest.mark.parametrize("name", ["news.jsonl", "news.jsonl.gz"])
def test_json_lines_give_title_and_body(tmp_path: Path, name: str):
    path = write_lines(tmp_path / name, *RECORDS)
    assert texts(path) == [
        ("earn", "ACME <ACM> 1ST QTR NET\nShr 46 cts vs 37 cts\n Reuter"),
        ("acq", "ACME BUYS BOLT"),
        ("grain", "Wheat rose.\n Reuter"),
    ]
    assert [example.name for example in discover(path).examples] == ["7", "8", "9"]


def test_a_folder_is_read_by_its_one_file(tmp_path: Path):
    path = write_lines(tmp_path / "reuters46_train.jsonl", *RECORDS)
    (tmp_path / "labels.json").write_text("[]")
    assert texts(tmp_path) == texts(path)


def test_of_a_training_and_a_test_file_the_folder_gives_the_training_one(tmp_path: Path):
    path = write_lines(tmp_path / "reuters46_train.jsonl", *RECORDS[:2])
    write_lines(tmp_path / "reuters46_test.jsonl", *RECORDS)
    assert texts(tmp_path) == texts(path)


def test_several_files_without_a_hint_are_an_error_that_names_them(tmp_path: Path):
    write_lines(tmp_path / "a.jsonl", *RECORDS)
    write_lines(tmp_path / "b.jsonl", *RECORDS)
    with pytest.raises(DatasetError, match=r"a\.jsonl, b\.jsonl"):
        discover(tmp_path)


def test_a_text_without_title_and_body_is_kept_for_the_reader_to_skip(tmp_path: Path):
    path = write_lines(tmp_path / "news.jsonl", *RECORDS, {"topic": "earn", "title": "", "body": None})
    assert texts(path)[-1] == ("earn", "")


def test_equal_texts_share_a_group(tmp_path: Path):
    path = write_lines(tmp_path / "news.jsonl", *RECORDS, RECORDS[1] | {"id": 10, "topic": "grain"})
    group = {example.name: example.group for example in discover(path).examples}
    assert group["8"] == group["10"]
    assert len(set(group.values())) == 3


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "line 2 is not JSON"),
        (b"\xff", "line 2 is not JSON"),
        (b"[1]", 'line 2 is not an object with a "topic"'),
        (b'{"title": "a"}', 'line 2 is not an object with a "topic"'),
        (b'{"topic": "earn"}', "line 2 has neither"),
        (b'{"topic": "weather", "title": "Rain"}', "the topic 'weather', not one of cocoa"),
    ],
)
def test_a_bad_line_is_an_error_that_names_it(tmp_path: Path, line: bytes, message: str):
    path = write_lines(tmp_path / "news.jsonl", RECORDS[0])
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(DatasetError, match=message):
        discover(path)


def test_a_truncated_gzip_is_an_error(tmp_path: Path):
    path = write_lines(tmp_path / "news.jsonl.gz", *RECORDS)
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(DatasetError, match="cannot be read"):
        discover(path)


@pytest.mark.parametrize("records", [[], RECORDS[:1]])
def test_one_topic_alone_is_an_error(tmp_path: Path, records: list[object]):
    with pytest.raises(DatasetError, match=f"{len(records)} of one or none"):
        discover(write_lines(tmp_path / "news.jsonl", *records))


def test_an_unknown_file_is_an_error_that_shows_the_layout(tmp_path: Path):
    path = tmp_path / "news.csv"
    path.write_text("a,b\n")
    with pytest.raises(DatasetError, match=r"a file of 4 bytes(.|\n)*\.jsonl\.gz file"):
        discover(path)


def test_word_ids_become_words_without_an_offset(tmp_path: Path):
    path = write_npz(tmp_path, [[6, 7, 1], [8, 9, 2]] * 5, [1, 3] * 5)
    assert set(texts(path)) == {("grain", "wheat rose the"), ("earn", "shr acme's of")}
    assert texts(tmp_path) == texts(path)


def test_raw_and_indexed_texts_give_the_same_words(tmp_path: Path):
    indexed = write_npz(tmp_path, [[6, 7, 5, 4], [8, 9]] * 5, [1, 3] * 5)
    raw = write_lines(tmp_path / "news.jsonl", RECORDS[2], RECORDS[0])
    raw_text, indexed_text = dict(texts(raw))["grain"], dict(texts(indexed))["grain"]
    assert tokenise(str(raw_text)) == tokenise(str(indexed_text)) == ["wheat", "rose", "reuter"]


def test_the_two_parts_of_the_npz_are_four_fifths_and_the_rest(tmp_path: Path):
    path = write_npz(tmp_path, [[number] for number in range(1, 10)], [number % 2 for number in range(9)])
    train, test = texts(path), texts(path / "test")
    assert (len(train), len(test)) == (7, 2)
    assert len(set(train + test)) == 9


def test_the_npz_gives_the_texts_that_keras_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from keras.datasets import reuters

    rng = np.random.default_rng(0)
    ids = [rng.integers(1, len(INDEX) + 1, rng.integers(1, 6)).tolist() for _ in range(20)]
    path = write_npz(tmp_path, ids, rng.integers(0, 46, 20).tolist())
    files = {"reuters.npz": path, "reuters_word_index.json": path.with_name("reuters_word_index.json")}
    loader = sys.modules[reuters.load_data.__module__]
    monkeypatch.setattr(loader, "get_file", lambda fname, **_: str(files[fname]), raising=True)
    assert dataset_digest(discover(None).examples) == dataset_digest(discover(path).examples)


def test_a_failed_download_is_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch):
    def no_internet(**_: object) -> None:
        raise Exception("URL fetch failure on reuters.npz: None -- Name or service not known")  # noqa: TRY002

    monkeypatch.setattr("keras.datasets.reuters.load_data", no_internet)
    with pytest.raises(DatasetError, match=r"not known\n(.|\n)*--data reuters\.npz"):
        discover(None)


def test_an_npz_without_its_word_index_is_an_error(tmp_path: Path):
    path = write_npz(tmp_path, [[1], [2]] * 3, [1, 3] * 3)
    (tmp_path / "reuters_word_index.json").unlink()
    with pytest.raises(DatasetError, match=r"reuters_word_index\.json cannot be read"):
        discover(path)


@pytest.mark.parametrize(("ids", "classes"), [([[1, 4, 12], [1, 5]], [1, 3]), ([[1], [2]], [1, 46])])
def test_ids_or_classes_out_of_range_are_an_error(tmp_path: Path, ids, classes):
    path = write_npz(tmp_path, ids * 3, classes * 3)
    with pytest.raises(DatasetError, match="are the ids offset"):
        discover(path)


def test_an_npz_of_something_else_is_an_error(tmp_path: Path):
    np.savez(tmp_path / "reuters.npz", x_train=np.zeros(3))
    with pytest.raises(DatasetError, match="has the arrays x_train"):
        discover(tmp_path)
