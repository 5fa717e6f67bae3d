"""What a process and its supervisor say to each other comes whole, however long it is and however it is cut."""

import asyncio
import os
import pickle
import struct
import threading
from multiprocessing import Pipe
from pathlib import Path
from unittest.mock import Mock

from app.processes.child import ChildServer
from app.processes.messages import AllDone, Done, Message, Order
from app.processes.shared_reloads import MOST_CHARACTERS, SharedReloads
from app.serving.reloading import Load, OwnReloads
from app.serving.scheduling.workers import Workers
from app.settings import Settings


def test_a_message_that_comes_in_two_parts_is_taken_and_stops_nobody(tmp_path: Path) -> None:
    ours, theirs = Pipe()
    with ours, theirs:
        child = ChildServer(Settings(models_dir=tmp_path), theirs, ())
        sent = pickle.dumps(AllDone(1, 1, ("a problem",) * 20_000))
        os.write(ours.fileno(), struct.pack("!i", len(sent)))
        rest = threading.Timer(0.3, os.write, (ours.fileno(), sent))
        rest.start()
        asyncio.run(child.on_tick(1))
        rest.join()
        assert not child.stopping
        assert not ours.poll()
        asyncio.run(child.on_tick(0))
        assert ours.recv_bytes() == b"."


def test_a_supervisor_that_reads_nothing_holds_nobody_up(tmp_path: Path) -> None:
    ours, theirs = Pipe()
    with ours, theirs:
        child = ChildServer(Settings(models_dir=tmp_path), theirs, ())

        async def beat() -> None:
            for _ in range(100_000):
                await child.on_tick(0)

        asyncio.run(asyncio.wait_for(beat(), 60))
        assert not child.stopping


def test_a_long_problem_is_told_in_part() -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("x" * 1_000_000)

    said: list[Message] = []
    registry = Mock(reload=fail)

    async def obey() -> None:
        loader = Workers(1)
        SharedReloads(OwnReloads(registry, loader), said.append).take(Order(1, Load("digit", None)))
        for _ in range(500):
            if not said:
                await asyncio.sleep(0.01)
        loader.close()

    asyncio.run(obey())
    assert said == [Done(1, problem="x" * MOST_CHARACTERS)]
