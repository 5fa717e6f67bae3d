"""Print what the image installs: the project's dependencies and those of some extras, without the packages left out.

Usage: requirements.py PYPROJECT [--extras NAME,...] [--without PREFIX,...]
"""

import argparse
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def requirements(project: dict[str, Any], extras: Sequence[str], without: Sequence[str]) -> Iterator[str]:
    """Yield requirements (PEP 508) of a `[project]` table, in its order.

    Args:
        project: the table.
        extras: names in `optional-dependencies`.
        without: beginnings of names of packages left out.

    Raises:
        ValueError: there is no such extra, or one of them asks for the project itself.
    """
    optional = project["optional-dependencies"]
    unknown = [extra for extra in extras if extra not in optional]
    if unknown:
        raise ValueError(f"no such extra: {', '.join(unknown)}; there are {', '.join(sorted(optional))}")
    for requirement in [*project["dependencies"], *(one for extra in extras for one in optional[extra])]:
        name = NAME.match(requirement)
        if name is None or name[0] == project["name"]:
            raise ValueError(f"{requirement!r} cannot be installed without the project itself")
        if not name[0].startswith(tuple(without)):
            yield requirement


def _names(value: str) -> list[str]:
    return [name for name in value.split(",") if name]


def main() -> None:
    """Print them, one a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pyproject", type=Path)
    parser.add_argument("--extras", type=_names, default=[])
    parser.add_argument("--without", type=_names, default=[])
    options = parser.parse_args()
    project = tomllib.loads(options.pyproject.read_text())["project"]
    print(*requirements(project, options.extras, options.without), sep="\n")


if __name__ == "__main__":
    main()
