"""Files behind addresses, `s3://bucket/xrays/`: through pyarrow's file systems or, for those it has not, fsspec's.

Credentials and end points are found as these find them: in the environment, in `~/.aws`, from the machine's role.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from app.errors import ConfigurationError
from app.scoring.files import read_stream
from app.scoring.items import Item, ItemError

if TYPE_CHECKING:
    from pyarrow.fs import FileInfo, FileSystem

_ADDRESS = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+)://(?P<host>[^/?]*)/*(?P<key>[^?]*)(?P<query>\?.*)?", re.DOTALL
)

FILE_SYSTEMS_KEPT = 16
"""Open file systems; each holds connections. Addresses of one bucket or host share one."""


@dataclass(frozen=True)
class Address:
    """A file or folder elsewhere.

    `root` is `SCHEME://HOST` with the options after `?`, as pyarrow and fsspec take it; `key` what lies under it, as it
    is, nothing encoded. `str` gives what results call it: no password and no option.
    """

    root: str
    key: str

    def __str__(self) -> str:
        start, _, _ = self.root.partition("?")
        scheme, _, host = start.partition("://")
        user, at, bare = host.rpartition("@")
        # `container@account` is a name, `key:secret@bucket` is not.
        return f"{scheme}://{bare if at and ':' in user else host}/{self.key}"


@dataclass(frozen=True)
class RemoteSource:
    """A file, or every file under a folder, sorted by name folder by folder; what is hidden is passed over.

    `include`: patterns of names as shells match them, one of which a folder's files must match; all if there are none.
    """

    address: Address
    max_bytes: int
    include: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Item]:
        """Yield the files.

        Raises:
            ConfigurationError: there is nothing, or it cannot be listed.
        """
        from pyarrow.fs import FileType

        files, path = opened(self.address)
        found = self._asked(lambda: files.get_file_info(path))
        if found.type == FileType.NotFound:
            raise ConfigurationError(f"{self.address}: there is nothing at this address")
        if found.type == FileType.File:
            yield remote_item(self.address, self.max_bytes)
        else:
            for info in self._files(files, path):
                key = self.address.key.rstrip("/") + info.path[len(path) :]
                yield remote_item(Address(self.address.root, key.lstrip("/")), self.max_bytes)

    def count(self) -> None:
        """Nothing: to count is to list once more, for which object stores take time and money."""

    def _files(self, files: "FileSystem", folder: str) -> Iterator["FileInfo"]:
        from pyarrow.fs import FileSelector, FileType

        # One folder's names at a time are in memory.
        entries = self._asked(lambda: files.get_file_info(FileSelector(folder)))
        for info in sorted(entries, key=lambda entry: entry.base_name):
            if info.base_name.startswith("."):
                continue
            if info.type == FileType.Directory:
                yield from self._files(files, info.path)
            elif info.type == FileType.File and self._is_wanted(info.path):
                yield info

    def _is_wanted(self, path: str) -> bool:
        return not self.include or any(PurePosixPath(path).match(pattern) for pattern in self.include)

    def _asked(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except OSError as error:
            raise ConfigurationError(f"{self.address} cannot be listed: {error}") from error


def is_address(name: str) -> bool:
    """Say whether a name is an address rather than a path."""
    return _ADDRESS.fullmatch(name) is not None


def address_of(name: str) -> Address:
    """Return an address as it was written."""
    parts = _ADDRESS.fullmatch(name)
    if parts is None:
        raise ConfigurationError(f"{name} is no address, such as s3://bucket/folder")
    return Address(f"{parts['scheme'].lower()}://{parts['host']}{parts['query'] or ''}", parts["key"])


def remote_item(address: Address, max_bytes: int) -> Item:
    """Return the item of one file."""
    return Item(str(address), partial(read_remote, address, max_bytes))


def read_remote(address: Address, max_bytes: int) -> bytes:
    """Return a remote file's bytes.

    Raises:
        ItemError: such addresses cannot be read here.
        OSError: it cannot be read.
        OversizedInputError: it has more than `max_bytes`.
    """
    try:
        files, path = opened(address)
    except ConfigurationError as error:
        raise ItemError(str(error)) from error
    with files.open_input_stream(path) as stream:
        return read_stream(stream, max_bytes)


def opened(address: Address) -> tuple["FileSystem", str]:
    """Return the file system that an address is of, and its path there.

    Raises:
        ConfigurationError: there is none for its scheme, or it cannot be reached.
        ModuleNotFoundError: pyarrow is not installed.
    """
    files, base = _file_system(address.root)
    return files, f"{base.rstrip('/')}/{address.key}".rstrip("/") or "/"


@lru_cache(maxsize=FILE_SYSTEMS_KEPT)
def _file_system(root: str) -> tuple["FileSystem", str]:
    import pyarrow
    from pyarrow.fs import FileSystem

    start, _, query = root.partition("?")
    scheme = start.partition("://")[0]
    # pyarrow wants the path of `file:` and `hdfs:`, and takes a bucket's without one too.
    try:
        files, base = FileSystem.from_uri(f"{start}/{f'?{query}' if query else ''}")
    except pyarrow.ArrowInvalid:
        return _fsspec_system(scheme, root)
    except OSError as error:
        raise ConfigurationError(f"{scheme}: {error}") from error
    return files, str(base)


def _fsspec_system(scheme: str, root: str) -> tuple["FileSystem", str]:
    from pyarrow.fs import FSSpecHandler, PyFileSystem

    try:
        from fsspec.core import url_to_fs

        system, base = url_to_fs(root)
    except (ImportError, ValueError) as error:
        raise ConfigurationError(f"addresses of {scheme}:// cannot be read here: {error}") from error
    return PyFileSystem(FSSpecHandler(system)), base
