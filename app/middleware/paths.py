"""The paths that are treated unlike the calls: pages, and what anyone may read where calls need a key."""

from starlette.types import Scope

HOME = "/"
SWAGGER = "/docs"
REDOC = "/redoc"
PAGE_FILES = "/static/"

OPEN = frozenset({HOME, SWAGGER, REDOC, "/openapi.json"})
OPEN_UNDER = (PAGE_FILES, "/health/", "/v2/health/", "/problems/")


def path_of(scope: Scope) -> str:
    """Return the path as the router sees it: without the prefix that a proxy has taken off the address and tells of."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def is_open(path: str) -> bool:
    """Whether what is there tells nothing of models or data: the pages, the meaning of errors, health."""
    return path in OPEN or path.startswith(OPEN_UNDER)


def is_inference_protocol(path: str) -> bool:
    """Whether a call there is one of the Open Inference Protocol."""
    return path == "/v2" or path.startswith("/v2/")
