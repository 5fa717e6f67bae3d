"""Searches of a DICOMweb server (QIDO-RS, PS3.18, section 10.6): what they find, and when all is found."""

import re
from collections.abc import Iterator
from typing import Any

import httpx

from app.errors import ConfigurationError

STUDY, SERIES, INSTANCE, MODALITY = "0020000D", "0020000E", "00080018", "00080060"
PAGE = 100
"""Results asked for at once."""
MAX_PAGES = 100_000
JSON = "application/dicom+json"

UID = re.compile(r"[0-9][0-9.]{0,63}")
"""PS3.5, section 9.1."""

Json = dict[str, Any]


class Searches:
    """Searches of one server, each asked page by page.

    A server may give fewer results at once than it is asked for, and then warns that there are more (PS3.18, section
    8.3.4.4). Not all do: without a warning a page is taken for the last only if the server gave a longer one before.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._most = 0

    def all(self, path: str, identifier: str, **query: str) -> Iterator[dict[str, str]]:
        """Yield what is found, until a page is the last or brings nothing new; not all servers know pages.

        Raises:
            ConfigurationError: the server cannot be asked, or does not answer as DICOMweb.
        """
        seen = set[str]()
        offset = 0
        for _ in range(MAX_PAGES):
            answers, has_more = self._page(path, query | {"limit": str(PAGE), "offset": str(offset)})
            is_short = len(answers) < self._most
            self._most = max(self._most, len(answers))
            offset += len(answers)
            before = len(seen)
            for row in map(_identifiers, answers):
                if identifier in row and row[identifier] not in seen:
                    seen.add(row[identifier])
                    yield row
            if len(seen) == before or (is_short and not has_more):
                return

    def _page(self, path: str, query: dict[str, str]) -> tuple[list[Json], bool]:
        """Return what is found and whether the server says that there is more."""
        base = self._client.base_url
        try:
            response = self._client.get(path, params=query, headers={"Accept": JSON})
        except httpx.HTTPError as error:
            raise ConfigurationError(f"{base} cannot be asked: {reason_of_failure(error)}.") from error
        # No content: nothing found (PS3.18, section 10.6.3.1).
        if response.status_code == httpx.codes.NO_CONTENT:
            return [], False
        if response.status_code != httpx.codes.OK:
            raise ConfigurationError(f"{base} answers a search with status {response.status_code}.")
        try:
            answers = response.json()
        except ValueError:
            answers = None
        if not isinstance(answers, list) or not all(isinstance(answer, dict) for answer in answers):
            raise ConfigurationError(f"{base} does not answer a search as DICOMweb: with a JSON list.")
        warnings = response.headers.get_list("Warning", split_commas=True)
        return answers, any(warning.startswith("299 ") for warning in warnings)


def reason_of_failure(error: httpx.HTTPError) -> str:
    """Say why a server could not be asked."""
    return str(error).rstrip(".") or type(error).__name__


def _identifiers(answer: Json) -> dict[str, str]:
    """The UIDs and the modality of a search's answer (PS3.18, annex F); what is no UID is left out."""
    found = {}
    for tag in (STUDY, SERIES, INSTANCE, MODALITY):
        attribute = answer.get(tag)
        values = attribute.get("Value") if isinstance(attribute, dict) else None
        value = values[0] if isinstance(values, list) and values else None
        if isinstance(value, str) and (tag == MODALITY or UID.fullmatch(value)):
            found[tag] = value
    return found
