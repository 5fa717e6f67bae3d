"""How log lines look: uvicorn's text, or one JSON object each."""

import json
import logging
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal

from app.telemetry.context import LOG_FIELDS

LogFormat = Literal["text", "json"]

TEXT = "%(levelname)s:     %(message)s"


class Structured(ABC):
    """A log message that has fields. As text, it is what `str` makes of it."""

    @abstractmethod
    def fields(self) -> Mapping[str, Any]:
        """Return them, `message` among them."""


class JsonFormatter(logging.Formatter):
    """Makes of a record one line that is a JSON object.

    `time` (RFC 3339, UTC, milliseconds), `level`, `logger`, `pid`, `message`, the fields of the request's context and
    of a `Structured` message, and `exception` with the stack trace. What is None is left out.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        line: dict[str, Any] = {
            "time": rfc3339(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "pid": record.process,
        }
        if isinstance(record.msg, Structured):
            line |= record.msg.fields()
        else:
            line["message"] = record.getMessage()
        line |= LOG_FIELDS.get()
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = record.stack_info
        return json.dumps({name: value for name, value in line.items() if value is not None}, ensure_ascii=False)


def rfc3339(seconds: float) -> str:
    """Return a time, in seconds since 1970, as RFC 3339 has it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def set_up_log(level: str, form: LogFormat) -> None:
    """Write messages of a level (`info`, say) and above to standard error.

    As JSON, Python's warnings and what ends the process are lines of the same form.
    """
    logging.basicConfig(level=level.upper(), format=TEXT)
    if form == "json":
        for handler in logging.getLogger().handlers:
            handler.setFormatter(JsonFormatter())
        logging.captureWarnings(True)
        sys.excepthook = _log_the_end


def announce(message: str, form: LogFormat) -> None:
    """Tell on standard output, in the log's form, what whoever started the service waits for."""
    if form == "json":
        record = logging.LogRecord("quartet", logging.INFO, "", 0, message, None, None)
        message = JsonFormatter().format(record)
    print(message, flush=True)


def _log_the_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        logging.getLogger(__name__).critical("the process ends", exc_info=(kind, error, trace))
