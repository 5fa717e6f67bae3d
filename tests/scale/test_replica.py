"""A replica without a cluster: what it does with what the keeper of versions says."""

import asyncio
import shutil
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.serving.errors import VersionNotFoundError
from app.settings import Settings
from helpers.pictures import png
from helpers.versions import add_version
from scale.carried import Carried
from scale.deployments import application
from scale.errors import AbsentVersionError
from scale.messages import Fulfilled, NumberedWish
from scale.options import Options
from scale.replica import Replica

PICTURE = png("L", (16, 16), 200)


class Keeper:
    """Stands for the deployment `versions`: says what it is told to, and keeps what it was told."""

    def __init__(self, wish: NumberedWish | None = None, *, serves_elsewhere: bool = False) -> None:
        self.wish = wish
        self.serves_elsewhere = serves_elsewhere
        self.told: list[NumberedWish | None] = []
        self.is_gone = False
        self.agree = SimpleNamespace(remote=self._agree)
        self.give_up = SimpleNamespace(remote=self._give_up)

    async def _agree(self, task: str, wish: NumberedWish | None) -> NumberedWish | None:
        self.told.append(wish)
        if self.is_gone:
            raise ConnectionError("the keeper is gone")
        return self.wish or wish

    async def _give_up(self, task: str, wish: NumberedWish) -> bool:
        assert wish == self.wish
        if not self.serves_elsewhere:
            self.wish = None
        return not self.serves_elsewhere


@pytest.fixture
def models(tiny_models: Path, tmp_path: Path) -> Path:
    (tmp_path / "pneumonia").mkdir()
    shutil.copytree(tiny_models / "pneumonia" / "1", tmp_path / "pneumonia" / "1")
    add_version(tmp_path, "pneumonia", 2)
    return tmp_path


def with_replica(models: Path, keeper: Keeper, act: Callable[[Replica], Awaitable[None]], **settings: object) -> None:
    own = Settings(models_dir=models, workers=1, **settings)
    ingress = application(Options(max_replicas=2), own)._bound_deployment
    _, given, _ = ingress.init_args[-1]["pneumonia"]._bound_deployment.init_args

    async def run() -> None:
        replica = Replica.__new__(Replica)
        await replica.__init__("pneumonia", given, keeper)
        await act(replica)

    asyncio.run(run())


async def serving(replica: Replica) -> tuple[int | None, str]:
    state = (await replica.report()).state
    return state.serving, state.model.artifact.sha256 if state.model else ""


def test_the_first_replica_serves_the_newest_version_and_says_so(models: Path) -> None:
    async def act(replica: Replica) -> None:
        assert (await serving(replica))[0] == 2

    keeper = Keeper()
    with_replica(models, keeper, act)
    assert keeper.told == [NumberedWish(0, 2, 2)]


def test_a_later_replica_serves_what_was_asked_for(models: Path) -> None:
    async def act(replica: Replica) -> None:
        assert (await serving(replica))[0] == 1
        assert (await replica.report()).wish == NumberedWish(7, 1, 2)

    with_replica(models, Keeper(NumberedWish(7, 1, 2)), act)


def test_a_later_replica_serves_nothing_where_the_model_was_unloaded(models: Path) -> None:
    async def act(replica: Replica) -> None:
        assert await serving(replica) == (None, "")
        assert (await replica.report()).state.unloaded

    with_replica(models, Keeper(NumberedWish(7, None)), act)


def test_what_a_replica_has_missed_it_does_at_its_health_check(models: Path) -> None:
    keeper = Keeper()

    async def act(replica: Replica) -> None:
        keeper.wish = NumberedWish(7, 1, 2)
        await replica.check_health()
        assert (await serving(replica))[0] == 1

    with_replica(models, keeper, act)


def test_a_replica_that_cannot_do_what_the_others_do_does_not_start(models: Path) -> None:
    with pytest.raises(VersionNotFoundError):
        with_replica(models, Keeper(NumberedWish(7, 9, 9), serves_elsewhere=True), serving)


