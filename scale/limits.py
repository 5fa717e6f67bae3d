"""Ray Serve's limits on requests, from the service's own settings of its queue and batches."""

import math

from app.settings import Settings


def workers_of(cpus: float, settings: Settings) -> int:
    """Return the workers of a replica: as the settings say or, unless they do, one for each of its cores."""
    return settings.workers if "workers" in settings.model_fields_set else max(1, math.ceil(cpus))


def held_by_each(workers: int, settings: Settings) -> int:
    """Return the most requests that a replica holds: those that run, and the next batch.

    The others wait in front of all replicas, so that the first one that is free, or newly started, takes them, and
    that one that dies takes few with it.
    """
    return (workers + 1) * settings.max_batch_size


def let_in(replicas: int, held: int, queued: int) -> int:
    """Return the most inputs of a task that an ingress lets in: what its replicas hold, and what waits before them."""
    return replicas * held + queued


def settings_of_each(settings: Settings, workers: int, most: int) -> Settings:
    """Return the settings of a replica, which has room for the most inputs that the ingresses let in.

    A request holds many inputs, or one; only an ingress knows how many there are in all replicas.
    """
    return settings.model_copy(update={"workers": workers, "max_queue": most})


def aimed_at(workers: int) -> float:
    """Return the requests per replica that scaling aims at: each worker has one, and the next is there already."""
    return 2.0 * workers
