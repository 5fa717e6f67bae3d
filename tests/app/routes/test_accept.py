import pytest

from app.routes.accept import prefers

JSON, PNG = "application/json", "image/png"


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        "application/*",
        "Application/JSON; charset=utf-8",
        "application/json, */*;q=0.5",
        "image/png;q=0.1, application/json;q=0.2",
        "image/*;q=0, */*",
    ],
)
def test_json_is_preferred(accept: str) -> None:
    assert prefers(JSON, PNG, accept)


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "",
        "image/png",
        "image/avif,image/webp,*/*;q=0.8",
        "application/json, text/plain, */*",
        "application/json;q=0",
        "application/json;q=0.5, image/png",
        "text/html",
        "application/json;q=high",
        ";;,,q=",
        "application/json;q=nan",
    ],
)
def test_json_is_not_preferred(accept: str) -> None:
    assert not prefers(JSON, PNG, accept)
