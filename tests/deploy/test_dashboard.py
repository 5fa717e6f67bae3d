"""The dashboard and the alerts ask for metrics that there are, and Prometheus can run what they ask."""

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from app.main import create_app
from app.settings import Settings
from helpers.pictures import jpeg
from helpers.scraping import Scrape, scrape
from helpers.servers import serving
from helpers.services import wait_until

DEPLOY = Path(__file__).parents[2] / "deploy"
PICTURE = jpeg((60, 60), (220, 30, 30))
DASHBOARD = json.loads((DEPLOY / "grafana/dashboards/quartet.json").read_text())
ALERTS = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]

METRIC = re.compile(r"\b(?:quartet|process|python)_[a-z0-9_]+")


@pytest.fixture(scope="module")
def at(tiny_models: Path) -> Iterator[str]:
    """A service that has been asked and has refused something."""
    with serving(create_app(Settings(models_dir=tiny_models))) as address:
        httpx.post(f"{address}/predict/catdog", content=PICTURE)
        httpx.post(f"{address}/predict/catdog", content=b"nothing")
        yield address


@pytest.fixture(scope="module")
def scraped(at: str) -> Scrape:
    return scrape(at)


def metrics_in(query: str) -> set[str]:
    """Return the names of the metrics that a query reads."""
    return set(METRIC.findall(re.sub(r'"[^"]*"', "", query)))


def test_names_are_found_in_queries() -> None:
    query = 'sum by (task) (rate(quartet_a_bucket{task="quartet_b"}[5m])) / on (task) process_c'
    assert metrics_in(query) == {"quartet_a_bucket", "process_c"}


@pytest.mark.parametrize("query", [*QUERIES, *(rule["expr"] for rule in RULES)])
def test_every_metric_that_is_asked_for_is_in_a_scrape(scraped: Scrape, query: str) -> None:
    asked = metrics_in(query)
    assert asked or "up{" in query
    assert asked <= scraped.names()


def test_every_metric_of_the_service_is_on_the_dashboard(scraped: Scrape) -> None:
    shown = {name for query in QUERIES for name in metrics_in(query)}
    own = {name for name in scraped.names() if name.startswith("quartet_")}
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in own} == {
        re.sub("_(bucket|sum|count)$", "", name) for name in shown if name.startswith("quartet_")
    }


def test_panels_have_ids_of_their_own_a_place_a_unit_and_the_chosen_data_source() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]}
    assert len(places) == len(ids)
    for panel in PANELS:
        assert panel["datasource"]["uid"] == "${datasource}"
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    assert [variable["name"] for variable in DASHBOARD["templating"]["list"]] == ["datasource", "instance", "task"]
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert len(rows) == 7


def test_every_alert_says_how_bad_it_is_and_what_it_means() -> None:
    for rule in RULES:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"]
    documented = (DEPLOY.parent / "docs/observability.md").read_text()
    assert [rule["alert"] for rule in RULES if f"`{rule['alert']}`" not in documented] == []


def test_grafana_finds_the_dashboard_and_prometheus_where_they_are_mounted() -> None:
    sources = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text())
    assert [source["type"] for source in sources["datasources"]] == ["prometheus"]
    providers = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/quartet.yml").read_text())
    assert providers["providers"][0]["options"]["path"] == "/var/lib/grafana/dashboards"


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name}, of Debian's package prometheus, is not installed")
    return found


@pytest.mark.parametrize(("check", "file"), [("config", "prometheus.yml"), ("rules", "alerts.yml")])
def test_promtool_accepts_what_prometheus_reads(check: str, file: str) -> None:
    command = [program("promtool"), "check", check, str(DEPLOY / "prometheus" / file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def prometheus(at: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that scrapes the service every second, with the alerts' rules."""
    binary = program("prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    config = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(DEPLOY / "prometheus/alerts.yml")]
    config["scrape_configs"][0]["static_configs"] = [{"targets": [at.removeprefix("http://")]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        binary,
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until(lambda: answers(address), 30)
            yield address
        finally:
            process.kill()


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/-/ready").status_code == 200
    except httpx.TransportError:
        return False


def result_of(prometheus: str, query: str) -> list[Any]:
    for variable, value in {"$__rate_interval": "1m", "$instance": ".*", "$task": ".*"}.items():
        query = query.replace(variable, value)
    answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": query}, timeout=30).json()
    assert answer["status"] == "success", answer
    result: list[Any] = answer["data"]["result"]
    return result


def test_prometheus_scrapes_the_service_and_every_panel_has_data(at: str, prometheus: str) -> None:
    def scrapes() -> float:
        found = result_of(prometheus, 'sum_over_time(up{job="quartet"}[1m])')
        return float(found[0]["value"][1]) if found else 0.0

    wait_until(lambda: scrapes() >= 2, 30)
    for _ in range(3):
        httpx.post(f"{at}/predict/catdog", content=PICTURE)
        httpx.post(f"{at}/predict/catdog", content=b"nothing")
    deadline = time.monotonic() + 20
    empty = QUERIES
    while empty and time.monotonic() < deadline:
        empty = [query for query in empty if not result_of(prometheus, query)]
    assert empty == []
    rules = httpx.get(f"{prometheus}/api/v1/rules").json()["data"]["groups"][0]["rules"]
    assert len(rules) == len(RULES)
    assert not [rule for rule in rules if rule["health"] == "err"]
