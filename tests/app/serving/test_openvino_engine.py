import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from app.inputs.limits import InputLimits
from app.serving.engines import EnginePolicy, load_fastest
from app.serving.errors import ExplanationFilesError
from app.serving.openvino_engine import OpenVinoEngine
from app.serving.tensorflow_engine import TensorFlowEngine

pytest.importorskip("openvino")


def pictures(count: int, channels: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 16, 16, channels), dtype=np.uint8)


@pytest.mark.parametrize(("task", "channels"), [("catdog", 3), ("pneumonia", 1)])
def test_pictures_are_answered_and_explained_as_tensorflow_does(tiny_models: Path, task: str, channels: int) -> None:
    folder, batch = tiny_models / task / "1", pictures(5, channels)
    engine, reference = OpenVinoEngine(folder), TensorFlowEngine(folder)
    found, expected = engine.run(batch), reference.run(batch)
    assert found.probabilities.dtype == found.ood_score.dtype == np.float32
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-5)
    np.testing.assert_allclose(found.ood_score, expected.ood_score, rtol=1e-4)
    assert engine.explain is not None
    assert reference.explain is not None
    np.testing.assert_allclose(engine.explain(batch)["heatmap"], reference.explain(batch)["heatmap"], atol=1e-5)


def test_an_explanation_that_lacks_files_is_refused_and_tried_again(tiny_models: Path, tmp_path: Path) -> None:
    folder, batch = tmp_path / "1", pictures(1, 3)
    folder.symlink_to(tiny_models / "catdog" / "1")
    engine = OpenVinoEngine(folder)
    assert engine.explain is not None
    folder.unlink()
    with pytest.raises(ExplanationFilesError):
        engine.explain(batch)
    assert np.isfinite(engine.run(batch).probabilities).all()
    folder.symlink_to(tiny_models / "catdog" / "1")
    assert engine.explain(batch)["heatmap"].shape == (1, 16, 16)


@pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.data-00000-of-00001"])
def test_an_explanation_reads_no_file_that_has_changed_since_the_model_was_loaded(
    tiny_models: Path, tmp_path: Path, name: str
) -> None:
    folder = Path(shutil.copytree(tiny_models / "catdog" / "1", tmp_path / "catdog" / "1"))
    model = load_fastest(folder, EnginePolicy("openvino"), InputLimits())
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert model.engine.explain is not None
    with pytest.raises(ExplanationFilesError, match="has changed"):
        model.engine.explain(pictures(1, 3))
    (folder / name).write_bytes(whole)
    assert model.engine.explain(pictures(1, 3))["heatmap"].shape == (1, 16, 16)


def test_an_answer_is_not_overwritten_by_the_next(tiny_models: Path) -> None:
    engine = OpenVinoEngine(tiny_models / "catdog" / "1")
    first = engine.run(np.full((1, 16, 16, 3), (250, 0, 0), np.uint8))
    kept = first.probabilities.copy()
    engine.run(np.full((1, 16, 16, 3), (0, 0, 250), np.uint8))
    np.testing.assert_array_equal(first.probabilities, kept)


def test_many_threads_get_their_own_answers_from_fewer_streams(tiny_models: Path) -> None:
    engine = OpenVinoEngine(tiny_models / "pneumonia" / "1", streams=2)

    def ask(level: int) -> float:
        return float(engine.run(np.full((1, 16, 16, 1), level, np.uint8)).probabilities[0, 1])

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(200)))
    np.testing.assert_allclose(found, np.arange(200) / 255, atol=1e-5)


def test_without_the_signature_there_is_no_explanation(tiny_models: Path) -> None:
    assert OpenVinoEngine(tiny_models / "digit" / "1").explain is None


