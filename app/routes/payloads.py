"""From a request's body to what the client sent for each input: multipart, raw bytes, JSON or plain text."""

import re
from collections.abc import Sequence
from itertools import islice
from typing import TypeVar
from urllib.parse import unquote_to_bytes

from fastapi import Request
from pydantic import BaseModel, ValidationError

from app.problem_types import MALFORMED, TOO_LARGE, UNSUPPORTED
from app.problems import ProblemError, validation_detail
from app.routes.forms import Form, read_form
from app.schemas import TextBatchRequest, TextRequest
from app.serving.model import Payload
from app.settings import Settings
from app.tasks import Task

MULTIPART = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"

MAX_SPARE_VALUES = 1_000
"""Of a JSON body, beyond its inputs: fields that are not known here, and a batch that is too large by a little."""
# Possessive, and the last quote optional: a string without an end is passed once, not tried again from within.
_STRING_OR_COMMA = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|,', re.DOTALL)
_STEP = 65_536

Body = TypeVar("Body", bound=BaseModel)


async def read_one(request: Request, task: Task, settings: Settings) -> Payload:
    """Return the one input that a request carries.

    A body that is not multipart is taken as the input itself, whatever its type says (`curl --data-binary`
    calls it a form): the bytes are judged when they are read. JSON is recognised by its type or its brace.

    Raises:
        ProblemError: the body is not as documented.
    """
    media_type = _media_type(request)
    if media_type == MULTIPART:
        return _one_of(await read_form(request, settings.max_body_bytes), task)
    body = await request.body()
    if task.kind == "image":
        return body
    if _is_json(media_type, body):
        return _parse(TextRequest, body, 1).text
    if media_type == URLENCODED and body.startswith(b"text="):
        return unquoted(body.removeprefix(b"text=").partition(b"&")[0].replace(b"+", b" "))
    return body


async def read_many(request: Request, task: Task, settings: Settings) -> Sequence[Payload]:
    """Return the inputs of a batch, in order.

    Raises:
        ProblemError: the body is not as documented, or holds no input or too many.
    """
    media_type = _media_type(request)
    payloads: Sequence[Payload]
    if media_type == MULTIPART:
        payloads = (await read_form(request, settings.max_body_bytes)).files
    elif task.kind == "text" and _is_json(media_type, body := await request.body()):
        payloads = _parse(TextBatchRequest, body, settings.max_batch_items).texts
    else:
        json_too = ', or JSON {"texts": [...]}' if task.kind == "text" else ""
        raise ProblemError(UNSUPPORTED, f"Send a batch as multipart/form-data with many `files`{json_too}.")
    if not payloads:
        raise ProblemError(MALFORMED, "No file was sent. Send each as `curl -F files=@NAME` does.")
    if len(payloads) > settings.max_batch_items:
        raise ProblemError(
            TOO_LARGE,
            f"A batch takes at most {settings.max_batch_items} inputs; this one has {len(payloads)}.",
        )
    return payloads


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _is_json(media_type: str, body: bytes) -> bool:
    if media_type == "application/json" or media_type.endswith("+json"):
        return True
    # `curl -d '{"text": ...}'` without a header calls its JSON a form.
    return media_type != "text/plain" and body.lstrip().startswith(b"{")


def _one_of(form: Form, task: Task) -> Payload:
    if len(form.files) == 1:
        return form.files[0]
    if form.files:
        raise ProblemError(
            MALFORMED,
            f"{len(form.files)} files were sent where one is read. /predict/{task.name}/batch takes many.",
        )
    if task.kind == "text" and "text" in form.fields:
        return form.fields["text"]
    if "file" in form.fields:
        raise ProblemError(MALFORMED, "The field `file` is not an upload: curl needs an @, as in `-F file=@NAME`.")
    raise ProblemError(MALFORMED, "No file was sent. Send one as `curl -F file=@NAME` does.")


def unquoted(value: bytes) -> bytes:
    """Undo percent-encoding piece by piece: `unquote_to_bytes` makes an object of every escape."""
    clear = bytearray()
    start = 0
    while start < len(value):
        # An escape is not cut in two.
        cut = value.rfind(b"%", start + _STEP - 2, start + _STEP)
        end = start + _STEP if cut < 0 else cut
        clear += unquote_to_bytes(value[start:end])
        start = end
    return bytes(clear)


def _parse(schema: type[Body], body: bytes, inputs: int) -> Body:
    # Parsed, a value takes up to twenty times its bytes: those beyond any use are counted before.
    commas = (token for token in _STRING_OR_COMMA.finditer(body) if token[0] == b",")
    if next(islice(commas, inputs + MAX_SPARE_VALUES, None), None) is not None:
        raise ProblemError(TOO_LARGE, f"The JSON has more than {inputs + MAX_SPARE_VALUES:,} values.")
    try:
        return schema.model_validate_json(body)
    except ValidationError as error:
        raise ProblemError(
            MALFORMED, validation_detail(error.errors(include_url=False, include_input=False))
        ) from error
