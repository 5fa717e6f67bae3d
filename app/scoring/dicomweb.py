"""The radiographs of a DICOMweb server as items (PS3.18): found by QIDO-RS, fetched by WADO-RS.

Items are named by their SOP Instance UID. Nothing else of what a server tells is kept: no message and no result holds
anything of the patient.
"""

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from functools import partial
from typing import Any

import httpx
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser

from app.errors import ConfigurationError
from app.scoring.items import Item, ItemError

RADIOGRAPHS = ("CR", "DX", "CXR")
"""Modalities (PS3.3, C.7.3.1.1.1): computed and digital radiography; some archives have CXR."""

STUDY, SERIES, INSTANCE, MODALITY = "0020000D", "0020000E", "00080018", "00080060"
PAGE = 100
"""Results asked for at once."""
MAX_PAGES = 100_000
DICOM = "application/dicom"
MULTIPART_DICOM = f'multipart/related; type="{DICOM}"; transfer-syntax=*'
JSON = "application/dicom+json"
SECONDS = 60.0

# PS3.5, section 9.1.
_UID = re.compile(r"[0-9][0-9.]{0,63}")

Json = dict[str, Any]


class BearerAuth(httpx.Auth):
    """A token as `Authorization: Bearer`. For a name and a password there is `httpx.BasicAuth`."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def dicomweb_client(url: str, auth: httpx.Auth | None = None, seconds: float = SECONDS) -> httpx.Client:
    """Return a client of the server whose services lie under `url`, such as `https://host/dicom-web`; to be closed.

    No redirect is followed, so that credentials go nowhere else.

    Raises:
        ConfigurationError: `url` is none of HTTP.
    """
    try:
        base = httpx.URL(url)
    except httpx.InvalidURL:
        base = httpx.URL()
    if base.scheme not in {"http", "https"} or not base.host:
        raise ConfigurationError(f"{url} is no address of a DICOMweb server, such as https://host/dicom-web.")
    return httpx.Client(base_url=base, auth=auth, timeout=seconds, transport=httpx.HTTPTransport(retries=2))


@dataclass(frozen=True)
class DicomWebSource:
    """Every instance of the server's series of some modalities, or of one study or series.

    `client` is what `dicomweb_client` gives. `max_bytes` is the largest file that is fetched. `modalities` are those
    whose series are read, any if there are none. `study` and `series` are UIDs; a series needs its study.
    """

    client: httpx.Client
    max_bytes: int
    modalities: Sequence[str] = RADIOGRAPHS
    study: str | None = None
    series: str | None = None

    def __post_init__(self) -> None:
        for uid in (self.study, self.series):
            if uid is not None and not _UID.fullmatch(uid):
                raise ConfigurationError(f"{uid} is no UID: digits and points, at most 64.")
        if self.series is not None and self.study is None:
            raise ConfigurationError("A series needs the UID of its study too.")

    def __iter__(self) -> Iterator[Item]:
        """Yield the instances, study by study.

        Raises:
            ConfigurationError: the server cannot be asked, or does not answer as DICOMweb.
        """
        searches = _Searches(self.client)
        for study in self._studies(searches):
            for series in self._series(searches, study):
                path = f"/studies/{study}/series/{series}/instances"
                for found in searches.all(path, INSTANCE):
                    instance = found[INSTANCE]
                    yield Item(instance, partial(self._fetch, f"{path}/{instance}"))

    def count(self) -> None:
        """Nothing: a server tells no number."""

    def _studies(self, searches: "_Searches") -> Iterator[str]:
        if self.study is not None:
            yield self.study
            return
        seen = set[str]()
        for modality in self.modalities or (None,):
            query = {} if modality is None else {"ModalitiesInStudy": modality}
            for found in searches.all("/studies", STUDY, **query):
                if found[STUDY] not in seen:
                    seen.add(found[STUDY])
                    yield found[STUDY]

    def _series(self, searches: "_Searches", study: str) -> Iterator[str]:
        for found in searches.all(f"/studies/{study}/series", SERIES):
            is_wanted = self.series is None or found[SERIES] == self.series
            if is_wanted and (not self.modalities or found.get(MODALITY) in self.modalities):
                yield found[SERIES]

    def _fetch(self, path: str) -> bytes:
        """Fetch one instance as it is stored.

        Raises:
            ItemError: the server does not give it, or it is too large.
        """
        body = bytearray()
        try:
            with self.client.stream("GET", path, headers={"Accept": MULTIPART_DICOM}) as response:
                if response.status_code != httpx.codes.OK:
                    raise ItemError(f"the server answers with status {response.status_code}")
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > self.max_bytes:
                        raise ItemError(f"it has more than {self.max_bytes:,} bytes")
        except httpx.HTTPError as error:
            raise ItemError(f"the server cannot be asked: {_reason(error)}") from error
        return _dicom_of(response.headers.get("content-type", ""), bytes(body))


class _Searches:
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
            raise ConfigurationError(f"{base} cannot be asked: {_reason(error)}.") from error
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


def _identifiers(answer: Json) -> dict[str, str]:
    """The UIDs and the modality of a search's answer (PS3.18, annex F); what is no UID is left out."""
    found = {}
    for tag in (STUDY, SERIES, INSTANCE, MODALITY):
        attribute = answer.get(tag)
        values = attribute.get("Value") if isinstance(attribute, dict) else None
        value = values[0] if isinstance(values, list) and values else None
        if isinstance(value, str) and (tag == MODALITY or _UID.fullmatch(value)):
            found[tag] = value
    return found


def _dicom_of(content_type: str, body: bytes) -> bytes:
    """The one file in an answer: the first part of `multipart/related` (PS3.18, section 8.7.1), or all of it."""
    header = Message()
    header["Content-Type"] = content_type
    if header.get_content_type() == DICOM:
        return body
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/related" or not isinstance(boundary, str):
        raise ItemError("the server does not answer with a DICOM file")
    parts: list[bytearray] = []
    ends: list[int] = []
    parser = MultipartParser(
        boundary.encode(),
        {
            "on_part_begin": lambda: parts.append(bytearray()),
            "on_part_data": lambda data, start, end: parts[-1].extend(data[start:end]),
            "on_end": lambda: ends.append(len(parts)),
        },
    )
    try:
        parser.write(body)
    except MultipartParseError:
        ends = []
    if not ends or not parts:
        raise ItemError("the server's answer is no whole multipart/related")
    return bytes(parts[0])


def _reason(error: httpx.HTTPError) -> str:
    return str(error).rstrip(".") or type(error).__name__
