"""`/models`: which versions there are, which serves, and what it says of itself."""

from fastapi import APIRouter
from fastapi.responses import Response

from app.examples import task_models_example
from app.openapi import error_responses, file_response, ok_response
from app.problem_types import FILES_UNAVAILABLE, NOT_FOUND, UNAVAILABLE
from app.problems import ProblemError
from app.routes.dependencies import RegistryOf, TaskStateOf
from app.routes.files import StoredFile
from app.routes.states import models_of
from app.schemas import TaskModels
from app.serving.artifact import CARD_FILE
from app.serving.errors import ModelUnavailableError
from app.serving.versions import TaskState

router = APIRouter(prefix="/models", tags=["models"])


@router.get(
    "",
    summary="Every task's models",
    responses=ok_response([task_models_example()], "The tasks.") | error_responses(),
)
async def list_models(registry: RegistryOf) -> list[TaskModels]:
    """Return each task with its versions: what serves, its manifest and metrics; of the others, why not."""
    return [models_of(state) for state in registry.states()]


@router.get(
    "/{task}",
    summary="One task's models",
    responses=ok_response(task_models_example(), "The task.") | error_responses(NOT_FOUND),
)
async def show_model(state: TaskStateOf) -> TaskModels:
    """Return one task with its versions."""
    return models_of(state)


@router.get(
    "/{task}/card",
    summary="The model card",
    response_class=Response,
    responses=ok_response("# Pneumonia in a chest X-ray\n", "The model card, as Markdown.", "text/markdown")
    | error_responses(NOT_FOUND, UNAVAILABLE, FILES_UNAVAILABLE),
)
async def show_card(state: TaskStateOf) -> StoredFile:
    """Return what the model that serves is for, was made from, how good it is and where it fails."""
    return _file_of(state, CARD_FILE, "text/markdown; charset=utf-8")


@router.get(
    "/{task}/plots/{name}",
    summary="A plot of the model card",
    response_class=Response,
    responses=file_response("The plot.", "image/png") | error_responses(NOT_FOUND, UNAVAILABLE, FILES_UNAVAILABLE),
)
async def show_plot(state: TaskStateOf, name: str) -> StoredFile:
    """Return a picture that the model card shows."""
    return _file_of(state, f"plots/{name}", "image/png")


def _file_of(state: TaskState, name: str, media_type: str) -> StoredFile:
    """Return a file of the model that serves; only files whose checksum was verified can be asked for."""
    if state.model is None:
        raise ModelUnavailableError(state.task.name, state.reason or "")
    artifact = state.model.artifact
    # A model serves on though its folder goes away.
    if name not in artifact.manifest.files or not (artifact.folder / name).is_file():
        raise ProblemError(NOT_FOUND, f"The model of {state.task.name!r} has no file {name!r}.")
    return StoredFile(artifact.folder / name, media_type=media_type)
