"""The pages, whose assets are all served from here: one to try every task, the documentation, the problem types."""

from pathlib import Path

from fastapi import APIRouter

from app.openapi import error_responses, ok_response
from app.problem_types import MALFORMED, NOT_FOUND, PROBLEM_TYPES
from app.problems import ProblemError
from app.routes.files import StoredFile
from app.schemas import ProblemDescription

STATIC = Path(__file__).resolve().parents[1] / "static"

router = APIRouter()


@router.get("/", include_in_schema=False)
async def home() -> StoredFile:
    """Show a page to try every task."""
    return StoredFile(STATIC / "page" / "index.html")


@router.get("/docs", include_in_schema=False)
async def swagger_ui() -> StoredFile:
    """Show the calls and try them."""
    return StoredFile(STATIC / "docs" / "swagger-ui.html")


@router.get("/redoc", include_in_schema=False)
async def redoc() -> StoredFile:
    """Show the calls on one page to read."""
    return StoredFile(STATIC / "docs" / "redoc.html")


def _describe(slug: str) -> ProblemDescription:
    for type_ in PROBLEM_TYPES:
        if type_.slug == slug:
            return ProblemDescription(type=type_.uri, title=type_.title, status=type_.status, meaning=type_.meaning)
    raise ProblemError(NOT_FOUND, f"There is no problem type {slug!r}.")


@router.get(
    "/problems/{slug}",
    tags=["problems"],
    summary="What a kind of error means",
    responses=ok_response(_describe(MALFORMED.slug).model_dump(mode="json"), "The kind of error.")
    | error_responses(NOT_FOUND),
)
async def show_problem_type(slug: str) -> ProblemDescription:
    """Explain the `type` of a problem."""
    return _describe(slug)
