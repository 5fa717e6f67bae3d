"""Tells browsers to do with an answer what it is for, and nothing else."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.middleware.paths import HOME, PAGE_FILES, REDOC, SWAGGER, path_of

RawHeaders = tuple[tuple[bytes, bytes], ...]

EVERYWHERE: RawHeaders = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Of the OWASP HTTP Headers Cheat Sheet, those that an API needs. HSTS is left to the proxy, which speaks TLS."""

ANSWER: RawHeaders = (
    *EVERYWHERE,
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
"""Of an answer to a call: it loads nothing, and no cache keeps what was said of somebody's picture."""

FRESH = (b"cache-control", b"no-cache")
"""Of a page and its files: a browser asks whether they have changed, so that it never mixes those of two releases."""

HOME_PAGE: RawHeaders = (
    *EVERYWHERE,
    FRESH,
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        b"trusted-types 'none'",
    ),
)
"""Nothing inline, and no string becomes HTML or code (W3C, Trusted Types). A chosen picture is a `blob:`."""

SWAGGER_PAGE: RawHeaders = (
    *EVERYWHERE,
    FRESH,
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
)
"""Swagger UI's icons are `data:` pictures, and the picture that a call answers with is a `blob:`."""

REDOC_PAGE: RawHeaders = (
    *EVERYWHERE,
    FRESH,
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
        b"img-src 'self' data:; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
)
"""Redoc writes its style sheet itself, and searches in a worker that it makes of a `blob:`."""


class SecurityHeadersMiddleware:
    """Adds the headers to every answer. Nothing inside it may set one of them: they would be there twice."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application and add the headers to its response."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        # Before the application is called: a mount inside it makes its own prefix a part of the scope's.
        own_headers = _headers_at(path_of(scope))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                # A new message: the application may keep its own for the next answer.
                message = {**message, "headers": [*message.get("headers", ()), *own_headers]}
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _headers_at(path: str) -> RawHeaders:
    if path == HOME:
        return HOME_PAGE
    if path == SWAGGER or path.startswith(PAGE_FILES):
        return SWAGGER_PAGE
    return REDOC_PAGE if path == REDOC else ANSWER
