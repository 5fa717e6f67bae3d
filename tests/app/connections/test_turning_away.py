"""How many requests are let in that come together, before one of them has joined the queue."""

import asyncio
from unittest.mock import Mock

import pytest

from app.connections.turning_away import Door
from app.serving.predictor import Predictor, SchedulingPolicy
from app.serving.scheduling.batcher import BatchPolicy


@pytest.mark.parametrize("paths", [[b"/predict/digit"], [b"/explain/digit", b"/v2/models/digit/infer?a=b"]])
def test_of_many_that_come_together_to_an_idle_service_only_those_are_let_in_that_there_is_room_for(
    paths: list[bytes],
) -> None:
    async def arrive() -> None:
        predictor = Predictor(SchedulingPolicy(1, 2, BatchPolicy(8, 0)))
        door = Door(predictor.check_room, 30.0, Mock())
        for _ in range(2):
            turned_away = [door.turned_away(b"POST", paths[number % len(paths)], []) for number in range(5)]
            assert [one is None for one in turned_away] == [True, True, True, False, False]
            assert turned_away[3] is not None
            assert "at most 3 may" in turned_away[3].detail
            assert door.turned_away(b"POST", b"/predict/catdog", []) is None
            # In the loop's next turn they are in the queue, or gone.
            await asyncio.sleep(0)
        predictor.close()

    asyncio.run(arrive())
