"""`python -m scale.local`: the Serve application in a Ray cluster of its own on this machine, until a stop signal.

As `serve run deploy.ray_serve:app`, without Ray's dashboard, with a number of cores that may be chosen, and joining no
cluster that runs here already.
"""

import argparse
import signal
import sys
import threading

import ray
from ray import serve

from app.cores import available_cores
from app.settings import Settings
from deploy.ray_serve import app
from scale.options import Options

APPLICATION = "quartet"
MIB = 1024 * 1024


def main() -> int:
    """Serve; say so once requests are answered."""
    arguments = _arguments()
    options = Options.model_validate_json(arguments.options)
    settings = Settings()
    stopped = threading.Event()
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: stopped.set())
    ray.init(
        "local",
        num_cpus=arguments.cpus,
        include_dashboard=False,
        log_to_driver=arguments.log,
        _node_ip_address="127.0.0.1",
        _temp_dir=arguments.folder,
        object_store_memory=arguments.object_store_mib * MIB,
    )
    try:
        serve.start(http_options={"host": settings.host, "port": settings.port})
        serve.run(app(options), name=APPLICATION)
        print(f"Quartet is ready: http://localhost:{settings.port}/docs", flush=True)
        stopped.wait()
        # Replicas answer what they have taken.
        serve.delete(APPLICATION)
    finally:
        ray.shutdown()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scale.local", description=__doc__)
    parser.add_argument("--options", default="{}", help="options of the application, as JSON (see scale/options.py)")
    parser.add_argument("--cpus", type=int, default=available_cores(), help="cores that the cluster may give away")
    parser.add_argument("--folder", help="folder of the cluster's files, its path at most some 40 characters long")
    parser.add_argument("--object-store-mib", type=int, default=200, help="shared memory for bodies on their way")
    parser.add_argument("--log", action="store_true", help="show what the cluster's processes say")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
