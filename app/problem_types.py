"""The kinds of error a client can get, as data."""

from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True)
class ProblemType:
    """One kind of error. `/problems/<slug>` is its type URI; `example` is a `detail` it may carry.

    `retry_seconds` is when trying again makes sense, if it can.
    """

    slug: str
    status: HTTPStatus
    title: str
    meaning: str
    example: str
    retry_seconds: int | None = None

    @property
    def uri(self) -> str:
        """The `type` member, relative to the service; without a slug, RFC 9457's own for no type."""
        return f"/problems/{self.slug}" if self.slug else "about:blank"


QUEUE_FULL, BODIES_FULL, CONNECTIONS_FULL = "queue-full", "bodies-full", "connections-full"
CLIENT_GONE = "client-gone"
"""What metrics and log call problems that for a client are of one type with others."""

MALFORMED = ProblemType(
    "malformed-request",
    HTTPStatus.BAD_REQUEST,
    "Malformed request",
    "The request is not as documented: its JSON or multipart form, a field or a query parameter.",
    "No file was sent. Send one as `curl -F file=@NAME` does.",
)
EMPTY = ProblemType(
    "empty-input",
    HTTPStatus.BAD_REQUEST,
    "Empty input",
    "The input holds nothing: zero bytes, or a text of white space alone.",
    "The upload is empty. Send a picture as JPEG, PNG, WebP, BMP, TIFF, GIF or DICOM.",
)
UNAUTHENTICATED = ProblemType(
    "unauthenticated",
    HTTPStatus.UNAUTHORIZED,
    "Unauthenticated",
    "The call needs a key that is known here, as `Authorization: Bearer KEY` or `X-API-Key: KEY`.",
    "This call needs a key. Send one as `Authorization: Bearer KEY` or `X-API-Key: KEY`.",
)
FORBIDDEN = ProblemType(
    "forbidden",
    HTTPStatus.FORBIDDEN,
    "Forbidden",
    "The call is an administrator's, and the service has no administrator or the key is not one's.",
    "The key of 'clinic' is not an administrator's.",
)
NOT_FOUND = ProblemType(
    "not-found",
    HTTPStatus.NOT_FOUND,
    "Not found",
    "There is nothing at this address.",
    "There is no task 'horse'. The tasks are topic, digit, catdog, pneumonia.",
)
NO_SUCH_VERSION = ProblemType(
    "no-such-version",
    HTTPStatus.NOT_FOUND,
    "No such version",
    "The version named by `version` is not loaded or, where it was to be loaded, not in the models folder.",
    "Version 1 of the model of 'pneumonia' is not loaded. Loaded: 2.",
)
NOT_EXPLAINED = ProblemType(
    "not-explained",
    HTTPStatus.NOT_FOUND,
    "Not explained",
    "The model that serves this task answers but cannot say what its answers rest on; `/predict` takes the same input.",
    "Version 2 of the model of 'catdog' cannot say what its answers rest on.",
)
METHOD_NOT_ALLOWED = ProblemType(
    "method-not-allowed",
    HTTPStatus.METHOD_NOT_ALLOWED,
    "Method not allowed",
    "The address exists but not for this method; the `Allow` header lists those it takes.",
    "GET is not allowed here.",
)
VERSION_REFUSED = ProblemType(
    "version-refused",
    HTTPStatus.CONFLICT,
    "Version refused",
    "The version that was to serve did not pass its checks. Nothing has changed: what served before serves on.",
    "Version 3 of the model of 'pneumonia' is refused: saved_model.pb: its sha256 is not the one in the manifest. "
    "Version 2 serves on.",
)
PARTLY_DONE = ProblemType(
    "partly-done",
    HTTPStatus.CONFLICT,
    "Partly done",
    "Of several processes some have loaded or unloaded the model as asked; the others could not, and are as they were.",
    "Version 3 of the model of 'pneumonia' serves in 1 of 2 processes only: process 7: saved_model.pb: is missing. "
    "Ask for it again, or for the version before.",
)
REQUEST_TIMEOUT = ProblemType(
    "request-timeout",
    HTTPStatus.REQUEST_TIMEOUT,
    "Request timeout",
    "The request came too slowly: its head or its body was not complete in time. The connection is closed.",
    "Nothing of the body came for 10 seconds. Send it again, without pauses.",
)
TOO_LARGE = ProblemType(
    "content-too-large",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "Content too large",
    "The body has more bytes, or the batch more inputs, than the service takes.",
    "The body is larger than 33,554,432 bytes.",
)
HEAD_TOO_LARGE = ProblemType(
    "head-too-large",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "Head too large",
    "The request's line and headers have more bytes than the service takes. The connection is closed.",
    "The request's line and headers have more than 32,768 bytes. Send fewer.",
)
INVALID_TENSOR = ProblemType(
    "invalid-tensor",
    HTTPStatus.BAD_REQUEST,
    "Invalid tensor",
    "A tensor of an Open Inference Protocol request is not one that the model's metadata states: its name, datatype, "
    "shape or size; or an element of it cannot be read.",
    "Input 'inputs' of 'digit' has the shape [1,27,27,1]; it must have [-1,28,28,1].",
)
UNSUPPORTED_ENCODING = ProblemType(
    "unsupported-encoding",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "Unsupported encoding",
    "The request's `Content-Encoding` is not read here; the answer's `Accept-Encoding` lists those that are.",
    "A body may be compressed with gzip or deflate, not with 'br'.",
)
UNSUPPORTED = ProblemType(
    "unsupported-media",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "Unsupported media",
    "The bytes are not a picture of a format that is read here, or not UTF-8 text; or a DICOM file of colour, of many "
    "frames, without a picture or in a transfer syntax that is not read. The name does not count.",
    "The upload looks like text, not a picture. Send JPEG, PNG, WebP, BMP, TIFF, GIF or DICOM.",
)
BROKEN = ProblemType(
    "broken-input",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "Broken input",
    "The format is right but the content cannot be read: truncated, damaged or of zero size.",
    "The picture is damaged or cut off: image file is truncated. Send it again, whole.",
)
OVERSIZED = ProblemType(
    "oversized-input",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "Oversized input",
    "The content is larger than the limits allow: a picture's pixels or frames, a text's characters.",
    "The picture has 60,000 x 60,000 pixels, more than 50,000,000 in all. Send a smaller one.",
)
RATE_LIMITED = ProblemType(
    "rate-limited",
    HTTPStatus.TOO_MANY_REQUESTS,
    "Rate limited",
    "The key was used more often than it may be. Try again after `Retry-After`.",
    "The key of 'clinic' may make 600 requests a minute. Try again later.",
    retry_seconds=1,
)
UNAVAILABLE = ProblemType(
    "model-unavailable",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "Model unavailable",
    "No model of this task has passed its checks; `/models/<task>` says why for each version.",
    "No model for 'digit' is available: version 1: saved_model.pb: its sha256 is not the one in the manifest",
    retry_seconds=30,
)
FILES_UNAVAILABLE = ProblemType(
    "files-unavailable",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "Files unavailable",
    "The answer needs a file that cannot be read or written now: no file handle is free, there is no room, or a "
    "model's folder is gone. Pages, cards and a model's first explanation need files; predictions do not.",
    "The explanation cannot be prepared: a file of the model cannot be read or has changed, or a temporary one not "
    "written. "
    "The service's log says which. Predictions are answered as before.",
    retry_seconds=30,
)
OVERLOADED = ProblemType(
    "overloaded",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "Overloaded",
    "There are more waiting inputs, bytes of bodies or connections than the service takes; none of this request's "
    "inputs was looked at. Try again after `Retry-After`.",
    "258 inputs are being answered or wait; at most 258 may. Try again later.",
    retry_seconds=1,
)
DEADLINE = ProblemType(
    "deadline-exceeded",
    HTTPStatus.GATEWAY_TIMEOUT,
    "Deadline exceeded",
    "The answer was not there within the service's deadline, or within the request's own, which the header "
    "`X-Deadline-Ms` sets in milliseconds. What still waited of it was dropped.",
    "There was no answer within 30,000 ms. Try again later, or allow more time.",
    retry_seconds=1,
)
NOT_READY = ProblemType(
    "not-ready",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "Not ready",
    "At least one task has no model that can answer, and `tasks` says which and why; the other tasks are served. Or "
    "the service is shutting down: it answers what still comes, and closes each connection with the answer.",
    "No model is available for digit.",
    retry_seconds=30,
)
INTERNAL = ProblemType(
    "internal-error",
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "Internal error",
    "A defect of the service, not of the request. The service's log has the details under the request's id.",
    "The service failed to answer. Its log has the details under this request_id.",
)

PROBLEM_TYPES = (
    MALFORMED,
    EMPTY,
    INVALID_TENSOR,
    UNAUTHENTICATED,
    FORBIDDEN,
    NOT_FOUND,
    NO_SUCH_VERSION,
    NOT_EXPLAINED,
    METHOD_NOT_ALLOWED,
    REQUEST_TIMEOUT,
    VERSION_REFUSED,
    PARTLY_DONE,
    TOO_LARGE,
    HEAD_TOO_LARGE,
    UNSUPPORTED,
    UNSUPPORTED_ENCODING,
    BROKEN,
    OVERSIZED,
    RATE_LIMITED,
    UNAVAILABLE,
    FILES_UNAVAILABLE,
    OVERLOADED,
    DEADLINE,
    NOT_READY,
    INTERNAL,
)
