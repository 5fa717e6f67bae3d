"""Signatures of manifests: Ed25519 (RFC 8032), checked with a public key that a setting names."""

import base64
import binascii
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import ConfigurationError

# An optional extra, which only those need who set a key.
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNATURE_FILE = "manifest.json.sig"
"""Beside the manifest, over its bytes; 64 raw bytes, or those in base64."""

SIGNATURE_BYTES = 64
NEEDS_EXTRA = "signatures need the extra `signing`: pip install 'quartet[signing]'"


class ManifestVerifier:
    """Tells which manifests one key has signed."""

    def __init__(self, public_key: "Ed25519PublicKey") -> None:
        self._public_key = public_key

    def signed(self, manifest: bytes, signature: bytes) -> bool:
        """Whether a signature file's bytes are the key's signature of a manifest's bytes."""
        from cryptography.exceptions import InvalidSignature

        try:
            raw = signature if len(signature) == SIGNATURE_BYTES else base64.b64decode(signature.strip(), validate=True)
            self._public_key.verify(raw, manifest)
        except (InvalidSignature, binascii.Error):
            return False
        return True


def read_verifier(path: Path | None) -> ManifestVerifier | None:
    """Read an Ed25519 public key, as PEM or as OpenSSH writes it; None without a path.

    Raises:
        ConfigurationError: it cannot be read, is no such key, or the extra `signing` is not installed.
    """
    if path is None:
        return None
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key, load_ssh_public_key
    except ImportError as error:
        raise ConfigurationError(NEEDS_EXTRA) from error
    try:
        content = path.read_bytes()
        load = load_pem_public_key if content.startswith(b"-----BEGIN") else load_ssh_public_key
        key = load(content)
    except OSError as error:
        raise ConfigurationError(f"the public key {path} cannot be read: {error.strerror}") from error
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigurationError(f"the public key {path} is neither PEM nor OpenSSH's") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigurationError(f"the public key {path} is not an Ed25519 key")
    return ManifestVerifier(key)
