"""What goes into the image, without building it: deploy/container/build.sh and check.py do that."""

import importlib
import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from app.main import create_app
from app.settings import Settings
from helpers.deployed import DEPLOY, PROJECT, SETTINGS, document
from helpers.servers import serving

DOCKERFILE = (PROJECT / "Dockerfile").read_text()
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
FINAL_STAGE = DOCKERFILE.rpartition("\nFROM ")[2]
HADOLINT = shutil.which("hadolint", path=Path(sys.executable).parent) or shutil.which("hadolint")


@pytest.fixture(scope="module")
def requirements():
    spec = importlib.util.spec_from_file_location("requirements", DEPLOY / "container" / "requirements.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.requirements


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is not installed")
def test_hadolint_finds_nothing():
    done = subprocess.run([HADOLINT, PROJECT / "Dockerfile"], check=False, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 0)


def test_all_of_the_project_that_it_copies_is_let_in_and_there():
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    assert next(line for line in lines if not line.startswith("#")) == "*"
    roots = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = [words.split()[:-1] for words in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)]
    for source in (source for sources in copied for source in sources):
        assert any(source == root or source.startswith(f"{root}/") for root in roots), source
        assert (PROJECT / source).exists(), source
    assert all((PROJECT / root).exists() for root in roots)


def test_the_image_runs_without_root_by_number_and_gets_signals_itself():
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", FINAL_STAGE, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["/', FINAL_STAGE, re.MULTILINE)
    assert re.search(r'^CMD \["', FINAL_STAGE, re.MULTILINE)


def test_it_names_settings_that_exist_and_the_version_that_this_is():
    assert set(re.findall(r"QUARTET_\w+", FINAL_STAGE)) <= SETTINGS
    assert f"ARG VERSION={PYPROJECT['version']}" in FINAL_STAGE
    (image,) = document(DEPLOY / "kubernetes" / "kustomization.yaml")["images"]
    assert image["newTag"] == PYPROJECT["version"]


def test_tensorflow_can_be_left_out_and_all_else_is_installed(requirements):
    whole = list(requirements(PYPROJECT, ["signing"], []))
    slim = list(requirements(PYPROJECT, ["signing"], ["tensorflow"]))
    assert whole == [*PYPROJECT["dependencies"], *PYPROJECT["optional-dependencies"]["signing"]]
    assert [one for one in whole if one not in slim] == [one for one in whole if one.startswith("tensorflow")] != []


@pytest.mark.parametrize(("extra", "reason"), [("nosuch", "no such extra: nosuch"), ("dev", "without the project")])
def test_an_extra_that_cannot_be_installed_alone_is_refused(requirements, extra, reason):
    with pytest.raises(ValueError, match=reason):
        list(requirements(PYPROJECT, [extra], []))


@pytest.mark.parametrize("left", ["usr/bin/gcc", "usr/bin/cc", "usr/local/bin/pip3.13", "opt/quartet/bin/pip"])
def test_the_check_of_an_image_finds_what_should_not_be_there(left, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(DEPLOY / "container")
    check = importlib.import_module("check")
    image = check.Image(tmp_path, {}, [])
    packages = tmp_path / "opt" / "quartet" / "lib" / "python3.13" / "site-packages"
    for folder in (packages, tmp_path / "srv" / "quartet" / "models"):
        folder.mkdir(parents=True)
    check.check_contents(image)
    (tmp_path / left).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / left).touch()
    with pytest.raises(SystemExit):
        check.check_contents(image)


def health(address: str) -> tuple[int, str]:
    port = address.rpartition(":")[2]
    done = subprocess.run(
        [sys.executable, "-I", DEPLOY / "container" / "healthcheck.py"],
        check=False,
        env={"QUARTET_HOST": "0.0.0.0", "QUARTET_PORT": port},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


def test_the_health_check_tells_ready_from_not_ready_from_gone(tiny_models, tmp_path):
    with serving(create_app(Settings(models_dir=tiny_models))) as address:
        assert health(address)[0] == 0
    status, said = health(address)
    assert status == 1
    assert "no answer" in said
    with serving(create_app(Settings(models_dir=tmp_path))) as address:
        status, said = health(address)
    assert status == 1
    assert "No model is available" in said
