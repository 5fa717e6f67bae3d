"""The service put together. Run it with `quartet serve`, or `uvicorn app.main:create_app --factory`."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles

from app.access.gate import Gate
from app.access.keys import read_keys
from app.connections.resting import Progress
from app.connections.turning_away import DOOR, EXPOSED_HEADERS, Door
from app.middleware.access import AccessMiddleware
from app.middleware.access_log import AccessLogMiddleware, silence_uvicorn
from app.middleware.body_limit import BodyLimitMiddleware
from app.middleware.body_time import BodyTimeMiddleware
from app.middleware.defects import DefectMiddleware
from app.middleware.encoding import ENCODINGS, EncodingMiddleware
from app.middleware.paths import is_inference_protocol, path_of
from app.middleware.request_id import RequestIdMiddleware
from app.middleware.security_headers import SecurityHeadersMiddleware
from app.openapi import DocumentedAPI
from app.problem_types import MALFORMED, OVERLOADED, REQUEST_TIMEOUT, TOO_LARGE, UNSUPPORTED_ENCODING
from app.problems import ProblemError, access_response, install_problem_handlers, internal_error_response
from app.routes import health, models, pages, reload
from app.routes.explain import explain_router
from app.routes.predict import predict_router
from app.routes.v2 import health as v2_health
from app.routes.v2 import infer, metadata, repository
from app.routes.v2.framing import JSON_LENGTH_HEADER
from app.serving.engines import load_fastest
from app.serving.predictor import Predictor
from app.serving.registry import Registry
from app.serving.reloading import OwnReloads, Reloads, Wish, restore
from app.serving.scheduling.workers import Workers
from app.serving.signing import read_verifier
from app.serving.watching import watching
from app.settings import Settings
from app.tasks import TASKS, Task

QUESTIONS = "\n".join(f"- **{task.title}**: {task.summary}" for task in TASKS)
DESCRIPTION = f"""Models behind one door:

{QUESTIONS}

Every error is `application/problem+json` (RFC 9457), and every response carries an `X-Request-ID`: the
request's own, if it sent one of letters, digits and `._:+/=-`.

Not a medical device: the X-ray model is for study, not for diagnosis."""


def _own(reloads: OwnReloads) -> Reloads:
    return reloads


def create_app(
    settings: Settings | None = None,
    wishes: Sequence[Wish] = (),
    reloads: Callable[[OwnReloads], Reloads] = _own,
) -> FastAPI:
    """Return the service. Its models are loaded when it starts, off the event loop.

    Args:
        settings: read from the environment if left out.
        wishes: versions that serve in place of the newest.
        reloads: makes of what does reloads here what does them in all processes.

    Raises:
        ConfigurationError: a file that a setting names cannot be used.
    """
    settings = settings or Settings()
    registry = registry_of(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        silence_uvicorn()
        app.state.settings = settings
        app.state.stopping = False
        app.state.registry = registry
        app.state.predictor = Predictor(settings.scheduling_policy)
        app.state.loader = Workers(1, "loader")
        app.state.reloads = reloads(OwnReloads(app.state.registry, app.state.loader))
        await app.state.loader.run(app.state.registry.load)
        await app.state.loader.run(partial(restore, app.state.registry, wishes))
        async with watching(app.state.registry, app.state.loader, settings.watch_seconds):
            yield {DOOR: _door_of(app.state.predictor, settings)}
        app.state.loader.close()
        app.state.predictor.close()

    app = DocumentedAPI(
        title="Quartet",
        version=version("quartet"),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        # A redirect would answer a POST to `/predict/digit/` with a page that curl does not follow.
        redirect_slashes=False,
        lifespan=lifespan,
        needs_key=settings.api_keys_file is not None,
    )
    install_problem_handlers(app)
    # Each of these lies outside those before it.
    app.add_middleware(
        BodyTimeMiddleware,
        seconds=settings.upload_seconds,
        idle_seconds=settings.idle_seconds,
        error=partial(
            ProblemError,
            REQUEST_TIMEOUT,
            f"The body took more than {settings.upload_seconds:g} seconds, or nothing of it came for "
            f"{settings.idle_seconds:g}. Send it again, faster.",
        ),
    )
    too_large = partial(ProblemError, TOO_LARGE, f"The body is larger than {settings.max_body_bytes:,} bytes.")
    app.add_middleware(
        BodyLimitMiddleware,
        max_bytes=settings.max_body_bytes,
        max_total_bytes=settings.max_bodies_bytes,
        too_large=too_large,
        no_room=partial(
            ProblemError,
            OVERLOADED,
            f"The bodies of all requests under way have {settings.max_bodies_bytes:,} bytes. Try again later.",
        ),
    )
    app.add_middleware(
        EncodingMiddleware,
        applies=lambda scope: is_inference_protocol(path_of(scope)),
        max_bytes=settings.max_body_bytes,
        unsupported=lambda name: ProblemError(
            UNSUPPORTED_ENCODING, f"A body may be compressed with {' or '.join(ENCODINGS)}, not with {name[:40]!r}."
        ),
        damaged=lambda reason: ProblemError(MALFORMED, f"The body is not what its Content-Encoding says: {reason}."),
        too_large=too_large,
    )
    app.add_middleware(DefectMiddleware, respond=internal_error_response)
    if settings.api_keys_file is not None:
        keyring = read_keys(settings.api_keys_file)
        if settings.admin_key_sha256 is not None:
            keyring = keyring.with_admin(settings.admin_key_sha256)
        gate = Gate(keyring, time.monotonic)
        app.add_middleware(AccessMiddleware, gate=gate, respond=access_response)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=(*EXPOSED_HEADERS, JSON_LENGTH_HEADER),
        )
    app.add_middleware(SecurityHeadersMiddleware)
    app.add_middleware(AccessLogMiddleware)
    app.add_middleware(RequestIdMiddleware)
    # A request is compared with one route after the other: those that should be quick come first.
    for router in (
        predict_router(),
        infer.router,
        explain_router(),
        metadata.router,
        v2_health.router,
        repository.router,
        models.router,
        reload.router,
        health.router,
        pages.router,
    ):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=pages.STATIC))
    return app


def _door_of(predictor: Predictor, settings: Settings) -> Door:
    def progress(task: str) -> Progress:
        return Progress(predictor.answered(task), predictor.inside(task))

    return Door(predictor.check_room, settings.deadline_ms / 1000, progress, settings.cors_origins)


def registry_of(settings: Settings, tasks: Sequence[Task] = TASKS) -> Registry:
    """Return the registry of the models folder, nothing loaded yet.

    Raises:
        ConfigurationError: the public key that signatures are checked against cannot be used.
    """
    load = partial(
        load_fastest,
        policy=settings.engine_policy,
        limits=settings.input_limits,
        verifier=read_verifier(settings.model_public_key),
    )
    return Registry(settings.models_dir, load, tasks, settings.versions_kept)