def test_a_replica_serves_the_newest_version_where_nobody_serves_what_was_asked_for_and_it_is_gone(
    models: Path,
) -> None:
    keeper = Keeper(NumberedWish(0, 9, 9))

    async def act(replica: Replica) -> None:
        assert (await serving(replica))[0] == 2
        await replica.check_health()
        assert keeper.told == [NumberedWish(0, 2, 2)] * 2

    with_replica(models, keeper, act)


def test_a_replica_without_a_usable_model_starts_where_nobody_serves_what_was_asked_for(models: Path) -> None:
    shutil.rmtree(models / "pneumonia")

    async def act(replica: Replica) -> None:
        await replica.check_health()
        assert "does not exist" in (await replica.report()).state.reason

    with_replica(models, Keeper(NumberedWish(0, 2, 2)), act)


def test_a_replica_that_cannot_do_what_the_others_do_is_not_healthy(models: Path) -> None:
    keeper = Keeper(serves_elsewhere=True)

    async def act(replica: Replica) -> None:
        keeper.wish = NumberedWish(7, 9, 9)
        for _ in range(2):
            with pytest.raises(VersionNotFoundError):
                await replica.check_health()
        assert (await serving(replica))[0] == 2

    with_replica(models, keeper, act)


@pytest.mark.parametrize("late", [NumberedWish(7, 2, 2), NumberedWish(0, 2, 2)])
@pytest.mark.parametrize("is_done", [True, False], ids=["after the reload", "during it"])
def test_what_was_asked_for_before_a_reload_does_not_undo_it(models: Path, late: NumberedWish, is_done: bool) -> None:
    keeper = Keeper()

    async def act(replica: Replica) -> None:
        may_go_on = threading.Event()
        tasks: list[asyncio.Future[object]] = []

        async def answer(task: str, wish: NumberedWish | None) -> NumberedWish | None:
            tasks.append(asyncio.ensure_future(replica._held._loader.run(partial(may_go_on.wait, 60))))
            tasks.append(asyncio.ensure_future(replica.reload(9, 1)))
            asyncio.get_running_loop().call_later(0 if is_done else 0.1, may_go_on.set)
            await (tasks[-1] if is_done else asyncio.sleep(0.05))
            return late

        keeper.agree.remote = answer
        await replica.check_health()
        await asyncio.gather(*tasks)
        assert (await serving(replica))[0] == 1
        assert (await replica.report()).wish == NumberedWish(9, 1, 2)

    with_replica(models, keeper, act)


def test_a_replica_learns_which_versions_others_had_seen_when_one_was_asked_for(models: Path) -> None:
    keeper = Keeper()

    async def act(replica: Replica) -> None:
        await replica.reload(9, 1)
        keeper.wish = NumberedWish(9, 1, 3)
        await replica.check_health()
        add_version(models, "pneumonia", 3)
        assert await replica.watch(10) is None
        assert (await serving(replica))[0] == 1

    with_replica(models, keeper, act)


def test_a_replica_answers_without_the_keeper(models: Path) -> None:
    keeper = Keeper()

    async def act(replica: Replica) -> None:
        keeper.is_gone = True
        await replica.check_health()
        _, sha256 = await serving(replica)
        [answer] = await replica.predict(sha256, [PICTURE], None, None)
        assert answer.label == "PNEUMONIA"

    with_replica(models, keeper, act)


@pytest.mark.parametrize("inputs", [1, 20], ids=["single inputs", "a batch in each request"])
def test_a_replica_answers_all_that_it_is_given_and_leaves_it_to_the_ingress_to_refuse(
    models: Path, inputs: int
) -> None:
    async def act(replica: Replica) -> None:
        _, sha256 = await serving(replica)
        asking = [replica.predict(sha256, [PICTURE] * inputs, None, None) for _ in range(16)]
        answers = await asyncio.gather(*asking)
        assert not [answer for answer in answers if isinstance(answer, Carried)]

    # An ingress lets in 2 x 16 inputs and those that may wait.
    with_replica(models, Keeper(), act, max_queue=(inputs - 1) * 16)


