"""The service as a Ray Serve application: `serve run deploy.ray_serve:app`. See docs/scaling.md."""

import os

from ray.serve import Application

from app.settings import Settings
from scale.options import Options

# Read by Ray's proxies, which are started later where this runs first (`serve run` without a cluster). In a cluster
# it must be set wherever Ray is started.
os.environ.setdefault("RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH", "scale.proxy:middlewares")


def app(options: Options) -> Application:
    """Return the application; `Settings` are read from the environment."""
    from scale.deployments import application

    return application(options, Settings())
