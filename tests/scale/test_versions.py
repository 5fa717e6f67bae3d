"""The keeper of versions without a cluster: what it makes of the replicas' answers."""

import asyncio
from types import SimpleNamespace

import pytest
from ray.exceptions import ActorDiedError, ActorUnavailableError, RayTaskError
from ray.serve.exceptions import DeploymentUnavailableError

from app.serving.errors import ModelUnavailableError, PartlyReloadedError, PartlyUnloadedError, VersionRefusedError
from app.serving.registry import Replacement
from app.serving.reloading import Reload
from scale.carried import Carried
from scale.messages import Fulfilled, NumberedWish, Report
from scale.versions import Versions

REFUSED = Carried.of(VersionRefusedError("digit", 3, "golden.npz: is missing", 2))


class Replicas:
    """Stands for a task's handle: answers each broadcast with what `answer` makes of its arguments."""

    def __init__(self) -> None:
        self.answers = []
        self.asked = []

    def broadcast(self, method, *arguments):
        self.asked.append((method, *arguments))
        return self

    async def results_async(self, timeout_s, return_exceptions):
        assert return_exceptions
        if not self.answers:
            raise DeploymentUnavailableError("digit")
        return [answer(*self.asked[-1][1:]) if callable(answer) else answer for answer in self.answers]


@pytest.fixture
def replicas(monkeypatch):
    replicas = Replicas()
    context = SimpleNamespace(app_name="quartet")
    monkeypatch.setattr("scale.versions.serve.get_replica_context", lambda: context)
    monkeypatch.setattr("scale.versions.serve.get_deployment_handle", lambda task, app: replicas)
    return replicas


def did(version, seen=None):
    """Return a replica that lets a version serve."""
    seen = seen or version
    return lambda number, _: Fulfilled(Replacement(None, None, (version,), seen), NumberedWish(number, version, seen))


def raised(error):
    """Return an error that a replica has raised as Ray hands it on."""
    return RayTaskError("unload", f"Traceback:\n{error}", error, "ray::", 1, "127.0.0.1").as_instanceof_cause()


UNREACHABLE = ActorUnavailableError("no connection", None)


def run(call):
    return asyncio.run(call)


def test_what_all_replicas_do_is_what_later_ones_are_told(replicas):
    versions = Versions(("digit",), 0)
    replicas.answers = [did(3), did(3)]
    done = run(versions.reload("digit", None))
    assert isinstance(done, Reload)
    assert done.processes == 2
    assert run(versions.agree("digit", NumberedWish(0, 2, 2))).version == 3


@pytest.mark.parametrize("seen", [(2, 3), (3, 2)])
def test_replicas_that_serve_what_was_asked_for_have_done_it_though_some_have_seen_newer_versions(replicas, seen):
    versions = Versions(("digit",), 0)
    replicas.answers = [did(1, each) for each in seen]
    done = run(versions.reload("digit", 1))
    assert isinstance(done, Reload)
    assert done.processes == 2
    wish = run(versions.agree("digit", None))
    assert (wish.version, wish.seen) == (1, 3)


def test_what_all_refuse_is_told_and_changes_nothing(replicas):
    versions = Versions(("digit",), 0)
    run(versions.agree("digit", NumberedWish(0, 2, 2)))
    replicas.answers = [REFUSED, REFUSED]
    assert run(versions.reload("digit", 3)) is REFUSED
    assert run(versions.agree("digit", None)) == NumberedWish(0, 2, 2)


def test_what_some_refuse_is_told_as_such_and_stands(replicas):
    versions = Versions(("digit",), 0)
    replicas.answers = [did(3), REFUSED, ConnectionError("gone"), did(2)]
    error = run(versions.reload("digit", 3)).error()
    assert isinstance(error, PartlyReloadedError)
    assert "serves in 1 of 4 processes" in str(error)
    assert "golden.npz: is missing" in str(error)
    assert run(versions.agree("digit", None)).version == 3


def test_a_replica_that_died_meanwhile_is_no_problem_of_a_reload(replicas):
    versions = Versions(("digit",), 0)
    replicas.answers = [did(3), ActorDiedError()]
    assert run(versions.reload("digit", 3)).processes == 1


def test_a_defect_in_all_replicas_is_told_without_its_trace(replicas):
    versions = Versions(("digit",), 0)
    replicas.answers = [raised(MemoryError("no room")), raised(MemoryError())]
    error = run(versions.reload("digit", None)).error()
    assert isinstance(error, PartlyReloadedError)
    expected = "The newest version of the model of 'digit' serves in 0 of 2 processes only: no room; MemoryError. Ask"
    assert str(error).startswith(expected)


