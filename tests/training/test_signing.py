"""The key that signs a release, and the release that it signs."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from app.cli import main
from app.errors import ConfigurationError
from app.serving.artifact import open_artifact
from app.serving.signing import read_verifier
from helpers.drawn_data import write_news
from training.signing import read_signing_key

KEY = Ed25519PrivateKey.generate()
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
OPENSSH = KEY.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
LOCKED = BestAvailableEncryption(b"secret")
BAD = {
    "a text": (b"a private key", "is neither PEM nor OpenSSH's"),
    "a passphrase": (KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, LOCKED), "has a passphrase"),
    "another algorithm": (
        generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "is not an Ed25519 key",
    ),
}


@pytest.mark.parametrize("content", [PEM, OPENSSH], ids=["PEM", "OpenSSH"])
def test_a_key_is_read_from_either_format(tmp_path, content):
    path = tmp_path / "key"
    path.write_bytes(content)
    KEY.public_key().verify(read_signing_key(path).sign(b"manifest"), b"manifest")


@pytest.mark.parametrize(("content", "reason"), BAD.values(), ids=BAD)
def test_a_file_that_holds_no_usable_key_is_refused(tmp_path, content, reason):
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=reason):
        read_signing_key(path)


def test_a_missing_key_is_told_before_anything_is_trained(tmp_path, capsys):
    words = ["train", "topic", "--data", str(tmp_path / "none"), "--out", str(tmp_path / "models")]
    assert main([*words, "--run", str(tmp_path / "run"), "--sign", str(tmp_path / "gone")]) == 2
    assert "cannot be read: No such file" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_only_a_release_is_signed(tmp_path, capsys):
    assert main(["train", "topic", "--run", str(tmp_path / "run"), "--sign", str(tmp_path / "key")]) == 2
    assert "it needs --export or --out" in capsys.readouterr().err


def test_a_release_is_signed_by_the_key_that_was_given(tmp_path):
    key, public_key = tmp_path / "key.pem", tmp_path / "key.pub"
    key.write_bytes(PEM)
    public_key.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    words = ["train", "topic", "--recipe", "linear", "--data", str(write_news(tmp_path)), "--quiet"]
    words += ["--run", str(tmp_path / "run"), "--validation-fraction", "0.25"]
    assert main([*words, "--out", str(tmp_path / "models"), "--sign", str(key)]) == 0
    artifact = open_artifact(tmp_path / "models" / "topic" / "1", read_verifier(public_key))
    assert str(tmp_path) not in artifact.manifest.command
