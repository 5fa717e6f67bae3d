"""The commands of docs/distributed-training.md train together over loopback, or say what the page shows."""

import re
import shutil

import pytest

from helpers.documents import PROJECT, blocks_of
from helpers.drawn_data import draw_chest_xrays
from helpers.page_session import PageSession
from helpers.services import free_port
from helpers.transcripts import differs

BLOCKS = blocks_of(PROJECT / "docs" / "distributed-training.md")
CHIEF, HELPER = (block.text.strip() for block in BLOCKS if "--distribute a:2222,b:2222 --worker" in block.text)
REFUSED, LOST = (block.text for block in BLOCKS if block.text.startswith("quartet train: "))
SHORT = "--recipe reference-v3 --validation-fraction 0.25 --run runs/it --quiet"
TOGETHER = """
{first} >chief.log 2>&1 & first=$!
{second} >helper.log 2>&1 & second=$!
{meanwhile}
wait $first; echo $? >>chief.log
wait $second; echo $? >>helper.log
"""
KILLED = """
for _ in $(seq 1200); do [ -e runs/it/network/state.json ] && break; sleep 0.1; done
kill -9 $second
"""

pytestmark = pytest.mark.soak


class Workers:
    """Runs the page's two commands at the same time, at addresses of loopback."""

    def __init__(self, session):
        self._session = session
        self._names = {name: f"127.0.0.1:{free_port()}" for name in ("a:2222", "b:2222")}

    def here(self, text):
        for name, address in self._names.items():
            text = text.replace(name, address)
        return text

    def run(self, *, of_both="", of_helper="", meanwhile=""):
        """Return what each said, its exit status in the last line."""
        first, second = (f"{self.here(command)} {SHORT} {of_both}" for command in (CHIEF, HELPER))
        self._session.shell(
            TOGETHER.format(first=first, second=f"{second} {of_helper}", meanwhile=meanwhile), strict=False
        )
        return [self._session.shell(f"cat {name}.log", strict=True)[1] for name in ("chief", "helper")]


@pytest.fixture
def workers(tmp_path):
    with PageSession(tmp_path, copied=False, port=None) as session:
        session.draw_data()
        draw_chest_xrays(tmp_path / "other", each=16)
        shutil.move(tmp_path / "other" / "chest_xray", tmp_path / "quartet" / "DATA" / "other")
        yield Workers(session)


def test_two_workers_train_together(workers):
    chief, helper = workers.run(of_both="--epochs 2")
    assert "validation: auc" in chief
    assert "is trained; the chief" in helper
    assert (chief.split()[-1], helper.split()[-1]) == ("0", "0")


def test_workers_with_other_data_and_another_seed_are_refused_as_the_page_shows(workers):
    for said in workers.run(of_both="--epochs 2", of_helper="--seed 7 --data DATA/other"):
        assert differs(f"...\n{workers.here(REFUSED)}\n2", said) is None, said


def test_a_lost_worker_ends_the_chief_as_the_page_shows_and_resuming_goes_on(workers):
    # What the network says of it differs with the moment.
    shown = re.sub(r"\(.*?\)", "(...)", LOST)
    chief, helper = workers.run(of_both="--epochs 6 --resume", meanwhile=KILLED)
    assert helper.split()[-1] == "137"
    assert differs(f"...\n{shown}\n2", chief) is None, chief
    for said in workers.run(of_both="--epochs 6 --resume"):
        assert said.split()[-1] == "0", said
