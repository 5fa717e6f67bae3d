"""`quartet serve`: run the service and say where it answers."""

import argparse
import sys
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from app.processes.listening import documentation_of, listen, port_of, reserve
from app.processes.server import Server
from app.processes.supervisor import Supervisor
from app.settings import Settings


def add_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("serve", help="serve the models over HTTP")
    parser.add_argument("--host", help="address to listen on (QUARTET_HOST, 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on, 0 for any free one (QUARTET_PORT, 8000)")
    parser.add_argument("--models", type=Path, help="models folder (QUARTET_MODELS_DIR)")
    parser.add_argument("--processes", type=int, help="processes that share the port (QUARTET_PROCESSES, 1)")
    parser.set_defaults(func=serve)


def serve(options: argparse.Namespace) -> int:
    """Serve until a stop signal."""
    given = {
        "host": options.host,
        "port": options.port,
        "models_dir": options.models,
        "processes": options.processes,
    }
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
        sockets = (listen if settings.processes == 1 else reserve)(settings.host, settings.port)
    except ValidationError as error:
        print(f"quartet serve: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"quartet serve: cannot listen on {settings.host}, port {settings.port}: {error}", file=sys.stderr)
        return 1
    announce = partial(print, f"Quartet is ready: {documentation_of(sockets)}", flush=True)
    if settings.processes > 1:
        return Supervisor(settings.model_copy(update={"port": port_of(sockets)}), announce).run()
    Server(settings, announce).run(sockets)
    return 0
