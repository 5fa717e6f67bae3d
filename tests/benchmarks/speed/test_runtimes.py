import threading
from functools import partial
from multiprocessing import Pipe

import numpy as np
import pytest

from app.serving.engine import Outputs
from app.serving.golden import check_golden, load_golden
from app.serving.versions import versions_in
from benchmarks.speed import runtimes
from benchmarks.speed.running import PROJECT
from benchmarks.speed.runtime_candidates import CALLERS, Files, candidates, missing, prepare
from benchmarks.speed.runtime_worker import RUNS, Loaded, Turn, alone, serve, side_by_side
from benchmarks.speed.runtimes import HEAD, Record, figures, measure

DIGIT = PROJECT / "models" / "digit" / str(versions_in(PROJECT / "models" / "digit")[0])
PICTURE = np.zeros((1, 28, 28, 1), np.uint8)
OPENVINO = [name for name in candidates() if name.startswith("OpenVINO")]


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    pytest.importorskip("ai_edge_litert")
    pytest.importorskip("tf2onnx")
    files = Files(DIGIT, tmp_path_factory.mktemp("prepared"))
    prepare(files)
    return files


def answers(caller, inputs):
    each = [caller(inputs[place : place + 1]) for place in range(len(inputs))]
    return Outputs(
        np.concatenate([answer.probabilities for answer in each]), np.concatenate([answer.ood_score for answer in each])
    )


@pytest.mark.parametrize("name", OPENVINO)
def test_each_way_to_call_openvino_answers_as_golden_for_every_caller(name, tmp_path):
    golden = load_golden(DIGIT / "golden.npz")
    callers = candidates()[name](Files(DIGIT, tmp_path))
    assert len(callers) == CALLERS
    for caller in callers:
        check_golden(golden, answers(caller, golden.inputs))


def test_a_model_cache_is_written_only_where_one_is_asked_for(tmp_path):
    files = Files(DIGIT, tmp_path)
    candidates()["OpenVINO, 2 streams of 1 thread"](files)
    assert not files.openvino_cache.exists()
    candidates()["OpenVINO, model cache"](files)
    assert list(files.openvino_cache.glob("*.blob"))


@pytest.mark.parametrize("name", ["LiteRT", "ONNX Runtime"])
def test_a_converted_model_answers_as_golden(name, converted):
    golden = load_golden(DIGIT / "golden.npz")
    for caller in candidates()[name](converted):
        check_golden(golden, answers(caller, golden.inputs))


def test_a_runtime_that_is_not_installed_is_missing_and_no_candidate(monkeypatch):
    monkeypatch.setattr(
        "benchmarks.speed.runtime_candidates.find_spec", lambda module: None if module == "tf2onnx" else object()
    )
    assert missing() == {"tf2onnx": "tf2onnx"}
    assert "ONNX Runtime" not in candidates()
    assert "LiteRT" in candidates()


def test_a_worker_loads_once_and_takes_a_turn_each_time_it_is_asked(tmp_path):
    ours, theirs = Pipe()
    load = candidates()["OpenVINO, 2 streams of 1 thread"]
    worker = threading.Thread(target=serve, args=(theirs, load, Files(DIGIT, tmp_path)))
    worker.start()
    ours.send(True)
    loaded = ours.recv()
    assert isinstance(loaded, Loaded)
    assert loaded.seconds > 0
    assert loaded.off_probability < 1e-3
    for _ in range(2):
        ours.send(True)
        turn = ours.recv()
        assert isinstance(turn, Turn)
        assert len(turn.milliseconds) == len(turn.cpu_milliseconds) == RUNS
        assert turn.per_second > 1
    ours.send(False)
    worker.join(10)
    assert not worker.is_alive()


def test_a_runtime_that_fails_leaves_the_others_their_figures(monkeypatch):
    # Nothing here reads what is prepared, and preparing takes TensorFlow. Another process must know the function.
    monkeypatch.setattr(runtimes, "prepare", repr)
    loads = {"fails": partial(int, "x"), "works": candidates()["OpenVINO, 2 streams of 1 thread"]}
    records = measure(DIGIT, loads, rounds=1)
    assert records["fails"].failure.startswith("TypeError")
    assert records["works"].failure is None
    assert len(records["works"].turns) == runtimes.TURNS


def test_the_callers_run_on_threads_of_their_own_side_by_side():
    both_inside = threading.Barrier(2, timeout=10)
    threads = set()

    def caller(picture):
        if threading.get_ident() not in threads:
            threads.add(threading.get_ident())
            both_inside.wait()

    assert side_by_side([caller, caller], PICTURE) > 0
    assert len(threads) == 2


def test_the_run_that_warms_up_is_not_timed():
    calls = []
    assert [len(times) for times in alone(calls.append, PICTURE)] == [RUNS, RUNS]
    assert len(calls) == RUNS + 1


def test_figures_are_the_middle_and_the_fastest_and_the_largest_difference():
    record = Record(
        [Loaded(1, 2**20, 1e-7, 1e-5), Loaded(3, 3 * 2**20, 2e-7, 2e-5), Loaded(2, 2 * 2**20, 1e-7, 1e-5)],
        [Turn([1.0, 2.0], [0.5, 0.7], 100), Turn([3.0, 10.0], [0.6, 0.9], 300), Turn([4.0], [0.8], 200)],
    )
    cells = figures(record)
    assert len(cells) == len(HEAD) - 2
    assert cells == ("1.00", "1.00", "3.00", "0.70", "200", "2", "2e-07", "2e-05")
