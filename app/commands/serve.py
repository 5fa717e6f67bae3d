"""`quartet serve`: run the service and say where it answers."""

import argparse
import contextlib
import logging
import socket
import sys
import warnings
from pathlib import Path

import uvicorn
from pydantic import ValidationError

from app.main import create_app
from app.settings import Settings

LOG_FORMAT = "%(levelname)s:     %(message)s"


def add_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("serve", help="serve the models over HTTP")
    parser.add_argument("--host", help="address to listen on (QUARTET_HOST, 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on, 0 for any free one (QUARTET_PORT, 8000)")
    parser.add_argument("--models", type=Path, help="models folder (QUARTET_MODELS_DIR)")
    parser.set_defaults(func=serve)


def serve(options: argparse.Namespace) -> int:
    """Serve until a stop signal."""
    given = {"host": options.host, "port": options.port, "models_dir": options.models}
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        print(f"quartet serve: {error}", file=sys.stderr)
        return 2
    # Pillow warns of odd metadata in other words for each upload: they would fill the log and help nobody.
    warnings.filterwarnings("ignore", module="PIL")
    logging.basicConfig(level=settings.log_level.upper(), format=LOG_FORMAT)
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level=settings.log_level,
        server_header=False,
        access_log=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    server = _AnnouncingServer(config)
    # Ctrl-C, after the requests under way have been answered.
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    return 0 if server.started else 1


class _AnnouncingServer(uvicorn.Server):
    """Prints the address of the documentation once requests are answered."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            print(f"Quartet is ready: http://{_address(host)}:{port}/docs", flush=True)


def _address(host: str) -> str:
    """Return how a browser on this machine reaches a host that is listened on."""
    if host in {"127.0.0.1", "::1", "0.0.0.0", "::"}:  # noqa: S104 - compared, not listened on
        return "localhost"
    return f"[{host}]" if ":" in host else host
