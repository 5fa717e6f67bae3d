import asyncio
from dataclasses import dataclass, field

from app.connections.resting import Rest


@dataclass
class Queue:
    """Lets `room` inputs in that have `needed` seconds or more."""

    room: int = 0
    needed: float = 0.0

    def has_room(self, _: str, count: int, seconds: float) -> bool:
        return count <= self.room and seconds >= self.needed

    def enter(self) -> None:
        self.room -= 1


@dataclass
class Client:
    """Asks again as soon as it is read, in the event loop's next turn."""

    queue: Queue = field(default_factory=Queue)
    rested: list[float] = field(default_factory=list)

    def read_on(self, rested: float = 0.0) -> None:
        self.rested.append(rested)
        asyncio.get_running_loop().call_soon(self.queue.enter)


async def _settle() -> None:
    await asyncio.sleep(0.15)


def test_as_many_connections_read_on_as_there_is_room_for_the_first_first() -> None:
    async def scenario() -> list[list[bool]]:
        queue = Queue()
        clients = [Client(queue) for _ in range(4)]
        rest = Rest(60, queue.has_room)
        for client in clients:
            rest.begin(asyncio.get_running_loop(), "digit", 30, client)
        found = []
        for room in (0, 1, 2):
            queue.room = room
            await _settle()
            found.append([bool(client.rested) for client in clients])
        return found

    assert asyncio.run(scenario()) == [
        [False, False, False, False],
        [True, False, False, False],
        [True, True, True, False],
    ]


def test_once_nobody_is_inside_all_read_on() -> None:
    async def scenario() -> list[int]:
        queue, clients = Queue(), [Client() for _ in range(3)]
        rest = Rest(60, queue.has_room)
        for client in clients:
            rest.begin(asyncio.get_running_loop(), "digit", 30, client)
        queue.room = 1000
        await _settle()
        return [len(client.rested) for client in clients]

    assert asyncio.run(scenario()) == [1, 1, 1]


def test_who_would_be_refused_for_want_of_time_rests_on() -> None:
    async def scenario() -> list[bool]:
        hurried, patient = Client(), Client()
        rest = Rest(60, Queue(room=9, needed=2.0).has_room)
        # It had just enough when it was refused, and has less of it since.
        rest.begin(asyncio.get_running_loop(), "digit", 2.0, hurried)
        rest.begin(asyncio.get_running_loop(), "topic", 30, patient)
        await _settle()
        return [bool(hurried.rested), bool(patient.rested)]

    assert asyncio.run(scenario()) == [False, True]


def test_none_rests_longer_than_it_was_told_to_wait() -> None:
    async def scenario() -> Client:
        client = Client()
        rest = Rest(0.2, Queue().has_room)
        rest.begin(asyncio.get_running_loop(), "digit", 30, client)
        until = asyncio.get_running_loop().time() + 10
        while not client.rested and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.01)
        return client

    [rested] = asyncio.run(scenario()).rested
    assert rested >= 0.2


def test_room_for_one_task_wakes_no_client_of_another() -> None:
    async def scenario() -> bool:
        rest, client = Rest(60, lambda task, *_: task != "digit"), Client()
        rest.begin(asyncio.get_running_loop(), "digit", 30, client)
        await _settle()
        return bool(client.rested)

    assert not asyncio.run(scenario())
