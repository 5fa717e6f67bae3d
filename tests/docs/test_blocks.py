"""No block of a page escapes the tests: how blocks and their marks are read, and what can be parsed."""

import pytest

from helpers.documents import PROJECT, Mark, blocks_in
from helpers.parsed_commands import commands_in, refusal_of

PAGE = PROJECT / "PAGE.md"


def test_a_mark_holds_for_the_block_below_it():
    text = "<!-- test: skip no\nengine -->\n```sh\ndocker run\n```\n\nText.\n\n```sh extra\nls\n```\n"
    first, second = blocks_in(text, PAGE)
    assert (first.kind, first.line, first.mark) == ("sh", 3, Mark("skip", "no engine"))
    assert (second.kind, second.text, second.mark) == ("sh", "ls\n", Mark())


def test_blocks_in_lists_and_without_a_kind_are_found():
    inside, bare = blocks_in("- one\n\n  ```sh\n  ls\n  ```\n\n```\nx\n```\n", PAGE)
    assert (inside.kind, inside.text) == ("sh", "ls\n")
    assert bare.kind == ""


def test_a_mark_may_name_the_tests_that_answer_for_the_block():
    name = "tests/docs/test_blocks.py::test_a_mark_holds_for_the_block_below_it"
    (block,) = blocks_in(f"<!-- test: elsewhere {name} tests/docs/test_blocks.py -->\n```sh\nls\n```", PAGE)
    assert block.mark.verb == "elsewhere"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<!-- test: ignore it -->\n```sh\nls\n```", "no mark of"),
        ("<!-- test: skip -->\n```sh\nls\n```", "says nothing more"),
        ("<!-- test: elsewhere a cluster -->\n```sh\nls\n```", "names tests"),
        ("<!-- test: elsewhere tests/docs/test_coffee.py -->\n```sh\nls\n```", "no test tests/docs/test_coffee.py"),
        ("<!-- test: skip see tests/docs/test_blocks.py::test_coffee -->\n```sh\nls\n```", "::test_coffee"),
        ("<!-- test: skip why -->\n\nText.\n\n```sh\nls\n```", "no block follows"),
    ],
)
def test_a_mark_that_is_none_is_told(text, told):
    with pytest.raises(ValueError, match=told):
        blocks_in(text, PAGE)


def test_commands_lose_their_prompts_and_line_breaks():
    assert commands_in("$ make test\nmake \\\n  lint\n") == ["make test", "make    lint"]


@pytest.mark.parametrize(
    "command",
    [
        "make serve   # a comment",
        'make bench ARGS="--parts small --rounds 1"',
        "make soak ARGS=tests/reliability/test_disk.py",
        "QUARTET_PORT=1 quartet serve --processes 2",
        ".venv/bin/python -m benchmarks.overload",
        "python -m benchmarks.distributed_training digit --recipe reference",
        "export A=1",
    ],
)
def test_a_command_that_could_be_run_is_parsed(command):
    assert refusal_of(command) is None


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("make coffee", "no target"),
        ('make bench ARGS="--parts coffee"', "invalid choice"),
        ("make soak ARGS=tests/reliability/test_coffee.py", "there is no"),
        ("quartet train coffee", "invalid choice"),
        ("quartet serve --coffee", "unrecognized arguments"),
        ("python -m benchmarks.coffee", "No module named"),
        ("python -m benchmarks.distributed_training", "required: task"),
        ("caddy run", "only"),
    ],
)
def test_a_command_that_could_not_is_told(command, told):
    assert told in (refusal_of(command) or "")
