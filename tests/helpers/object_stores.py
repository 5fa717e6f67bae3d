"""An object store that speaks S3, on this machine: moto's server."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from pyarrow.fs import S3FileSystem

from helpers.services import wait_until

READY = re.compile(r"Running on (http://127\.0\.0\.1:\d+)")
KEY, SECRET = "key", "secret"


@dataclass(frozen=True)
class ObjectStore:
    """A store that answers at `address`, and takes any key."""

    address: str

    def put(self, bucket: str, files: Mapping[str, bytes]) -> None:
        """Make a bucket, and put files into it."""
        own = {"access_key": KEY, "secret_key": SECRET, "allow_bucket_creation": True, "allow_delayed_open": True}
        store = S3FileSystem(**self._options, **own)
        store.create_dir(bucket)
        for name, content in files.items():
            with store.open_output_stream(f"{bucket}/{name}") as stream:
                stream.write(content)

    def url(self, path: str) -> str:
        """Return the address of BUCKET/KEY as it is read without any variable of the environment."""
        return f"s3://{KEY}:{SECRET}@{path}?{httpx.QueryParams(self._options)}"

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables with which `s3://BUCKET/KEY` is read."""
        return {"AWS_ENDPOINT_URL": self.address, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}

    @property
    def _options(self) -> Mapping[str, str]:
        return {"endpoint_override": self.address.removeprefix("http://"), "scheme": "http", "region": "us-east-1"}


@contextmanager
def object_store(log: Path) -> Iterator[ObjectStore]:
    """Start a store, and stop it in the end.

    Args:
        log: file for what it says.
    """
    words = [sys.executable, "-m", "moto.server", "-p", "0"]
    with log.open("w") as file, subprocess.Popen(words, stdout=file, stderr=file) as server:
        try:
            wait_until(lambda: server.poll() is not None or READY.search(log.read_text()) is not None, 60)
            ready = READY.search(log.read_text())
            assert ready, log.read_text()
            yield ObjectStore(ready[1])
        finally:
            server.kill()
