"""Who may change what the service does: the holder of the admin key, of which the settings have only the hash."""

import hashlib
import hmac
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from app.access.caller import caller_of
from app.problem_types import FORBIDDEN, UNAUTHENTICATED
from app.problems import ProblemError
from app.routes.dependencies import SettingsOf

_bearer = HTTPBearer(auto_error=False, scheme_name="Bearer", description="`Authorization: Bearer KEY`")
_header = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="X-API-Key", description="`X-API-Key: KEY`")


async def require_admin(
    request: Request,
    settings: SettingsOf,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    key: Annotated[str | None, Depends(_header)],
) -> None:
    """Let a request pass that carries the admin key or, where there is a keys file, an admin's key of that.

    Raises:
        ProblemError: it carries none or another one, or the service has none.
    """
    caller = caller_of(request.scope)
    if caller is not None:
        if caller.admin:
            return
        raise ProblemError(FORBIDDEN, f"The key of {caller.name!r} is not an admin's: admin calls need one that is.")
    if settings.admin_key_sha256 is None:
        detail = "Admin calls are answered only where QUARTET_ADMIN_KEY_SHA256 is set to the sha256 of the admin key."
        raise ProblemError(FORBIDDEN, detail)
    given = bearer.credentials if bearer else key
    if given is None:
        detail = "This call needs the admin key, as `Authorization: Bearer KEY` or `X-API-Key: KEY`."
        raise ProblemError(UNAUTHENTICATED, detail)
    # Starlette decodes headers as latin-1: this gives the bytes as they were sent.
    if not hmac.compare_digest(hashlib.sha256(given.encode("latin-1")).hexdigest(), settings.admin_key_sha256):
        raise ProblemError(UNAUTHENTICATED, "The key is not the admin key.")
