"""The radiographs of a DICOMweb server are found and fetched: of Orthanc, and of servers that behave otherwise."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from pydicom import uid

from app.errors import ConfigurationError
from app.scoring.dicomweb import BearerAuth, DicomWebSource, dicomweb_client
from app.scoring.items import ItemError
from app.scoring.qido import PAGE
from benchmarks.dicom.writing import SYNTAXES, dicom_file
from helpers.dicom_files import radiograph
from helpers.orthanc import MISSING, PASSWORD, USER, orthanc

GREY = radiograph(40, 50)
STUDIES = ("1.2.826.1.1", "1.2.826.1.2")
MOST = 10_000_000


def instance(number: int, syntax: str, study: int = 0, modality: str = "DX") -> bytes:
    return dicom_file(
        GREY,
        syntax,
        SOPInstanceUID=f"1.2.826.3.{study}.{number}",
        StudyInstanceUID=STUDIES[study],
        SeriesInstanceUID=f"1.2.826.2.{study}.{modality == 'DX':d}",
        Modality=modality,
        PatientID=f"patient {study}",
        PatientName="Doe^Planted",
    )


FILES = {f"1.2.826.3.0.{number}": instance(number, syntax) for number, syntax in enumerate(SYNTAXES, 1)}
OTHER_STUDY = {"1.2.826.3.1.1": instance(1, uid.ExplicitVRLittleEndian, study=1)}
SCANS = {"1.2.826.3.1.2": instance(2, uid.ExplicitVRLittleEndian, study=1, modality="CT")}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if MISSING:
        pytest.skip(MISSING)
    with orthanc(tmp_path_factory.mktemp("orthanc"), with_password=True) as address:
        for data in (*FILES.values(), *OTHER_STUDY.values(), *SCANS.values()):
            stored = httpx.post(f"{address}/instances", content=data, auth=(USER, PASSWORD))
            assert stored.status_code == 200, stored.text
        yield f"{address}/dicom-web"


@pytest.fixture
def client(server: str) -> Iterator[httpx.Client]:
    with dicomweb_client(server, httpx.BasicAuth(USER, PASSWORD)) as session:
        yield session


def test_every_radiograph_is_found_and_fetched_as_it_was_stored(client: httpx.Client) -> None:
    items = list(DicomWebSource(client, MOST))
    assert {item.name: item.read() for item in items} == FILES | OTHER_STUDY
    assert len(items) == len(FILES) + len(OTHER_STUDY)


def test_other_modalities_are_found_if_they_are_asked_for(client: httpx.Client) -> None:
    assert {item.name for item in DicomWebSource(client, MOST, ("CT",))} == set(SCANS)
    assert {item.name for item in DicomWebSource(client, MOST, ())} == {*FILES, *OTHER_STUDY, *SCANS}


def test_a_study_or_a_series_can_be_named(client: httpx.Client) -> None:
    assert {item.name for item in DicomWebSource(client, MOST, study=STUDIES[1])} == set(OTHER_STUDY)
    assert {item.name for item in DicomWebSource(client, MOST, (), STUDIES[1])} == {*OTHER_STUDY, *SCANS}
    assert {item.name for item in DicomWebSource(client, MOST, (), STUDIES[1], "1.2.826.2.1.0")} == set(SCANS)
    assert not list(DicomWebSource(client, MOST, study="1.2.3.4"))


def test_what_is_found_page_by_page_is_all(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.scoring.qido.PAGE", 3)
    assert {item.name for item in DicomWebSource(client, MOST)} == {*FILES, *OTHER_STUDY}


def test_a_file_that_is_too_large_is_not_fetched(client: httpx.Client) -> None:
    item = next(iter(DicomWebSource(client, 1_000)))
    with pytest.raises(ItemError, match="more than 1,000 bytes"):
        item.read()


def test_without_the_password_nothing_is_found(server: str) -> None:
    with dicomweb_client(server) as session, pytest.raises(ConfigurationError, match="status 401"):
        list(DicomWebSource(session, MOST))


def test_what_is_fetched_is_answered_by_a_running_service_as_the_local_file(client: httpx.Client, address: str) -> None:
    for item in DicomWebSource(client, MOST):
        fetched = httpx.post(f"{address}/predict/pneumonia", content=item.read()).json()
        local = httpx.post(f"{address}/predict/pneumonia", content=(FILES | OTHER_STUDY)[item.name]).json()
        assert fetched["probabilities"] == local["probabilities"]


Handler = Callable[[httpx.Request], httpx.Response]


def source_of(handler: Handler, **options: object) -> DicomWebSource:
    session = httpx.Client(base_url="http://server/dicom-web", transport=httpx.MockTransport(handler))
    return DicomWebSource(session, MOST, **options)  # type: ignore[arg-type]


def rows(tag: str, values: list[object]) -> list[object]:
    return [{tag: {"vr": "UI", "Value": [value]}, "00080060": {"vr": "CS", "Value": ["DX"]}} for value in values]


def server_of(
    names: list[object],
    content: httpx.Response | None = None,
    *,
    ignores_offset: bool = False,
    most: int = PAGE,
    warns: bool = False,
) -> Handler:
    """`most` results come at once, and `warns` says of the others."""

    def handle(request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        tags = {"studies": "0020000D", "series": "0020000E", "instances": "00080018"}
        if name not in tags:
            assert content is not None
            return content
        found = rows(tags[name], names if name == "instances" else ["1.2"])
        start = 0 if ignores_offset else int(request.url.params["offset"])
        end = start + min(most, int(request.url.params["limit"]))
        left = len(found) - end
        warning = {"Warning": f"299 server: There are {left} additional results that can be requested"}
        headers = warning if warns and left > 0 else {}
        page = found[start:end]
        return httpx.Response(200, json=page, headers=headers) if page else httpx.Response(204)

    return handle


def test_all_pages_of_a_large_series_are_asked_for() -> None:
    names: list[object] = [f"1.2.{number}" for number in range(2 * PAGE + 1)]
    assert [item.name for item in source_of(server_of(names))] == names
    assert [item.name for item in source_of(server_of(names[: 2 * PAGE]))] == names[: 2 * PAGE]


@pytest.mark.parametrize("warns", [False, True])
@pytest.mark.parametrize("most", [1, 7, PAGE - 1])
def test_of_a_server_that_gives_fewer_at_a_time_all_are_found(most: int, warns: bool) -> None:
    names: list[object] = [f"1.2.{number}" for number in range(2 * most + 3)]
    assert [item.name for item in source_of(server_of(names, most=most, warns=warns))] == names


def server_of_many_studies(instances: Handler, asked: list[str]) -> Handler:
    """A page of studies, and what `instances` gives of each."""

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if not request.url.path.endswith("/studies"):
            return instances(request)
        studies = [f"1.2.{number}" for number in range(PAGE)]
        return httpx.Response(200, json=rows("0020000D", studies[int(request.url.params["offset"]) :]))

    return handle


def test_a_server_that_says_that_there_is_more_is_asked_on_though_it_has_given_more_at_once() -> None:
    few = server_of(["1.3", "1.4", "1.5"], most=2, warns=True)
    items = source_of(server_of_many_studies(few, []), modalities=("DX",))
    assert [item.name for item in items] == ["1.3", "1.4", "1.5"] * PAGE


def test_a_server_is_not_asked_again_after_fewer_than_it_has_given_at_once() -> None:
    asked: list[str] = []
    items = source_of(server_of_many_studies(server_of(["1.3"]), asked), modalities=("DX",))
    assert [item.name for item in items] == ["1.3"] * PAGE
    assert len([path for path in asked if not path.endswith("/studies")]) == 2 * PAGE


def test_a_server_that_knows_no_pages_is_not_asked_for_ever() -> None:
    names: list[object] = [f"1.2.{number}" for number in range(PAGE)]
    assert [item.name for item in source_of(server_of(names, ignores_offset=True))] == names


@pytest.mark.parametrize("name", ["../../../admin", "1.2/../3", "", "1" * 65, 7, None, ["1.2"], "1.2?x=y"])
def test_what_is_no_uid_is_never_asked_for(name: object) -> None:
    assert not list(source_of(server_of([name])))


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (httpx.Response(500, text="Doe^Planted"), "status 500"),
        (httpx.Response(302, headers={"Location": "http://elsewhere/"}), "status 302"),
        (httpx.Response(200, text="<html>Doe^Planted"), "as DICOMweb"),
        (httpx.Response(200, json={"a": 1}), "as DICOMweb"),
        (httpx.Response(200, json=[1]), "as DICOMweb"),
    ],
)
def test_a_search_that_fails_says_so_and_nothing_of_the_answer(response: httpx.Response, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        list(source_of(lambda _: response))
    assert "Planted" not in str(caught.value)


def part(content: bytes, boundary: bytes = b"b") -> bytes:
    return b"--" + boundary + b"\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n"


RELATED = 'multipart/related; type="application/dicom"; boundary='


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (RELATED + "b", part(b"one\r\n--two") + b"--b--"),
        (RELATED + '"b"', part(b"one\r\n--two") + part(b"another") + b"--b--\r\n"),
        ("application/dicom", b"one\r\n--two"),
    ],
)
def test_the_file_is_taken_out_of_the_answer(content_type: str, body: bytes) -> None:
    answer = httpx.Response(200, content=body, headers={"Content-Type": content_type})
    [item] = source_of(server_of(["1.2.3"], answer))
    assert item.read() == b"one\r\n--two"


@pytest.mark.parametrize(
    ("status", "content_type", "body", "message"),
    [
        (404, "text/plain", b"Doe^Planted", "status 404"),
        (200, "text/html", b"Doe^Planted", "DICOM file"),
        (200, RELATED + "b", b"Doe^Planted", "multipart"),
        (200, RELATED + "b", part(b"cut short"), "no whole multipart"),
        (200, "multipart/related", part(b"x"), "DICOM file"),
        (200, "", b"", "DICOM file"),
    ],
)
def test_an_instance_that_cannot_be_fetched_says_so(status: int, content_type: str, body: bytes, message: str) -> None:
    answer = httpx.Response(status, content=body, headers={"Content-Type": content_type})
    [item] = source_of(server_of(["1.2.3"], answer))
    with pytest.raises(ItemError, match=message) as caught:
        item.read()
    assert "Planted" not in str(caught.value)


def test_a_server_that_is_not_there_is_named() -> None:
    with (
        dicomweb_client("http://127.0.0.1:9/dicom-web") as session,
        pytest.raises(ConfigurationError, match=r"http://127\.0\.0\.1:9/dicom-web.* cannot be asked"),
    ):
        list(DicomWebSource(session, MOST))


@pytest.mark.parametrize("url", ["server", "ftp://server/", "http://", "", "http://[::1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="no address"):
        dicomweb_client(url)


@pytest.mark.parametrize("options", [{"study": "a"}, {"study": "1.2", "series": "/"}, {"series": "1.2"}])
def test_uids_that_are_none_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="UID"):
        source_of(server_of([]), **options)


def test_a_token_is_sent_as_bearer() -> None:
    seen = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("authorization"))
        return httpx.Response(204)

    with httpx.Client(
        base_url="http://server", auth=BearerAuth("token"), transport=httpx.MockTransport(handle)
    ) as session:
        assert not list(DicomWebSource(session, MOST, ("DX",)))
    assert seen == ["Bearer token"]


def test_the_storage_is_in_the_tests_folder(tmp_path: Path) -> None:
    if MISSING:
        pytest.skip(MISSING)
    with orthanc(tmp_path / "one") as address:
        assert httpx.get(f"{address}/dicom-web/studies").json() == []
        assert (tmp_path / "one" / "storage").is_dir()
