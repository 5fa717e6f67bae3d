"""The reference of all settings, in Markdown, written from their definitions."""

from collections.abc import Mapping
from typing import Any

from pydantic.fields import FieldInfo

from app.settings import KIB, MIB, PREFIX, Settings

HEAD = """\
# Settings

Every setting of the service is an environment variable. `quartet settings` lists them with the values that hold where
it is run; `quartet serve` refuses to start with a value that cannot be used, and says which.

Written by `quartet settings --markdown` from [app/settings.py](../app/settings.py).

| variable | value | default | what it does |
| --- | --- | --- | --- |
"""
NUMBERS = {"integer": "whole number", "number": "number"}


def variable_of(name: str) -> str:
    """Return the environment variable of a setting."""
    return f"{PREFIX}{name.upper()}"


def reference() -> str:
    """Return the page: a table with a row for each setting."""
    schemas = Settings.model_json_schema()["properties"]
    rows = (_row(name, field, schemas[name]) for name, field in Settings.model_fields.items())
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(name: str, field: FieldInfo, schema: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        f"`{variable_of(name)}`",
        _value(schema),
        _default(name, field),
        (field.description or "").replace("|", "\\|"),
    )


def _value(schema: Mapping[str, Any]) -> str:
    """Say what a setting may be, from its JSON schema."""
    if "anyOf" in schema:
        return _value(next(option for option in schema["anyOf"] if option["type"] != "null"))
    if "enum" in schema:
        *others, last = (f"`{choice}`" for choice in schema["enum"])
        return f"{', '.join(others)} or {last}"
    if schema["type"] in NUMBERS:
        return NUMBERS[schema["type"]] + _range(schema)
    if schema["type"] == "array":
        return "texts, by commas"
    if schema["type"] == "boolean":
        return "`true` or `false`"
    return "path" if schema.get("format") in ("path", "file-path", "directory-path") else "text"


def _range(schema: Mapping[str, Any]) -> str:
    if "maximum" in schema:
        return f", {schema['minimum']} to {schema['maximum']}"
    if "minimum" in schema:
        return f", {schema['minimum']} or more"
    return f" above {schema['exclusiveMinimum']}" if "exclusiveMinimum" in schema else ""


def _default(name: str, field: FieldInfo) -> str:
    default = field.default
    if field.default_factory:
        return "worked out"
    if default in (None, ()):
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if name.endswith("_bytes"):
        return f"{default} ({default // MIB} MiB)" if default % MIB == 0 else f"{default} ({default // KIB} KiB)"
    return f"`{default}`" if isinstance(default, str) else str(default)
