"""Signs manifests, with a private key that only who releases models has."""

from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import ConfigurationError
from app.serving.artifact import MANIFEST_FILE
from app.serving.signing import NEEDS_EXTRA, SIGNATURE_FILE

# An optional extra, which only those need who sign.
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def read_signing_key(path: Path) -> "Ed25519PrivateKey":
    """Read an Ed25519 private key, as PEM or as OpenSSH writes it, without a passphrase.

    Raises:
        ConfigurationError: it cannot be read, is no such key, or the extra `signing` is not installed.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key
    except ImportError as error:
        raise ConfigurationError(NEEDS_EXTRA) from error
    try:
        content = path.read_bytes()
        load = load_ssh_private_key if b"OPENSSH" in content else load_pem_private_key
        key = load(content, None)
    except OSError as error:
        raise ConfigurationError(f"the signing key {path} cannot be read: {error.strerror}") from error
    except TypeError:
        raise ConfigurationError(f"the signing key {path} has a passphrase: sign with one that has none") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigurationError(f"the signing key {path} is neither PEM nor OpenSSH's, or has a passphrase") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(f"the signing key {path} is not an Ed25519 key")
    return key


def sign_manifest(folder: Path, key: "Ed25519PrivateKey") -> None:
    """Write the signature of a folder's manifest beside it."""
    (folder / SIGNATURE_FILE).write_bytes(key.sign((folder / MANIFEST_FILE).read_bytes()))
