"""The ingress's view of replicas, whose handles are stood for here."""

import asyncio
from types import SimpleNamespace

import pytest
from ray.exceptions import ActorDiedError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError

from app.inputs.errors import BrokenInputError
from app.serving.errors import FullError, ModelUnavailableError, NotExplainedError
from app.serving.model import Prediction
from app.serving.registry import Replacement
from app.serving.reloading import Reload
from app.serving.versions import UNLOADED, Refusal, TaskState
from app.tasks import TASKS
from helpers.versions import loaded
from scale.carried import Carried
from scale.elsewhere import seen_from_afar
from scale.errors import AbsentVersionError, ChangeUnavailableError
from scale.messages import NumberedWish, Report
from scale.remote import RemoteAnswers, RemoteReloads, ReportedModels
from scale.versions import NO_REPLICA

TASK = next(task for task in TASKS if task.name == "digit")
ANSWER = Prediction("7", 0.9, {"7": 0.9}, 0.1, True)


class Response:
    """An answer that is awaited; an error is raised, and nothing at all never comes."""

    def __init__(self, answer):
        self.answer = answer
        self.cancelled = False

    def __await__(self):
        return self._wait().__await__()

    async def _wait(self):
        if self.answer is None:
            await asyncio.Event().wait()
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def cancel(self):
        self.cancelled = True


class Replicas:
    """A task's handle, which gives its answers in turn."""

    def __init__(self, *answers):
        self.responses = [Response(answer) for answer in answers]
        self.given = []
        self.reports = []
        self.predict = self.run = self

    def remote(self, *arguments):
        self.given.append(self.responses.pop(0))
        return self.given[-1]

    def broadcast(self, method):
        assert method == "report"
        return self

    async def results_async(self, timeout_s, return_exceptions):
        if isinstance(self.reports, Exception):
            raise self.reports
        return self.reports


@pytest.fixture
def model(tiny_models):
    return loaded(tiny_models).model("digit")


def predict(model, replicas, payloads=(b"x",)):
    answers = RemoteAnswers({"digit": replicas}, {"digit": 4}, 2)
    return asyncio.run(answers.predict(model, list(payloads)))


def test_errors_of_single_inputs_come_at_their_places(model):
    broken = BrokenInputError("cut off")
    [first, second] = predict(model, Replicas([ANSWER, Carried.of(broken)]), [b"x", b"y"])
    assert first == ANSWER
    assert isinstance(second, BrokenInputError)
    assert str(second) == "cut off"


def test_an_input_whose_replica_died_is_sent_once_more(model):
    replicas = Replicas(ActorDiedError(), [ANSWER])
    assert predict(model, replicas) == [ANSWER]
    assert len(replicas.given) == 2


def test_an_input_that_kills_replicas_is_sent_no_third_time(model):
    replicas = Replicas(ActorDiedError(), ActorDiedError(), [ANSWER])
    with pytest.raises(ModelUnavailableError, match="have died"):
        predict(model, replicas)
    assert len(replicas.given) == 2


def test_an_input_for_a_version_that_a_replica_has_not_is_sent_to_others(model):
    replicas = Replicas(*[Carried.of(AbsentVersionError("digit"))] * 5, [ANSWER])
    assert predict(model, replicas) == [ANSWER]


def test_what_no_replica_has_is_looked_for_no_longer_than_it_takes_to_load(model, monkeypatch):
    monkeypatch.setattr("scale.remote.ARRIVAL_SECONDS", 0)
    with pytest.raises(ModelUnavailableError, match="has not the version that the others serve"):
        predict(model, Replicas(Carried.of(AbsentVersionError("digit"))))


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (BackPressureError(2, 2), FullError),
        (DeploymentUnavailableError("digit"), ModelUnavailableError),
        (Carried.of(NotExplainedError("digit", 1)), NotExplainedError),
    ],
)
def test_what_ray_or_a_replica_refuses_is_the_services_own_error(model, answer, raised):
    with pytest.raises(raised):
        predict(model, Replicas(answer))


