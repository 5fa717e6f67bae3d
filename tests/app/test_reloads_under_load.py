"""Versions are replaced again and again under constant load over a real socket, and no request is lost."""

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from helpers.pictures import png
from helpers.servers import serving
from helpers.tiny_models import pneumonia_probability
from helpers.versions import add_version, damage

KEY = "key"
ADMIN = {"X-API-Key": KEY}


@dataclass
class Load:
    """What several clients were answered: how often by which version, and what was no good answer."""

    versions: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


@contextmanager
def under_load(at: str, clients: int = 3) -> Iterator[Load]:
    """Within the block let clients ask, each one request after the other."""
    load, stop, lock = Load(), threading.Event(), threading.Lock()

    def ask(level: int) -> None:
        picture, expected = png("L", (30, 30), level), pneumonia_probability(level)
        with httpx.Client(base_url=at, timeout=20) as client:
            while not stop.is_set():
                try:
                    answer = client.post("/predict/pneumonia", content=picture).json()
                    right = answer["probabilities"]["PNEUMONIA"] == pytest.approx(expected, abs=1e-3)
                except (httpx.HTTPError, KeyError) as error:
                    answer, right = error, False
                with lock:
                    if right:
                        load.versions[answer["model"]["version"]] += 1
                    else:
                        load.failures.append(repr(answer))

    threads = [threading.Thread(target=ask, args=(40 * number,)) for number in range(1, clients + 1)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)


@pytest.mark.parametrize("engine", ["auto", "tensorflow"])
def test_no_request_fails_over_20_reloads_and_a_bad_version_among_them(models_copy: Path, engine: str) -> None:
    add_version(models_copy, "pneumonia", 2)
    bad = add_version(models_copy, "pneumonia", 3)
    damage(bad)
    settings = Settings.model_validate(
        {
            "models_dir": models_copy,
            "engine": engine,
            "admin_key_sha256": hashlib.sha256(KEY.encode()).hexdigest(),
            "max_queue": 1000,
        }
    )
    with serving(create_app(settings)) as at, httpx.Client(base_url=at, headers=ADMIN, timeout=30) as admin:
        with under_load(at) as load:
            for number in range(20):
                wanted = 1 + number % 2
                done = admin.post("/models/pneumonia/reload", params={"version": wanted})
                assert (done.status_code, done.json()["model"]["version"]) == (200, wanted)
                if number == 10:
                    refused = admin.post("/models/pneumonia/reload")
                    assert refused.json()["type"] == "/problems/version-refused"
        states = {version["version"]: version["state"] for version in admin.get("/models/pneumonia").json()["versions"]}
    assert load.failures == []
    assert set(load.versions) == {1, 2}
    assert sum(load.versions.values()) > 40
    assert states == {3: "refused", 2: "available", 1: "not_loaded"}
