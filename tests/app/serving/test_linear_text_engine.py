import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.serving.linear_text import FEATURES_FILE, LINEAR_TEXT_FILE, load_linear_text
from app.serving.linear_text_engine import LinearTextEngine
from app.serving.tensorflow_engine import TensorFlowEngine
from helpers.linear_texts import VOCABULARY, write_linear_text

PIECES = (
    "oil",
    "OPEC's",
    "prices",
    "Öl",
    "rose",
    "1987",
    "the",
    "'",
    " ",
    "  ",
    "-",
    "12",
    "unknown",
    "²",
    "一",
    "_",
    ".",
    "\n",
)
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("linear")
    write_linear_text(root / "model", root / "assets")
    return root / "model"


@pytest.fixture(scope="module")
def engines(folder):
    return LinearTextEngine(folder), TensorFlowEngine(folder)


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_texts_are_answered_and_explained_as_the_graph_does(engines, texts):
    batch = np.array(texts, dtype=object)
    found, expected = (engine.run(batch) for engine in engines)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-5)
    np.testing.assert_allclose(found.ood_score, expected.ood_score, atol=1e-5)
    found, expected = (engine.explain(batch) for engine in engines)
    np.testing.assert_array_equal(found["words"], expected["words"])
    np.testing.assert_allclose(found["evidence"], expected["evidence"], atol=1e-5)


def test_neither_tensorflow_nor_openvino_is_imported(folder):
    script = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from app.serving.linear_text_engine import LinearTextEngine\n"
        "LinearTextEngine(Path(sys.argv[1])).run(np.array(['oil'], object))\n"
        "print({'tensorflow', 'openvino'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_arrays_come_back_as_they_were_saved(folder):
    model = load_linear_text(folder)
    assert model.features == VOCABULARY
    assert (model.openings, model.weights.shape) == ((2, 5), (len(VOCABULARY), 4))
    assert (model.slope, model.offset, model.temperature) == (1.7, -0.4, 0.3)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive"])
def test_a_damaged_file_is_an_error(folder, tmp_path, content):
    for name in (FEATURES_FILE, "assets/words.txt", LINEAR_TEXT_FILE):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / LINEAR_TEXT_FILE).write_bytes(content)
    with pytest.raises(ValueError):  # noqa: PT011 - what is wrong depends on the bytes
        load_linear_text(tmp_path)


def test_a_vocabulary_that_does_not_fit_the_weights_is_an_error(folder, tmp_path):
    for name in ("assets/words.txt", LINEAR_TEXT_FILE):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / FEATURES_FILE).write_text("oil\n")
    with pytest.raises(ValueError, match="1 features and 4 labels do not fit"):
        load_linear_text(tmp_path)