def test_where_all_replicas_died_meanwhile_none_runs(replicas):
    versions = Versions(("digit",), 0)
    replicas.answers = [ActorDiedError(), ActorDiedError()]
    error = run(versions.reload("digit", 3)).error()
    assert isinstance(error, ModelUnavailableError)
    assert "none of its replicas runs" in str(error)


@pytest.mark.parametrize("problem", [raised(RuntimeError("no room")), UNREACHABLE], ids=["raises", "is not reached"])
def test_a_replica_in_which_a_model_may_serve_on_is_told_when_it_is_unloaded(replicas, problem):
    versions = Versions(("digit",), 0)
    replicas.answers = [None, problem]
    error = run(versions.unload("digit")).error()
    assert isinstance(error, PartlyUnloadedError)
    assert "is unloaded in 1 of 2 processes only: " in str(error)
    assert "Traceback" not in str(error)
    assert run(versions.agree("digit", NumberedWish(0, 2, 2))).version is None


def test_in_a_replica_that_died_meanwhile_nothing_serves_on(replicas):
    versions = Versions(("digit",), 0)
    replicas.answers = [None, ActorDiedError()]
    assert run(versions.unload("digit")) is None


@pytest.mark.parametrize("is_deployed", [True, False])
def test_without_a_replica_nothing_is_reloaded(replicas, monkeypatch, is_deployed):
    versions = Versions(("digit",), 0)
    if not is_deployed:
        monkeypatch.setattr("scale.versions.serve.get_deployment_handle", lambda task, _: {}[task])
    assert isinstance(run(versions.reload("digit", 3)).error(), ModelUnavailableError)
    assert run(versions.agree("digit", None)) is None


def reporting(version):
    """Return a replica's report that this version serves."""
    return lambda: Report(None, SimpleNamespace(serving=version))


@pytest.mark.parametrize(
    ("answers", "is_forgotten"),
    [
        ([], True),
        ([reporting(3), ActorDiedError()], True),
        ([reporting(3), reporting(2)], False),
        ([reporting(3), UNREACHABLE], False),
    ],
    ids=["no replica", "another version", "some serve it", "who knows"],
)
def test_a_wish_that_a_replica_cannot_fulfil_is_forgotten_if_nobody_does(replicas, answers, is_forgotten):
    versions = Versions(("digit",), 0)
    wish = run(versions.agree("digit", NumberedWish(0, 2, 2)))
    replicas.answers = answers
    assert run(versions.give_up("digit", wish)) is is_forgotten
    assert run(versions.agree("digit", NumberedWish(0, 3, 3))).version == (3 if is_forgotten else 2)


def test_a_wish_is_not_forgotten_for_an_older_one(replicas):
    versions = Versions(("digit",), 0)
    run(versions.agree("digit", NumberedWish(5, 3, 3)))
    assert not run(versions.give_up("digit", NumberedWish(0, 2, 2)))
    assert run(versions.agree("digit", None)) == NumberedWish(5, 3, 3)


def test_a_keeper_that_is_started_anew_learns_the_latest_wish_and_numbers_go_on(replicas):
    versions = Versions(("digit",), 0)
    late = NumberedWish(2**62, 4, 4)
    for told in (NumberedWish(5, 3, 3), late, NumberedWish(0, 5, 5), None):
        run(versions.agree("digit", told))
    assert run(versions.agree("digit", None)) == late
    replicas.answers = [did(3)]
    run(versions.reload("digit", 3))
    assert run(versions.agree("digit", late)).version == 3


def test_an_unloaded_model_stays_so_for_replicas_that_start_later(replicas):
    versions = Versions(("digit",), 0)
    replicas.answers = [None]
    assert run(versions.unload("digit")) is None
    assert run(versions.agree("digit", NumberedWish(0, 2, 2))).version is None


async def found_by_watching(replicas):
    """Return which version all are to serve once the replicas have found one, None if they find none for long."""
    versions = Versions(("digit",), 0.01)
    for _ in range(500):
        await asyncio.sleep(0.01)
        found = await versions.agree("digit", None)
        if found is not None:
            return found.version
    return None


def test_a_version_that_one_replica_finds_is_for_all(replicas):
    replicas.answers = [lambda number: NumberedWish(number, 6, 6), None]
    assert run(found_by_watching(replicas)) == 6


def test_watching_goes_on_after_any_error(replicas, caplog):
    errors = [KeyError("digit"), ConnectionError("the controller is replaced"), DeploymentUnavailableError("digit")]

    def answer(number):
        if errors:
            raise errors.pop()
        return NumberedWish(number, 6, 6)

    replicas.answers = [answer]
    assert run(found_by_watching(replicas)) == 6
    assert "the controller is replaced" in caplog.text
