"""What lies around the application: each request goes through all of it, each answer comes back through it."""

import time
from functools import partial

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from app.access.gate import Gate
from app.access.keys import read_keys
from app.connections.turning_away import EXPOSED_HEADERS
from app.middleware.access import AccessMiddleware
from app.middleware.body_limit import BodyLimitMiddleware
from app.middleware.body_time import BodyTimeMiddleware
from app.middleware.defects import DefectMiddleware
from app.middleware.encoding import ENCODINGS, EncodingMiddleware
from app.middleware.observed import ObservedMiddleware
from app.middleware.paths import is_inference_protocol, path_of
from app.middleware.request_id import RequestIdMiddleware
from app.middleware.security_headers import SecurityHeadersMiddleware
from app.middleware.traced import TracedMiddleware
from app.problem_types import BODIES_FULL, MALFORMED, OVERLOADED, REQUEST_TIMEOUT, TOO_LARGE, UNSUPPORTED_ENCODING
from app.problems import ProblemError, access_response, internal_error_response
from app.routes.v2.framing import JSON_LENGTH_HEADER
from app.settings import Settings
from app.telemetry.facts import Routes
from app.telemetry.service import Telemetry


def surround(app: FastAPI, settings: Settings, telemetry: Telemetry, routes: Routes) -> None:
    """Put around an application what bounds, admits and observes its requests.

    Raises:
        ConfigurationError: the keys file cannot be used.
    """
    # Each of these lies outside those before it.
    _bound_bodies(app, settings)
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
    app.add_middleware(_observed, telemetry=telemetry, routes=routes)


def _bound_bodies(app: FastAPI, settings: Settings) -> None:
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
            BODIES_FULL,
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


def _observed(app: ASGIApp, telemetry: Telemetry, routes: Routes) -> ASGIApp:
    app = ObservedMiddleware(SecurityHeadersMiddleware(app), routes, telemetry.requests)
    return RequestIdMiddleware(app if telemetry.tracing is None else TracedMiddleware(app, telemetry.tracing))
