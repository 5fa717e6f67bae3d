import asyncio
import math
import time

import pytest
from fastapi import FastAPI, Request, Response

from benchmarks.fresh_connections import ask_in_turn, offer_fresh
from benchmarks.open_loop import Offer, offer_load
from benchmarks.speed.client import request_bytes
from helpers.servers import serving


@pytest.fixture(scope="module")
def port():
    app = FastAPI()
    app.state.seen = 0

    @app.post("/by-turns")
    async def by_turns(request: Request) -> Response:
        request.app.state.seen += 1
        return Response(status_code=503 if request.app.state.seen % 4 == 0 else 200)

    @app.post("/slow")
    async def slow() -> Response:
        # Half a second at least: event loops count in milliseconds, from the beginning of a turn.
        await asyncio.sleep(0.51)
        return Response()

    @app.post("/closes")
    async def closes() -> Response:
        return Response(headers={"Content-Length": "5"})

    with serving(app) as address:
        yield int(address.rpartition(":")[2])


def kept(offer):
    return asyncio.run(offer_load(offer))


@pytest.fixture(params=[kept, offer_fresh], ids=["kept", "fresh"])
def offer(port, request):
    def offer(path, rate, seconds=0.5, connections=100, patience=5.0):
        asked = request_bytes(path, b"hello", "text/plain")
        return request.param(Offer("127.0.0.1", port, asked, rate, seconds, connections, patience))

    return offer


def test_requests_come_at_the_rate_and_are_counted_by_their_status(offer):
    outcome = offer("/by-turns", rate=100)
    assert 25 <= outcome.offered <= 90
    assert sum(outcome.statuses.values()) == outcome.offered
    assert outcome.statuses[503] == pytest.approx(outcome.offered / 4, abs=1)


def test_they_do_not_wait_for_the_answers_before(offer):
    started = time.perf_counter()
    outcome = offer("/slow", rate=60)
    assert outcome.statuses[200] == outcome.offered > 10
    # One after another they would take half a second each.
    assert time.perf_counter() - started < 0.25 * outcome.offered
    assert min(outcome.latencies[200]) >= 0.5


def test_what_finds_no_connection_is_not_sent(offer):
    started = time.perf_counter()
    outcome = offer("/slow", rate=60, seconds=0.4, connections=2)
    # Each of the two answers a request in half a second.
    assert outcome.statuses[200] <= 2 * (1 + (time.perf_counter() - started) / 0.5)
    assert outcome.unsent == outcome.offered - outcome.statuses[200] > 0


def test_what_is_never_answered_is_counted(offer):
    assert (found := offer("/slow", rate=60, seconds=0.2, patience=0.1)).unanswered == found.offered > 0


def test_a_connection_closed_before_its_answer_is_counted(offer):
    outcome = offer("/closes", rate=40, patience=3)
    assert outcome.unanswered == outcome.offered


def test_clients_that_ask_in_turn_wait_for_each_answer(port):
    asked = request_bytes("/slow", b"hello", "text/plain")
    started = time.perf_counter()
    outcome = ask_in_turn(Offer("127.0.0.1", port, asked, math.inf, seconds=1.3, connections=3, patience=0, fresh=True))
    # Each answer takes half a second, and none of those that are under way at the end counts.
    assert 3 <= outcome.statuses[200] <= 3 * (time.perf_counter() - started) / 0.5
    assert outcome.offered - outcome.statuses[200] == 3
    assert outcome.unanswered == outcome.unsent == 0
