"""A service with a public key takes the models alone that its owner signed."""

import base64
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.errors import ConfigurationError
from app.main import create_app
from app.serving.artifact import MANIFEST_FILE, Artifact, checksums, open_artifact
from app.serving.errors import ArtifactError
from app.serving.signing import SIGNATURE_FILE, read_verifier
from app.settings import Settings
from helpers.servers import serving
from helpers.tiny_models import write_manifest

KEY = Ed25519PrivateKey.generate()
STRANGER = Ed25519PrivateKey.generate()
WRONG = "manifest.json.sig: is not the manifest's signature by the key that this service trusts"
MISSING = "manifest.json.sig: is missing, and this service takes signed models alone"


@pytest.fixture
def public_key(tmp_path: Path) -> Path:
    path = tmp_path / "release.pub"
    path.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


@pytest.fixture
def folder(models_copy: Path) -> Path:
    return models_copy / "catdog" / "1"


def sign(folder: Path, key: Ed25519PrivateKey = KEY) -> bytes:
    signature = key.sign((folder / MANIFEST_FILE).read_bytes())
    (folder / SIGNATURE_FILE).write_bytes(signature)
    return signature


def opened(folder: Path, public_key: Path) -> Artifact:
    return open_artifact(folder, read_verifier(public_key))


def refusal(folder: Path, public_key: Path) -> str:
    with pytest.raises(ArtifactError) as caught:
        opened(folder, public_key)
    return str(caught.value)


def test_a_signed_folder_is_opened_and_keeps_its_identity(folder: Path, public_key: Path) -> None:
    before = open_artifact(folder)
    sign(folder)
    assert opened(folder, public_key) == before
    assert SIGNATURE_FILE not in checksums(folder)


@pytest.mark.parametrize("ending", [b"", b"\n"])
def test_a_signature_may_be_base64(folder: Path, public_key: Path, ending: bytes) -> None:
    (folder / SIGNATURE_FILE).write_bytes(base64.b64encode(sign(folder)) + ending)
    assert opened(folder, public_key).manifest.task == "catdog"


def test_openssh_writes_the_key_too(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "id_ed25519.pub"
    path.write_bytes(KEY.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b" release@example\n")
    sign(folder)
    assert opened(folder, path).manifest.task == "catdog"


def test_a_folder_without_a_signature_is_refused(folder: Path, public_key: Path) -> None:
    assert refusal(folder, public_key) == MISSING


def test_a_strangers_signature_is_refused(folder: Path, public_key: Path) -> None:
    sign(folder, STRANGER)
    assert refusal(folder, public_key) == WRONG


@pytest.mark.parametrize("content", [b"", b"\0" * 64, b"\0" * 63, b"not base64!", b"AAAA", bytes(100_000)])
def test_what_is_no_signature_is_refused(folder: Path, public_key: Path, content: bytes) -> None:
    (folder / SIGNATURE_FILE).write_bytes(content)
    assert refusal(folder, public_key) == WRONG


def test_the_signature_of_another_models_manifest_is_refused(folder: Path, public_key: Path) -> None:
    signature = sign(folder.parents[1] / "digit" / "1")
    (folder / SIGNATURE_FILE).write_bytes(signature)
    assert refusal(folder, public_key) == WRONG


def test_a_manifest_written_anew_over_a_changed_file_is_refused(folder: Path, public_key: Path) -> None:
    sign(folder)
    (folder / "saved_model.pb").write_bytes(b"planted")
    assert refusal(folder, public_key) == "saved_model.pb: its sha256 is not the one in the manifest"
    write_manifest(folder)
    assert refusal(folder, public_key) == WRONG


def test_an_unsigned_manifest_is_not_even_parsed(folder: Path, public_key: Path) -> None:
    sign(folder)
    (folder / MANIFEST_FILE).write_text("{")
    assert refusal(folder, public_key) == WRONG


def test_without_a_public_key_a_signature_says_nothing(folder: Path) -> None:
    sign(folder, STRANGER)
    assert open_artifact(folder).manifest.task == "catdog"


def test_no_other_file_passes_for_the_signature(folder: Path, public_key: Path) -> None:
    sign(folder)
    (folder / "assets" / SIGNATURE_FILE).write_bytes(b"x")
    assert refusal(folder, public_key) == f"assets/{SIGNATURE_FILE}: is not listed in the manifest"


def test_the_service_serves_the_signed_model_and_says_why_not_the_others(models_copy: Path, public_key: Path) -> None:
    sign(models_copy / "digit" / "1")
    sign(models_copy / "catdog" / "1", STRANGER)
    settings = Settings(models_dir=models_copy, model_public_key=public_key)
    with serving(create_app(settings)) as at:
        tasks = httpx.get(f"{at}/health/ready").json()["tasks"]
    assert tasks["digit"]["state"] == "available"
    assert tasks["catdog"]["reason"] == f"version 1: {WRONG}"
    assert tasks["topic"]["reason"] == f"version 1: {MISSING}"


BAD_KEYS = {
    "nothing": (b"", "is neither PEM nor OpenSSH's"),
    "a text": (b"a public key\n", "is neither PEM nor OpenSSH's"),
    "another algorithm": (
        generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "is not an Ed25519 key",
    ),
    "another algorithm of OpenSSH": (
        generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        "is not an Ed25519 key",
    ),
    "half a key of OpenSSH": (b"ssh-ed25519 AAAA", "is neither PEM nor OpenSSH's"),
}


@pytest.mark.parametrize(("content", "reason"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_a_public_key_that_is_none_keeps_the_service_from_starting(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "release.pub"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=reason):
        create_app(Settings(models_dir=tmp_path, model_public_key=path))


def test_without_the_extra_a_public_key_says_how_to_install_it(public_key: Path) -> None:
    # None is what Python takes for a package that is not installed.
    program = "import sys; sys.modules['cryptography'] = None; from app.cli import main; sys.exit(main(['models']))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"QUARTET_MODEL_PUBLIC_KEY": str(public_key), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "pip install 'quartet[signing]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_service_imports_no_cryptography_without_a_public_key() -> None:
    program = "import sys, app.main; app.main.create_app(); print('cryptography' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