def test_tensorflow_is_not_imported_and_the_cache_folder_is_used(tiny_models: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from app.serving.openvino_engine import OpenVinoEngine\n"
        "engine = OpenVinoEngine(Path(sys.argv[1]), cache=Path(sys.argv[2]))\n"
        "engine.run(np.zeros((1, 16, 16, 3), np.uint8)); engine.explain(np.zeros((1, 16, 16, 3), np.uint8))\n"
        "print('tensorflow' in sys.modules)"
    )
    words = [sys.executable, "-c", script, str(tiny_models / "catdog" / "1"), str(tmp_path / "cache")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    assert list((tmp_path / "cache").iterdir())


@pytest.mark.parametrize("home", [True, False], ids=["a home", "no home"])
def test_openvino_reports_nothing_to_its_maker_and_needs_no_home_directory(
    tiny_models: Path, tmp_path: Path, home: bool
) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "def lost(): raise RuntimeError('Could not determine home directory.')\n"
        "if 'HOME' not in os.environ: Path.home = lost\n"
        "watched, seen = {'os.fork', 'socket.connect'}, []\n"
        "sys.addaudithook(lambda event, _: event in watched and seen.append(event))\n"
        "from app.serving.openvino_engine import OpenVinoEngine\n"
        "OpenVinoEngine(Path(sys.argv[1])); print(seen)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "HOME"}
    done = subprocess.run(
        [sys.executable, "-c", script, str(tiny_models / "catdog" / "1")],
        check=False,
        env=environment | ({"HOME": str(tmp_path)} if home else {}),
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
    assert not list(tmp_path.iterdir())


def test_a_model_of_texts_is_refused_by_name(tiny_models: Path) -> None:
    with pytest.raises(ValueError, match="this one takes texts"):
        OpenVinoEngine(tiny_models / "topic" / "1")


class Half(tf.Module):
    """Enough variables that the object graph has more than 16 KiB; those that count in half precision."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = tf.Variable(tf.cast(tf.random.stateless_normal([48, 2], [0, 1]), tf.float16), name="kernel")
        self.others = [
            tf.Variable(float(index), name=f"layer_{index}_batch_normalization_gamma") for index in range(220)
        ]

    @tf.function(input_signature=[tf.TensorSpec([None, 4, 4, 3], tf.uint8, "inputs")])
    def serve(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        flat = tf.reshape(tf.cast(inputs, tf.float32) / 255, [-1, 48])
        logits = tf.matmul(flat, tf.cast(self.kernel, tf.float32))
        return {"probabilities": tf.nn.softmax(logits), "ood_score": tf.add_n(self.others) + logits[:, 0]}

    @tf.function(input_signature=[tf.TensorSpec([None, 4, 4, 3], tf.uint8, "inputs")])
    def features(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"features": tf.cast(inputs, tf.float32)}

    @tf.function(input_signature=[tf.TensorSpec([None, 4, 4, 3], tf.uint8, "inputs")])
    def infinite(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        zero = tf.reduce_sum(tf.cast(inputs, tf.float32), [1, 2, 3])
        return {"probabilities": tf.stack([1 / zero, zero], -1), "ood_score": zero}


def test_weights_in_half_precision_and_a_large_object_graph_are_read(tmp_path: Path) -> None:
    module = Half()
    tf.saved_model.save(
        module, str(tmp_path), signatures={"serving_default": module.serve, "features": module.features}
    )
    batch = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 3), dtype=np.uint8)
    found, expected = OpenVinoEngine(tmp_path).run(batch), TensorFlowEngine(tmp_path).run(batch)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-5)
    np.testing.assert_allclose(found.ood_score, expected.ood_score, rtol=1e-5)


def test_an_answer_that_is_not_finite_is_an_error(tmp_path: Path) -> None:
    module = Half()
    tf.saved_model.save(module, str(tmp_path), signatures={"serving_default": module.infinite})
    with pytest.raises(FloatingPointError):
        OpenVinoEngine(tmp_path).run(np.zeros((1, 4, 4, 3), np.uint8))


@pytest.mark.parametrize(
    ("signatures", "reason"),
    [
        ({"other": "serve"}, "no signature 'serving_default'"),
        ({"serving_default": "features"}, r"lacks the outputs \['ood_score', 'probabilities'\]"),
        ({"serving_default": "serve", "explain": "features"}, r"'explain' lacks the outputs \['heatmap'\]"),
    ],
)
def test_a_model_with_other_signatures_is_refused(tmp_path: Path, signatures: dict[str, str], reason: str) -> None:
    module = Half()
    functions = {name: getattr(module, method) for name, method in signatures.items()}
    tf.saved_model.save(module, str(tmp_path), signatures=functions)
    with pytest.raises(ValueError, match=reason):
        OpenVinoEngine(tmp_path)
