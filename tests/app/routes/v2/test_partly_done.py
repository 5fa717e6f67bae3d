"""A load or an unload that another process could not do: the answer says so."""

import hashlib
from pathlib import Path

import httpx
import pytest

from app.main import create_app
from app.processes.messages import AllDone, Ask, Done, Message, Order
from app.processes.shared_reloads import SharedReloads
from app.serving.reloading import OwnReloads
from app.settings import Settings
from helpers.servers import serving

KEY = "the admin key"


def beside_one_that_fails(own: OwnReloads) -> SharedReloads:
    """Stand in for a supervisor with another process, which cannot do what it is told."""
    asked: list[Ask] = []

    def hear(message: Message) -> None:
        match message:
            case Ask(number, change):
                asked.append(message)
                shared.take(Order(1, change, number))
            case Done():
                shared.take(AllDone(asked[-1].number, 1, ("process 7: MemoryError",)))

    shared = SharedReloads(own, hear)
    return shared


@pytest.mark.parametrize(
    ("call", "told", "status"),
    [
        ("load", "Version 1 of the model of 'digit' serves in 1 of 2 processes only: process 7: MemoryError.", 200),
        ("unload", "The model of 'digit' is unloaded in 1 of 2 processes only: process 7: MemoryError.", 503),
    ],
)
def test_what_another_process_cannot_do_is_told(models_copy: Path, call: str, told: str, status: int) -> None:
    settings = Settings(models_dir=models_copy, admin_key_sha256=hashlib.sha256(KEY.encode()).hexdigest())
    with serving(create_app(settings, reloads=beside_one_that_fails)) as address:
        answer = httpx.post(f"{address}/v2/repository/models/digit/{call}", headers={"X-API-Key": KEY}, timeout=60)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/partly-done")
        assert answer.json()["error"].startswith(told)
        # Here it was done.
        ready = httpx.get(f"{address}/v2/models/digit/ready")
        assert ready.status_code == status
