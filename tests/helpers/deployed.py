"""The files under `deploy/`, and what they may name."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from app.settings import Settings

PROJECT = Path(__file__).parents[2]
DEPLOY = PROJECT / "deploy"
SCHEMAS = PROJECT / "tests" / "deploy" / "schemas"
SETTINGS = {f"QUARTET_{name.upper()}" for name in Settings.model_fields}


def documents(path: Path) -> list[dict[str, Any]]:
    """Read the documents of a YAML file."""
    return list(yaml.safe_load_all(path.read_text()))


def document(path: Path) -> dict[str, Any]:
    """Read a YAML file of one document."""
    (one,) = documents(path)
    return one


def schema(name: str) -> dict[str, Any]:
    """Read a schema of the tests."""
    return json.loads((SCHEMAS / f"{name}.json").read_text())


def strict(node: Any) -> Any:
    """Forbid in an OpenAPI v3 schema of Kubernetes what it does not name, which the API server would drop."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    result = {key: strict(value) for key, value in node.items()}
    if isinstance(node.get("properties"), dict) and not node.get("x-kubernetes-preserve-unknown-fields"):
        result.setdefault("additionalProperties", False)
    if node.get("x-kubernetes-int-or-string"):
        result["type"] = ["integer", "string"]
    return result


def settings_of(environment: dict[str, str]) -> Settings:
    """Return the settings of a container with these variables, all of them settings."""
    return Settings(**{name.removeprefix("QUARTET_").lower(): value for name, value in environment.items()})


def containers_of(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every container of a manifest."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "containers":
                yield from value
            else:
                yield from containers_of(value)
    elif isinstance(node, list):
        for item in node:
            yield from containers_of(item)


def environment_of(container: dict[str, Any]) -> dict[str, str | None]:
    """Return the variables that a container is given, None for those whose value is a Secret's."""
    return {variable["name"]: variable.get("value") for variable in container.get("env", [])}
