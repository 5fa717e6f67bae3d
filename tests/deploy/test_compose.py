import re
from pathlib import Path

import jsonschema
import pytest

from helpers.deployed import PROJECT, SETTINGS, document, schema, settings_of

COMPOSE = document(PROJECT / "docker-compose.yml")
SERVICES = COMPOSE["services"]


def test_it_is_as_the_compose_specification_says():
    jsonschema.Draft7Validator(schema("compose-spec")).validate(COMPOSE)


@pytest.mark.parametrize("change", [{"ports": [{"no_port": 1}]}, {"cap_dropped": ["ALL"]}, {"read_only": []}])
def test_the_schema_refuses_what_compose_would(change):
    broken = {**COMPOSE, "services": {"quartet": {**SERVICES["quartet"], **change}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(schema("compose-spec")).validate(broken)


def test_only_the_service_is_reached_from_elsewhere():
    published = {(name, port) for name, service in SERVICES.items() for port in service.get("ports", [])}
    everywhere = {name for name, port in published if not port.startswith("127.0.0.1:")}
    assert everywhere == {"quartet"}


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_bounded_and_may_not_gain_rights(name):
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert "build" in service or re.search(r":v?\d+\.\d+\.\d+$", service["image"])


def test_the_service_cannot_write_its_root():
    assert SERVICES["quartet"]["read_only"] is True


def test_it_is_given_the_time_that_it_takes_to_stop():
    environment = SERVICES["quartet"]["environment"]
    assert environment.keys() <= SETTINGS
    settings = settings_of(environment)
    seconds = int(SERVICES["quartet"]["stop_grace_period"].removesuffix("s"))
    assert seconds > settings.drain_seconds + settings.shutdown_seconds


def test_a_service_without_one_of_its_models_is_watched():
    assert SERVICES["prometheus"]["depends_on"]["quartet"]["condition"] == "service_started"


def test_what_is_mounted_is_there_and_cannot_be_written():
    mounts = [volume.split(":") for service in SERVICES.values() for volume in service.get("volumes", [])]
    from_here = [(Path(source), options) for source, _, *options in mounts if source.startswith(".")]
    assert from_here
    assert all(options == ["ro"] for _, options in from_here)
    if not (PROJECT / "deploy" / "prometheus").exists():
        pytest.skip("deploy/prometheus and deploy/grafana are not there yet")
    assert [source for source, _ in from_here if not (PROJECT / source).exists()] == []
