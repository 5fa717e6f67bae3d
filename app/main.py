"""The service put together. Run it with `quartet serve`, or `uvicorn app.main:create_app --factory`."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from functools import partial
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.routing import Route

from app.backend import OpenBackend, local_backend, own_reloads
from app.connections.observing import RefusalObserver
from app.connections.turning_away import DOOR, Door
from app.middleware.access_log import silence_uvicorn
from app.middleware.stack import surround
from app.openapi import DocumentedAPI
from app.problems import install_problem_handlers
from app.routes import health, models, pages, reload
from app.routes.explain import explain_router
from app.routes.files import StoredFolder
from app.routes.metrics import metrics_router
from app.routes.predict import predict_router
from app.routes.v2 import health as v2_health
from app.routes.v2 import infer, metadata, repository
from app.serving.engines import load_fastest
from app.serving.observer import UNOBSERVED, Observer
from app.serving.registry import Registry
from app.serving.reloading import OwnReloads, Reloads, Wish
from app.serving.signing import read_verifier
from app.settings import Settings
from app.tasks import TASKS, Task
from app.telemetry.facts import Routes
from app.telemetry.service import Telemetry, telemetry_of, wants_tracing

QUESTIONS = "\n".join(f"- **{task.title}**: {task.summary}" for task in TASKS)
DESCRIPTION = f"""Models behind one door:

{QUESTIONS}

Every error is `application/problem+json` (RFC 9457), and every response carries an `X-Request-ID`: the
request's own, if it sent one of letters, digits and `._:+/=-`.

Not a medical device: the X-ray model is for study, not for diagnosis."""


def create_app(
    settings: Settings | None = None,
    wishes: Sequence[Wish] = (),
    reloads: Callable[[OwnReloads], Reloads] = own_reloads,
    backend: OpenBackend | None = None,
) -> FastAPI:
    """Return the service. What answers is opened when it starts: by default the models are loaded, off the event loop.

    Args:
        settings: read from the environment if left out.
        wishes: versions that serve in place of the newest, or none.
        reloads: makes of what does reloads here what does them in all processes.
        backend: what answers instead of models in this process; `wishes` and `reloads` then say nothing.

    Raises:
        ConfigurationError: a file that a setting names cannot be used.
    """
    settings = settings or Settings()
    telemetry = telemetry_of(
        version("quartet"),
        [task.name for task in TASKS],
        settings.scheduling_policy.capacity,
        metrics=settings.metrics,
        tracing=wants_tracing(settings.tracing),
    )
    registry = registry_of(settings, observer=telemetry.observer)
    opened = backend or partial(local_backend, registry=registry, wishes=wishes, reloads=reloads)
    routers = _routers(telemetry)
    routes = _routes_of(routers)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        silence_uvicorn()
        app.state.settings = settings
        app.state.stopping = False
        with closing(telemetry):
            async with opened(settings) as behind:
                app.state.registry = behind.models
                app.state.predictor = behind.answers
                app.state.reloads = behind.reloads
                observer = RefusalObserver(routes, telemetry.requests, telemetry.tracing)
                seconds = settings.deadline_ms / 1000
                yield {DOOR: Door(behind.answers.check_room, seconds, observer, settings.cors_origins)}

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
        # FastAPI's own spans have paths and queries, which clients choose, and its log records their input.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    install_problem_handlers(app)
    surround(app, settings, telemetry, routes)
    for router in routers:
        app.include_router(router)
    app.mount("/static", StoredFolder(directory=pages.STATIC))
    return app


def _routers(telemetry: Telemetry) -> list[APIRouter]:
    # A request is compared with one route after the other: those that should be quick come first.
    routers = [
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
    ]
    return routers if telemetry.scraped is None else [*routers, metrics_router(telemetry.scraped)]


def _routes_of(routers: Sequence[APIRouter]) -> Routes:
    routes = (route for router in routers for route in router.routes if isinstance(route, Route))
    return Routes([route.path for route in routes], [task.name for task in TASKS])


def registry_of(settings: Settings, tasks: Sequence[Task] = TASKS, observer: Observer = UNOBSERVED) -> Registry:
    """Return the registry of the models folder, nothing loaded yet.

    Raises:
        ConfigurationError: the public key that signatures are checked against cannot be used.
    """
    load = partial(
        load_fastest,
        policy=settings.engine_policy,
        limits=settings.input_limits,
        verifier=read_verifier(settings.model_public_key),
        observer=observer,
    )
    return Registry(settings.models_dir, load, tasks, settings.versions_kept, observer)
