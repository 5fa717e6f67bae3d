"""The command of docs/observability.md sends spans, here to a receiver in the place of the one that it names."""

from helpers.documents import PROJECT, blocks_of
from helpers.otlp_receiver import otlp_receiver
from helpers.page_session import PageSession
from helpers.services import wait_until

NAMED = "localhost:4318"


def test_a_request_is_told_to_the_receiver_that_the_page_names(tmp_path):
    (block,) = (block for block in blocks_of(PROJECT / "docs" / "observability.md") if NAMED in block.text)
    with otlp_receiver() as receiver, PageSession(tmp_path, copied=False, port=None) as session:
        session.shell("export OTEL_BSP_SCHEDULE_DELAY=100", strict=True)
        status, said = session.shell(block.text.replace(NAMED, f"127.0.0.1:{receiver.server_port}"), strict=True)
        assert status == 0, said
        status, said = session.shell("curl -F file=@seven.jpeg localhost:8000/predict/digit", strict=True)
        assert status == 0, said
        wait_until(lambda: {span.name for span in receiver.spans} >= {"POST /predict/digit", "decode", "infer"}, 20)
