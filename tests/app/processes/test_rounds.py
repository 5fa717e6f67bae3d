"""Reloads and unloads that several processes do: stand-ins answer in any order, refuse, and end."""

from dataclasses import dataclass, field

import pytest

from app.processes.messages import AllDone, Ask, Done, Message, Order
from app.processes.rounds import Rounds
from app.serving.reloading import Load, Unload, Wish


@dataclass(eq=False)
class Child:
    number: int
    said_to: list[Message] = field(default_factory=list)
    gone: bool = False

    def send(self, message: Message) -> None:
        if self.gone:
            raise BrokenPipeError
        self.said_to.append(message)

    @property
    def order(self) -> Order:
        orders = [message for message in self.said_to if isinstance(message, Order)]
        return orders[-1]


@pytest.fixture
def children() -> list[Child]:
    return [Child(1), Child(2), Child(3)]


@pytest.fixture
def rounds(children: list[Child]) -> Rounds:
    return Rounds(lambda: children)


def obey(rounds: Rounds, child: Child, version: int | None) -> None:
    wish = Wish(child.order.change.task, version, 0 if version is None else 9)
    rounds.take(child, Done(child.order.number, wish))


def refuse(rounds: Rounds, child: Child, problem: str) -> None:
    rounds.take(child, Done(child.order.number, problem=problem))


def test_the_one_asked_goes_first_and_is_told_when_all_have_done_it(rounds: Rounds, children: list[Child]) -> None:
    first, second, third = children
    rounds.take(first, Ask(7, Load("digit", None)))
    assert first.order == Order(1, Load("digit", None), ask=7)
    assert second.said_to == third.said_to == []
    obey(rounds, first, 4)
    # The others are told which version was the newest.
    assert second.order == third.order == Order(1, Load("digit", 4))
    obey(rounds, third, 4)
    assert not isinstance(first.said_to[-1], AllDone)
    obey(rounds, second, 4)
    assert first.said_to[-1] == AllDone(7, 3, ())
    assert rounds.wishes == (Wish("digit", 4, 9),)


def test_what_the_one_asked_refuses_no_other_is_asked_for(rounds: Rounds, children: list[Child]) -> None:
    first, second, _ = children
    rounds.take(first, Ask(1, Load("digit", 3)))
    refuse(rounds, first, "saved_model.pb: its sha256 is not the one in the manifest")
    assert second.said_to == []
    assert rounds.wishes == ()
    rounds.take(second, Ask(1, Load("digit", 2)))
    assert second.order == Order(2, Load("digit", 2), ask=1)


def test_what_another_refuses_is_told(rounds: Rounds, children: list[Child]) -> None:
    first, second, third = children
    rounds.take(first, Ask(1, Load("digit", 3)))
    obey(rounds, first, 3)
    refuse(rounds, second, "cannot be run: MemoryError")
    obey(rounds, third, 3)
    assert first.said_to[-1] == AllDone(1, 2, ("process 2: cannot be run: MemoryError",))


def test_two_reloads_are_done_one_after_the_other_so_that_all_end_alike(rounds: Rounds, children: list[Child]) -> None:
    first, second, third = children
    rounds.take(first, Ask(1, Load("digit", 1)))
    rounds.take(second, Ask(1, Load("digit", 2)))
    obey(rounds, first, 1)
    for other in (second, third):
        assert other.order == Order(1, Load("digit", 1))
        obey(rounds, other, 1)
    obey(rounds, second, 2)
    assert first.order == third.order == Order(2, Load("digit", 2))
    assert rounds.wishes == (Wish("digit", 2, 9),)


def test_an_unload_takes_its_turn_and_one_that_starts_later_is_told_of_it(
    rounds: Rounds, children: list[Child]
) -> None:
    first, second, third = children
    rounds.take(first, Ask(1, Load("digit", 1)))
    rounds.take(second, Ask(4, Unload("digit")))
    for child in children:
        obey(rounds, child, 1)
    assert second.order == Order(2, Unload("digit"), ask=4)
    assert first.order.number == third.order.number == 1
    obey(rounds, second, None)
    assert first.order == third.order == Order(2, Unload("digit"))
    assert rounds.wishes == (Wish("digit", None),)
    obey(rounds, first, None)
    refuse(rounds, third, "OSError")
    assert second.said_to[-1] == AllDone(4, 2, ("process 3: OSError",))


def test_a_load_after_an_unload_takes_its_place(rounds: Rounds, children: list[Child]) -> None:
    first, second, third = children
    rounds.take(first, Ask(1, Unload("digit")))
    rounds.take(third, Ask(1, Load("digit", None)))
    for child in children:
        obey(rounds, child, None)
    obey(rounds, third, 2)
    assert first.order == second.order == Order(2, Load("digit", 2))
    assert rounds.wishes == (Wish("digit", 2, 9),)


@pytest.mark.parametrize("passed", [False, True])
def test_the_one_asked_may_end_and_the_next_reload_goes_on(rounds: Rounds, children: list[Child], passed: bool) -> None:
    first, second, third = children
    rounds.take(first, Ask(1, Load("digit", 1)))
    rounds.take(second, Ask(5, Load("topic", 1)))
    if passed:
        obey(rounds, first, 1)
    first.gone = True
    children.remove(first)
    rounds.ended(first)
    if passed:
        obey(rounds, second, 1)
        obey(rounds, third, 1)
    assert second.order == Order(2, Load("topic", 1), ask=5)


def test_one_that_ends_is_not_waited_for(rounds: Rounds, children: list[Child]) -> None:
    first, second, third = children
    rounds.take(first, Ask(1, Load("digit", 1)))
    rounds.take(third, Ask(1, Load("digit", 2)))
    obey(rounds, first, 1)
    obey(rounds, second, 1)
    children.remove(third)
    rounds.ended(third)
    assert first.said_to[-1] == AllDone(1, 2, ())
    # Nor is what it was asked for done any more.
    assert first.order.number == second.order.number == 1


def test_one_that_is_gone_before_it_is_ordered_holds_nobody_up(rounds: Rounds, children: list[Child]) -> None:
    first, second, third = children
    second.gone = third.gone = True
    rounds.take(first, Ask(1, Load("digit", 1)))
    obey(rounds, first, 1)
    assert first.said_to[-1] == AllDone(1, 1, ())