def test_what_nobody_waits_for_any_more_is_cancelled_in_the_replica(model):
    replicas = Replicas(None)

    async def give_up():
        answers = RemoteAnswers({"digit": replicas}, {"digit": 4}, 2)
        async with asyncio.timeout(0.01):
            await answers.predict(model, [b"x"])

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    assert replicas.given[0].cancelled


def test_as_many_inputs_are_let_in_as_the_replicas_and_the_queue_before_them_hold(model):
    async def fill():
        answers = RemoteAnswers({"digit": Replicas(*[None] * 7)}, {"digit": 2}, 3)
        answers.note_replicas("digit", 2)
        asking = [asyncio.ensure_future(answers.predict(model, [b"x"])) for _ in range(7)]
        await asyncio.sleep(0)
        assert answers.inside("digit") == 7
        with pytest.raises(FullError, match="at most 7 may"):
            answers.check_room("digit")
        for one in asking:
            one.cancel()
        await asyncio.wait(asking)
        assert answers.inside("digit") == 0

    asyncio.run(fill())


class Keeper:
    """Stands for the deployment `versions`: gives its answers in turn."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.reload = self.unload = SimpleNamespace(remote=lambda *_: Response(self.answers.pop(0)))


def change(method, *answers):
    replicas = Replicas()
    models = ReportedModels({"digit": replicas}, lambda task, count: None)
    arguments = {"reload": ("digit", 3), "unload": ("digit",)}[method]
    return asyncio.run(getattr(RemoteReloads(Keeper(*answers), models), method)(*arguments))


def test_a_reload_is_asked_for_again_if_the_keeper_of_versions_died():
    done = Reload(Replacement(None, None, (3,), 3), 2)
    assert change("reload", ActorDiedError(), done) == done


@pytest.mark.parametrize("method", ["reload", "unload"])
@pytest.mark.parametrize(
    "answers", [[ActorDiedError()] * 2, [DeploymentUnavailableError("versions")]], ids=["dies", "does not run"]
)
def test_without_a_keeper_of_versions_a_change_is_unavailable(method, answers):
    with pytest.raises(ChangeUnavailableError, match="the keeper of versions"):
        change(method, *answers)


def test_of_several_replicas_the_one_that_fulfils_the_latest_wish_is_believed(tiny_models):
    replicas, counts = Replicas(), {}
    models = ReportedModels({"digit": replicas}, counts.__setitem__)
    state = seen_from_afar(loaded(tiny_models).state("digit"))
    replicas.reports = [Report(NumberedWish(2, 1), state), Report(None, TaskState(TASK)), ConnectionError("gone")]
    assert asyncio.run(models.look())
    assert models.model("digit").artifact.manifest.version == 1
    assert counts == {"digit": 2}
    with pytest.raises(RuntimeError, match="in the replicas"):
        models.model("digit").engine.run([])


def test_a_replica_that_does_not_answer_takes_nothing_from_what_is_known_and_none_at_all_does(tiny_models):
    replicas = Replicas()
    models = ReportedModels({"digit": replicas}, lambda task, count: None)
    replicas.reports = [Report(None, seen_from_afar(loaded(tiny_models).state("digit")))]
    asyncio.run(models.look())
    replicas.reports = TimeoutError()
    assert not asyncio.run(models.look())
    assert models.model("digit").artifact.manifest.version == 1
    replicas.reports = DeploymentUnavailableError("digit")
    assert not asyncio.run(models.look())
    with pytest.raises(ModelUnavailableError, match="none of its replicas runs"):
        models.model("digit")


def test_where_no_replica_runs_that_is_said_and_not_what_the_last_one_had_refused(tiny_models):
    replicas = Replicas()
    models = ReportedModels({"digit": replicas}, lambda task, count: None)
    refusing = seen_from_afar(loaded(tiny_models).state("digit")).refusing(3, Refusal("golden.npz: is missing", ()))
    for state, reason in ((refusing, NO_REPLICA), (refusing.unloading(), UNLOADED)):
        replicas.reports = [Report(None, state)]
        asyncio.run(models.look())
        replicas.reports = DeploymentUnavailableError("digit")
        asyncio.run(models.look())
        assert models.state("digit").reason == reason
        assert not models.state("digit").versions
