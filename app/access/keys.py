"""API keys: made at random, kept as hashes in a file, looked up in constant time."""

import hashlib
import hmac
import secrets
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, RootModel, ValidationError

from app.access.caller import Caller
from app.errors import ConfigurationError

PREFIX = "quartet_"
"""Lets scanners for leaked secrets, and people, tell what a key is for."""

KEY_BYTES = 32


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    per_minute: PositiveInt | None = None
    admin: bool = False
    metrics: bool = False


class _KeysFile(RootModel[dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")], _Entry]]):
    """A TOML table for each key, by the name of its holder."""


class Keyring:
    """The keys that are known here, as SHA-256 hashes.

    A fast hash is right for these keys: each is 256 random bits, so that nobody finds one by trying, however fast.
    A password, which people choose and reuse, would need a slow, salted one (NIST SP 800-63B, 3.1.1.2).

    Args:
        entries: each key's SHA-256 (32 bytes) and its holder.
    """

    def __init__(self, entries: Sequence[tuple[bytes, Caller]]) -> None:
        self._entries = tuple(entries)

    def with_admin(self, sha256: str) -> "Keyring":
        """Return these keys and the admin key of that hash, in hexadecimal."""
        return Keyring([*self._entries, (bytes.fromhex(sha256), Caller("admin", admin=True))])

    def find(self, key: bytes) -> Caller | None:
        """Return whose key it is, None if nobody's. The time it takes tells nothing of the keys."""
        digest = hashlib.sha256(key).digest()
        found = None
        for known, caller in self._entries:
            if hmac.compare_digest(known, digest):
                found = caller
        return found


def read_keys(path: Path) -> Keyring:
    """Read a keys file: TOML, `[NAME]` with `sha256` and, if wanted, `per_minute`, `admin`, `metrics`.

    Raises:
        ConfigurationError: it cannot be read, is not as described, holds no key, or one key under two names. The error
            says where, and never what stands there: somebody may have written the key itself.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"the keys file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ConfigurationError(f"the keys file {path} is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"the keys file {path} is not TOML: {error}") from None
    entries = _checked(content, f"the keys file {path}")
    if not entries:
        raise ConfigurationError(f"the keys file {path} holds no key; `quartet key NAME` makes one")
    if len({entry.sha256 for entry in entries.values()}) < len(entries):
        raise ConfigurationError(f"the keys file {path} has one sha256 under two names")
    return Keyring(
        [
            (bytes.fromhex(entry.sha256), Caller(name, entry.per_minute, entry.admin, entry.metrics))
            for name, entry in entries.items()
        ]
    )


def new_key() -> str:
    """Return a new key: 256 random bits behind a prefix."""
    return PREFIX + secrets.token_urlsafe(KEY_BYTES)


def entry_of(key: str, caller: Caller) -> str:
    """Return what stands in a keys file for a key: TOML.

    Raises:
        ConfigurationError: the caller's name or rate cannot stand there.
    """
    sha256 = hashlib.sha256(key.encode()).hexdigest()
    _checked({caller.name: {"sha256": sha256, "per_minute": caller.per_minute}}, "the key")
    lines = [f"[{caller.name}]", f'sha256 = "{sha256}"']
    if caller.per_minute is not None:
        lines.append(f"per_minute = {caller.per_minute}")
    if caller.admin:
        lines.append("admin = true")
    if caller.metrics:
        lines.append("metrics = true")
    return "\n".join(lines) + "\n"


def _checked(content: dict[str, Any], what: str) -> dict[str, _Entry]:
    try:
        return _KeysFile.model_validate(content).root
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{what}: {where}: {first['msg']}") from None