def test_a_replaced_model_answers_until_the_deadline_of_those_that_may_ask_for_it(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scale.held_models.ARRIVAL_SECONDS", 0.01)

    async def act(replica: Replica) -> None:
        _, before = await serving(replica)
        assert isinstance(await replica.reload(7, 1), Fulfilled)
        [answer] = await replica.predict(before, [PICTURE], None, None)
        assert not isinstance(answer, Carried)
        await asyncio.sleep(0.4)
        gone = await replica.predict(before, [PICTURE], None, None)
        assert isinstance(gone, Carried)
        assert isinstance(gone.error(), AbsentVersionError)

    with_replica(models, Keeper(), act, deadline_ms=300)


def test_a_request_for_a_version_that_is_being_loaded_waits_for_it(models: Path) -> None:
    async def act(replica: Replica) -> None:
        _, second = await serving(replica)
        await replica.reload(7, 1)
        _, first = await serving(replica)
        assert first != second
        await replica.unload(8)
        await asyncio.sleep(0.1)
        asking = asyncio.ensure_future(replica.predict(first, [PICTURE], None, None))
        await asyncio.sleep(0)
        assert not asking.done()
        await replica.reload(9, 1)
        assert not isinstance(await asking, Carried)

    with_replica(models, Keeper(), act, deadline_ms=1)


def test_a_request_for_a_version_that_a_replica_has_refused_is_sent_back_soon(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scale.held_models.ARRIVAL_SECONDS", 600)

    async def act(replica: Replica) -> None:
        asked_before = asyncio.ensure_future(replica.predict("of version 3", [PICTURE], None, None))
        await asyncio.sleep(0)
        assert isinstance(await replica.reload(7, 3), Carried)
        asked_after = replica.predict("of version 3", [PICTURE], None, None)
        async with asyncio.timeout(60):
            answers = await asyncio.gather(asked_before, asked_after)
        for answer in answers:
            assert isinstance(answer.error(), AbsentVersionError)
        await replica.reload(8, 1)
        asked_later = asyncio.ensure_future(replica.predict("of version 4", [PICTURE], None, None))
        await asyncio.sleep(0.3)
        assert not asked_later.done()
        asked_later.cancel()

    with_replica(models, Keeper(), act)


def test_a_replica_is_healthy_while_it_loads_a_model(models: Path) -> None:
    may_go_on = threading.Event()

    async def act(replica: Replica) -> None:
        busy = asyncio.ensure_future(replica._held._loader.run(partial(may_go_on.wait, 60)))
        reloading = asyncio.ensure_future(replica.reload(7, 1))
        await asyncio.sleep(0.05)
        await replica.check_health()
        assert not reloading.done()
        may_go_on.set()
        await asyncio.gather(busy, reloading)

    with_replica(models, Keeper(), act)


@pytest.mark.parametrize("method", ["reload", "unload"])
def test_a_replica_says_that_it_is_late_and_goes_on(models: Path, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    arguments = {"reload": (7, 1), "unload": (7,)}[method]
    may_go_on = threading.Event()

    async def act(replica: Replica) -> None:
        busy = asyncio.ensure_future(replica._held._loader.run(partial(may_go_on.wait, 60)))
        monkeypatch.setattr("scale.replica.CHANGE_SECONDS", 0.01)
        with pytest.raises(TimeoutError, match="not done within 0 s, and goes on"):
            await getattr(replica, method)(*arguments)
        assert (await serving(replica))[0] == 2
        may_go_on.set()
        await busy
        async with asyncio.timeout(60):
            while (await replica.report()).wish.number != 7:
                await asyncio.sleep(0.01)
        assert (await serving(replica))[0] == (1 if method == "reload" else None)

    with_replica(models, Keeper(), act)
