import pytest
from pydantic import ValidationError

from app.settings import Settings
from scale.limits import aimed_at, held_by_each, workers_of
from scale.options import Options


def test_arguments_of_the_command_line_are_read_as_numbers() -> None:
    assert Options.model_validate({"max_replicas": "8", "cpus": "0.5"}).of("digit").max_replicas == 8


def test_a_task_may_have_replicas_of_its_own() -> None:
    options = Options.model_validate({"max_replicas": 2, "tasks": {"pneumonia": {"max_replicas": 40, "cpus": 4}}})
    assert options.of("pneumonia").cpus == 4
    assert options.of("pneumonia").max_replicas == 40
    assert options.of("topic").max_replicas == 2


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"tasks": {"xray": {}}}, "there is no task 'xray'; the tasks are topic, digit, catdog, pneumonia"),
        ({"min_replicas": 5, "max_replicas": 4}, "max_replicas (4) is below min_replicas (5)"),
        ({"replicas": 5}, "replicas"),
    ],
)
def test_wrong_options_are_refused_by_name(wrong: dict[str, object], named: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Options.model_validate(wrong)
    assert named in str(refused.value)


def test_a_replica_has_a_worker_for_each_core_unless_the_settings_say_otherwise() -> None:
    assert workers_of(0.2, Settings()) == 1
    assert workers_of(2.5, Settings()) == 3
    assert workers_of(2.5, Settings(workers=7)) == 7


def test_a_replica_holds_what_runs_and_the_next_batch_and_scaling_aims_at_less() -> None:
    settings = Settings(max_batch_size=4)
    assert held_by_each(3, settings) == 16
    assert aimed_at(3) < held_by_each(3, settings)


@pytest.mark.parametrize(("cores", "each"), [(2, 0.4), (3, 0.6), (5, 1), (64, 1)])
def test_one_of_each_fits_on_a_small_machine(monkeypatch: pytest.MonkeyPatch, cores: int, each: float) -> None:
    monkeypatch.setattr("scale.options.available_cores", lambda: cores)
    options = Options()
    assert options.cpus == options.ingress_cpus == each
