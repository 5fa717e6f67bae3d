"""`GET /v2` and `/v2/models/<model>`: what the server is, and what a model takes and gives."""

import json
from importlib.metadata import version

from fastapi import APIRouter, Request

from app.backend import Models
from app.openapi import inference_error_responses, ok_response
from app.problem_types import MALFORMED, NO_SUCH_VERSION, NOT_FOUND, UNAVAILABLE
from app.routes.dependencies import RegistryOf, SettingsOf
from app.routes.v2 import documentation
from app.routes.v2.paths import MODEL, PREFIX, TAGS, VERSION, parameters_of, state_named, version_named
from app.routes.v2.signature import TensorSpec, inputs_of, outputs_of
from app.schemas_v2 import (
    ConfigurationParameter,
    ConfiguredInput,
    ConfiguredOutput,
    ModelConfiguration,
    ModelMetadata,
    ModelReady,
    ServerMetadata,
    TensorMetadata,
)
from app.serving.artifact import Artifact
from app.serving.model import LoadedModel

NAME = "quartet"
PLATFORM = "tensorflow_savedmodel"
"""The protocol's `<project>_<format>`: of the model folders, whatever engine runs them."""
EXTENSIONS = ("binary_tensor_data", "classification", "model_configuration", "model_repository")
"""As Triton calls them."""

_TRITON_TYPES = {"BOOL": "TYPE_BOOL", "UINT8": "TYPE_UINT8", "FP32": "TYPE_FP32", "BYTES": "TYPE_STRING"}
ERRORS = (MALFORMED, NOT_FOUND, NO_SUCH_VERSION, UNAVAILABLE)

router = APIRouter(prefix=PREFIX, tags=TAGS)


@router.get("/", include_in_schema=False)
@router.get(
    "",
    summary="What the server is",
    responses=ok_response(documentation.SERVER, "The server.") | inference_error_responses(),
)
async def server_metadata() -> ServerMetadata:
    """Return the server's name and version, and what it has beyond the protocol."""
    return ServerMetadata(name=NAME, version=version("quartet"), extensions=list(EXTENSIONS))


async def model_metadata(request: Request, registry: RegistryOf) -> ModelMetadata:
    """Return the loaded versions of a model, its inputs and its outputs. A request gives exactly one of the inputs."""
    model = _model(request, registry)
    manifest = model.artifact.manifest
    loaded = registry.state(manifest.task).loaded
    return ModelMetadata(
        name=manifest.task,
        versions=[str(number) for number in sorted(loaded)],
        platform=PLATFORM,
        inputs=[_tensor(spec) for spec in inputs_of(manifest.input)],
        outputs=[_tensor(spec) for spec in outputs_of(manifest)],
        parameters=_parameters(model.artifact),
    )


async def model_ready(request: Request, registry: RegistryOf) -> ModelReady:
    """Whether a model answers."""
    return ModelReady(name=_model(request, registry).artifact.manifest.task)


async def model_configuration(request: Request, registry: RegistryOf, settings: SettingsOf) -> ModelConfiguration:
    """Return what clients read of Triton's model configuration. `dims` leave the batch out."""
    model = _model(request, registry)
    manifest = model.artifact.manifest
    inputs = inputs_of(manifest.input)
    return ModelConfiguration.model_validate(
        {
            "name": manifest.task,
            "platform": PLATFORM,
            "max_batch_size": settings.max_batch_items,
            "input": [ConfiguredInput(**_configured(spec), optional=len(inputs) > 1) for spec in inputs],
            "output": [ConfiguredOutput(**_configured(spec)) for spec in outputs_of(manifest)],
            "parameters": {
                name: ConfigurationParameter(string_value=str(value))
                for name, value in _parameters(model.artifact).items()
            },
        }
    )


def _model(request: Request, registry: Models) -> LoadedModel:
    """Return the model that a path names.

    Raises:
        ProblemError: there is none, or the version is no number.
        ModelUnavailableError: none is loaded.
        VersionNotLoadedError: others are loaded.
    """
    return registry.model(state_named(request, registry).task.name, version_named(request))


def _tensor(spec: TensorSpec) -> TensorMetadata:
    return TensorMetadata(name=spec.name, datatype=spec.datatype, shape=list(spec.shape))


def _configured(spec: TensorSpec) -> dict[str, object]:
    return {"name": spec.name, "data_type": _TRITON_TYPES[spec.datatype], "dims": list(spec.dims)}


def _parameters(artifact: Artifact) -> dict[str, str | float]:
    manifest = artifact.manifest
    parameters: dict[str, str | float] = {
        "labels": json.dumps(manifest.labels, ensure_ascii=False),
        "ood_threshold": manifest.ood.threshold,
        "sha256": artifact.sha256,
    }
    if manifest.operating_point is not None:
        parameters |= {"positive": manifest.operating_point.positive, "threshold": manifest.operating_point.threshold}
    return parameters


for _path, _of in ((MODEL, "a model"), (VERSION, "a version of a model")):
    for _suffix, _call, _example, _summary in (
        ("", model_metadata, documentation.MODEL, f"What {_of} takes and gives"),
        ("/ready", model_ready, documentation.READY, f"Does {_of} answer?"),
        ("/config", model_configuration, documentation.CONFIGURATION, f"The configuration of {_of}"),
    ):
        router.add_api_route(
            f"{_path}{_suffix}",
            _call,
            methods=["GET"],
            summary=_summary,
            responses=ok_response(_example, "The answer.") | inference_error_responses(*ERRORS),
            openapi_extra={"parameters": parameters_of(_path)},
        )
