"""Every fenced block of every page does what the page says: it is run, or the page's source says why it is not."""

import json
import shutil
import tomllib

import pytest
import yaml

from helpers.documents import PROJECT, Block, blocks_of, is_in_a_copy, pages
from helpers.page_session import ADDRESSES, PageSession
from helpers.parsed_commands import commands_in, refusal_of
from helpers.services import service
from helpers.transcripts import differs

RUNNABLE = ("sh", "console", "python", "js", "diff")
READERS = {"json": json.loads, "toml": tomllib.loads, "yaml": lambda text: list(yaml.safe_load_all(text))}
PROGRAMS = {"js": ["node"], "diff": ["git"]}
WITH_BLOCKS = [page for page in pages() if blocks_of(page)]


@pytest.fixture(scope="session")
def port(tmp_path_factory):
    """The port of a service with the committed models, started for the first page that asks one."""
    with service(PROJECT / "models", tmp_path_factory.mktemp("pages") / "service.log") as started:
        yield int(started.address.rpartition(":")[2])


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_block_of_the_page_does_what_it_says(page, tmp_path, request, subtests):
    blocks = blocks_of(page)
    run = [block for block in blocks if block.kind in RUNNABLE and block.mark.verb in ("run", "with", "needs")]
    text = "".join(block.text for block in run)
    asked = min((text.find(address) for address in ADDRESSES if address in text), default=None)
    serves = "quartet serve" in text
    port = request.getfixturevalue("port") if asked is not None and not serves else None
    with PageSession(tmp_path, copied=is_in_a_copy(page), port=port) as session:
        if "DATA/" in text:
            session.draw_data()
        if serves and asked is not None and asked < text.index("quartet serve"):
            session.shell("quartet serve", strict=True)
        said = ""
        for block in blocks:
            if reason := reason_to_skip(block):
                with subtests.test(str(block)):
                    pytest.skip(reason)
            else:
                said = check(block, session, said)


def reason_to_skip(block: Block) -> str | None:
    """Why a block is not looked at: its page says so, or a program is missing."""
    if block.mark.verb == "skip":
        return block.mark.words
    needed = block.mark.words.split() if block.mark.verb == "needs" else PROGRAMS.get(block.kind, [])
    missing = [program for program in needed if shutil.which(program) is None]
    return f"{', '.join(missing)} is not installed" if missing else None


def check(block: Block, session: PageSession, said: str) -> str:
    """Do what a block's kind and mark ask; return what it said, or what the one before it said."""
    match block.mark.verb, block.kind:
        case "file", _:
            session.write(block.mark.words, block.text)
        case "parse", "sh" | "console":
            for command in commands_in(block.text):
                assert (refusal := refusal_of(command)) is None, f"{block}: {command}\n{refusal}"
        case "elsewhere", _:
            pass  # The tests that it names are there, or the page could not be read.
        case "output", _:
            assert_alike(block, block.text, said)
        case (("run" | "with" | "needs"), "sh" | "python" | "js" | "diff"):
            return run(block, session)
        case (("run" | "with" | "needs"), "console"):
            transcript(block, session)
        case "run", "text":
            assert_alike(block, block.text, said)
        case "run", kind if kind in READERS:
            READERS[kind](block.text)
        case _:
            pytest.fail(f"{block}: nothing is known of such a block: mark it with `<!-- test: skip REASON -->`")
    return said


def run(block: Block, session: PageSession) -> str:
    match block.kind:
        case "sh":
            status, said = session.shell(with_options(block), strict=True)
        case "diff":
            session.write(".block.diff", block.text)
            status, said = session.shell("git apply --unsafe-paths .block.diff", strict=True)
        case "python":
            status, said = session.python("\n" * block.line + block.text)
        case _:
            status, said = session.javascript(block.text)
    assert status == 0, f"{block}: status {status}\n{said}"
    return said


def with_options(block: Block) -> str:
    """A block's commands, those of `quartet` with the options that its mark adds."""
    if block.mark.verb != "with":
        return block.text
    return "\n".join(
        f"{command} {block.mark.words}" if command.startswith("quartet ") else command
        for command in commands_in(block.text)
    )


def transcript(block: Block, session: PageSession) -> None:
    """Run the commands behind the prompts of a block, and compare what each says with the lines below it."""
    commands: list[tuple[str, list[str]]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        elif commands and commands[-1][0].endswith("\\") and not commands[-1][1]:
            commands[-1] = (f"{commands[-1][0]}\n{line}", [])
        else:
            assert commands, f"{block}: it begins with no prompt"
            commands[-1][1].append(line)
    for command, lines in commands:
        options = f" {block.mark.words}" if block.mark.verb == "with" and command.startswith("quartet ") else ""
        _, said = session.shell(command + options, strict=False)
        assert_alike(block, "\n".join(lines), said, command)


def assert_alike(block: Block, shown: str, said: str, command: str = "") -> None:
    difference = differs(shown, said)
    assert difference is None, f"{block}: {command}\n{difference}\nIt says:\n{said}"
