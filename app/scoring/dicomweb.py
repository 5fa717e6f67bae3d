"""The radiographs of a DICOMweb server as items (PS3.18): found by QIDO-RS, fetched by WADO-RS.

Items are named by their SOP Instance UID. Nothing else of what a server tells is kept: no message and no result holds
anything of the patient.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from functools import partial

import httpx
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser

from app.errors import ConfigurationError
from app.scoring.items import Item, ItemError
from app.scoring.qido import INSTANCE, MODALITY, SERIES, STUDY, UID, Searches, reason_of_failure

RADIOGRAPHS = ("CR", "DX", "CXR")
"""Modalities (PS3.3, C.7.3.1.1.1): computed and digital radiography; some archives have CXR."""

DICOM = "application/dicom"
MULTIPART_DICOM = f'multipart/related; type="{DICOM}"; transfer-syntax=*'
SECONDS = 60.0


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
            if uid is not None and not UID.fullmatch(uid):
                raise ConfigurationError(f"{uid} is no UID: digits and points, at most 64.")
        if self.series is not None and self.study is None:
            raise ConfigurationError("A series needs the UID of its study too.")

    def __iter__(self) -> Iterator[Item]:
        """Yield the instances, study by study.

        Raises:
            ConfigurationError: the server cannot be asked, or does not answer as DICOMweb.
        """
        searches = Searches(self.client)
        for study in self._studies(searches):
            for series in self._series(searches, study):
                path = f"/studies/{study}/series/{series}/instances"
                for found in searches.all(path, INSTANCE):
                    instance = found[INSTANCE]
                    yield Item(instance, partial(self._fetch, f"{path}/{instance}"))

    def count(self) -> None:
        """Nothing: a server tells no number."""

    def _studies(self, searches: Searches) -> Iterator[str]:
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

    def _series(self, searches: Searches, study: str) -> Iterator[str]:
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
            raise ItemError(f"the server cannot be asked: {reason_of_failure(error)}") from error
        return _dicom_of(response.headers.get("content-type", ""), bytes(body))


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
