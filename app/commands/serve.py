"""`quartet serve`: run the service and say where it answers."""

import argparse
from functools import partial

from app.commands.parsing import Subparsers, add_models, add_parser, positive_int
from app.commands.using import settings_with
from app.errors import ConfigurationError
from app.exit_status import ExitStatus
from app.processes.listening import documentation_of, listen, port_of, reserve
from app.processes.server import Server
from app.processes.supervisor import Supervisor
from app.telemetry.logs import announce

DESCRIPTION = """\
Serve the models over HTTP until SIGTERM or Ctrl-C; requests under way are then answered. Where it answers goes to
standard output once it does, the log to standard error. Every setting is a variable QUARTET_NAME, of which the most
used are options too.
"""
EXAMPLES = (
    "quartet serve",
    "quartet serve --host 0.0.0.0 --port 8080 --processes 2",
    "QUARTET_LOG_LEVEL=warning quartet serve --models models",
)
STATUSES = {
    ExitStatus.OK: "it was stopped by a signal",
    ExitStatus.FAILED: "no process came to serve; the log says why",
}


def add_command(subparsers: Subparsers) -> None:
    """Add the subcommand."""
    parser = add_parser(
        subparsers,
        "serve",
        summary="serve the models over HTTP",
        description=DESCRIPTION,
        examples=EXAMPLES,
        statuses=STATUSES,
    )
    parser.add_argument("--host", help="address to listen on, 0.0.0.0 for all (default: QUARTET_HOST, or 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port, 0 for any free one (default: QUARTET_PORT, or 8000)")
    parser.add_argument(
        "--processes",
        type=positive_int,
        metavar="N",
        help="processes that share the port (default: QUARTET_PROCESSES, or 1)",
    )
    add_models(parser)
    parser.set_defaults(func=serve)


def serve(options: argparse.Namespace) -> int:
    """Serve until a stop signal."""
    settings = settings_with(
        host=options.host, port=options.port, models_dir=options.models, processes=options.processes
    )
    try:
        sockets = (listen if settings.processes == 1 else reserve)(settings.host, settings.port)
    except OSError as error:
        raise ConfigurationError(f"cannot listen on {settings.host}, port {settings.port}: {error}") from error
    on_ready = partial(announce, f"Quartet is ready: {documentation_of(sockets)}", settings.log_format)
    if settings.processes > 1:
        return Supervisor(settings.model_copy(update={"port": port_of(sockets)}), on_ready).run()
    Server(settings, on_ready).run(sockets)
    return ExitStatus.OK
