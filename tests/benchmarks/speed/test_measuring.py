import pytest
from fastapi import FastAPI, Request, Response

from benchmarks.speed.client import Measured, request_bytes
from benchmarks.speed.measuring import Figure, figure_of, measure, middle
from benchmarks.speed.running import ContenderError
from helpers.servers import serving


@pytest.fixture(scope="module")
def port():
    app = FastAPI()

    @app.post("/echo")
    async def echo(request: Request) -> Response:
        return Response(await request.body())

    with serving(app) as address:
        yield int(address.rpartition(":")[2])


def test_a_load_from_another_process_gives_a_figure(port):
    figure = measure("echo", port, request_bytes("/echo", b"hello", "text/plain"), 2, 0.5)
    assert figure.per_second > 10
    assert 0 < figure.p50 <= figure.p99


def test_a_server_that_refuses_everything_has_no_figure(port):
    with pytest.raises(ContenderError, match="404"):
        measure("echo", port, request_bytes("/nowhere", b"", "text/plain"), 2, 0.3)


def test_a_figure_counts_only_answers_and_tells_the_share_refused():
    measured = Measured(seconds=2, latencies=[0.1] * 98 + [0.3, 0.5], refused=25, refusal="503")
    figure = figure_of("one", 16, measured)
    assert (figure.per_second, figure.refused) == (50, 0.2)
    assert figure.p50 == pytest.approx(100)
    assert 300 <= figure.p99 <= 500


def test_the_middle_round_is_taken():
    figures = [Figure("one", 1, rate, 1.0, 2.0) for rate in (5.0, 9.0, 1.0)]
    assert middle(figures).per_second == 5.0
