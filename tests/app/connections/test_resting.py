import asyncio
from dataclasses import dataclass, field

from app.connections.resting import Progress, Rest


@dataclass
class Client:
    rested: list[float] = field(default_factory=list)

    def read_on(self, rested: float = 0.0) -> None:
        self.rested.append(rested)


@dataclass
class Queue:
    answered: int = 0
    inside: int = 2

    def progress(self, _: str) -> Progress:
        return Progress(self.answered, self.inside)


async def _settle() -> None:
    await asyncio.sleep(0.15)


def test_for_each_answer_one_connection_reads_on_the_first_first() -> None:
    async def scenario() -> list[int]:
        queue, clients = Queue(answered=7), [Client(), Client(), Client()]
        rest = Rest(60, queue.progress)
        for client in clients:
            rest.begin(asyncio.get_running_loop(), "digit", client)
        await _settle()
        counts = [sum(len(client.rested) for client in clients)]
        queue.answered = 8
        await _settle()
        assert clients[0].rested
        counts.append(sum(len(client.rested) for client in clients))
        queue.inside = 0
        await _settle()
        return [*counts, sum(len(client.rested) for client in clients)]

    assert asyncio.run(scenario()) == [0, 1, 3]


def test_none_rests_longer_than_it_was_told_to_wait() -> None:
    async def scenario() -> Client:
        client = Client()
        rest = Rest(0.2, Queue().progress)
        rest.begin(asyncio.get_running_loop(), "digit", client)
        until = asyncio.get_running_loop().time() + 10
        while not client.rested and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.01)
        return client

    [rested] = asyncio.run(scenario()).rested
    assert rested >= 0.2


def test_one_tasks_answers_wake_no_client_of_another() -> None:
    async def scenario() -> bool:
        digit, topic = Queue(), Queue()
        rest, client = Rest(60, lambda task: (digit if task == "digit" else topic).progress(task)), Client()
        rest.begin(asyncio.get_running_loop(), "digit", client)
        topic.answered = 5
        await _settle()
        return bool(client.rested)

    assert not asyncio.run(scenario())
