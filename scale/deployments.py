"""The Serve application: an ingress, a deployment for each task, and the keeper of versions."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from ray import serve
from ray.serve import Application
from ray.serve.config import AutoscalingConfig
from ray.serve.handle import DeploymentHandle
from ray.serve.schema import LoggingConfig

from app.backend import Backend
from app.main import create_app
from app.settings import Settings
from app.tasks import TASKS
from app.telemetry.logs import set_up_log
from scale.limits import aimed_at, held_by_each, let_in, settings_of_each, workers_of
from scale.options import Options
from scale.remote import remote_backend
from scale.replica import Replica
from scale.versions import Versions

QUIET = LoggingConfig(enable_access_log=False)
"""Requests are logged by the application; its calls to replicas are no news."""

INGRESS = "ingress"
VERSIONS = "versions"


@serve.ingress()
class Ingress:
    """Speaks HTTP: the service's own application, whose models are elsewhere.

    Args:
        settings: the service's.
        held: the most inputs that a replica of each task holds.
        versions: the keeper of versions.
        handles: each task's deployment.
    """

    def __init__(
        self,
        settings: Settings,
        held: Mapping[str, int],
        versions: DeploymentHandle[Any],
        handles: Mapping[str, DeploymentHandle[Any]],
    ) -> None:
        set_up_log(settings.log_level, settings.log_format)
        self._settings = settings
        self._held = held
        self._versions = versions
        self._handles = handles

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Return the application. Ray Serve calls it when the ingress starts."""
        return create_app(self._settings, backend=self._backend)

    @asynccontextmanager
    async def _backend(self, settings: Settings) -> AsyncIterator[Backend]:
        async with remote_backend(self._handles, self._versions, self._held, settings.max_queue) as backend:
            yield backend


def application(options: Options, settings: Settings) -> Application:
    """Return what Ray Serve is to run, nothing started yet."""
    stopping = settings.drain_seconds + settings.shutdown_seconds
    versions = serve.deployment(
        name=VERSIONS,
        num_replicas=1,
        max_ongoing_requests=1_000,
        ray_actor_options={"num_cpus": 0},
        logging_config=QUIET,
    )(Versions).bind(tuple(task.name for task in TASKS), settings.watch_seconds)
    handles: dict[str, Application] = {}
    held: dict[str, int] = {}
    for name in (task.name for task in TASKS):
        replicas = options.of(name)
        workers = workers_of(replicas.cpus, settings)
        held[name] = held_by_each(workers, settings)
        most = options.ingress_replicas * let_in(replicas.max_replicas, held[name], settings.max_queue)
        handles[name] = serve.deployment(
            name=name,
            max_ongoing_requests=held[name],
            max_queued_requests=max(1, settings.max_queue),
            autoscaling_config=AutoscalingConfig(
                min_replicas=replicas.min_replicas,
                max_replicas=replicas.max_replicas,
                target_ongoing_requests=aimed_at(workers),
                upscale_delay_s=options.upscale_delay_s,
                downscale_delay_s=options.downscale_delay_s,
            ),
            ray_actor_options={"num_cpus": replicas.cpus},
            graceful_shutdown_timeout_s=stopping,
            logging_config=QUIET,
        )(Replica).bind(name, settings_of_each(settings, workers, most), versions)
    ingress: Application = serve.deployment(
        name=INGRESS,
        num_replicas=options.ingress_replicas,
        max_ongoing_requests=settings.max_connections,
        ray_actor_options={"num_cpus": options.ingress_cpus},
        graceful_shutdown_timeout_s=stopping,
        logging_config=QUIET,
    )(Ingress).bind(settings, held, versions, handles)
    return ingress
