"""The proxy of docs/security.md, Caddy with the page's own lines, in front of a service, asked over TLS."""

import shutil
import ssl
import subprocess
from pathlib import Path

import httpx
import pytest

from helpers.documents import PROJECT, blocks_of
from helpers.pictures import digit_png
from helpers.service_process import MODELS
from helpers.services import free_port, service, wait_until

CADDY = shutil.which("caddy")
NAME, UPSTREAM = "quartet.example", "127.0.0.1:8000"
# Certificates of its own making, kept in a folder; no port but the one.
OPTIONS = """\
{{
    admin off
    auto_https disable_redirects
    skip_install_trust
    storage file_system {folder}
}}
"""

pytestmark = pytest.mark.skipif(CADDY is None, reason="Caddy is not installed (caddy)")


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return tmp_path_factory.mktemp("proxy") / "service.log"


@pytest.fixture(scope="module")
def proxied(log):
    """A client of the service behind Caddy, which comes from an address of its own."""
    (block,) = (block for block in blocks_of(PROJECT / "docs" / "security.md") if block.kind == "caddy")
    folder, port = log.parent, free_port()
    with service(MODELS, log, max_body_bytes=64 * 2**20) as started:
        site = block.text.replace(NAME, f"localhost:{port}").replace(UPSTREAM, started.address.removeprefix("http://"))
        (folder / "Caddyfile").write_text(OPTIONS.format(folder=folder) + site)
        with subprocess.Popen(
            [CADDY, "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"], stderr=subprocess.DEVNULL
        ) as caddy:
            try:
                authority = folder / "pki" / "authorities" / "local" / "root.crt"
                wait_until(lambda: caddy.poll() is not None or authority.exists(), 30)
                transport = httpx.HTTPTransport(verify=_trusting(authority), local_address="127.0.0.5", retries=5)
                with httpx.Client(base_url=f"https://localhost:{port}", transport=transport, timeout=60) as client:
                    yield client
            finally:
                caddy.kill()


def _trusting(authority: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority))


def test_the_service_answers_through_it_and_browsers_are_told_to_stay_with_tls(proxied):
    answer = proxied.post("/predict/digit", content=digit_png())
    assert answer.status_code == 200, answer.text
    assert answer.json()["task"] == "digit"
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_a_body_over_its_limit_is_refused_though_the_service_would_take_it(proxied):
    over, under = (proxied.post("/predict/digit", content=bytes(mib * 2**20)).status_code for mib in (33, 31))
    # Caddy 2.6 says 502 of a body that it cut off.
    assert over in {413, 502}
    assert under == 415


def test_the_log_has_the_clients_address_and_none_that_a_client_made_up(proxied, log):
    proxied.get("/models/digit", headers={"X-Forwarded-For": "203.0.113.9", "X-Request-ID": "forged"})
    wait_until(lambda: "forged" in log.read_text(), 10)
    (line,) = (line for line in log.read_text().splitlines() if "forged" in line)
    assert "127.0.0.5" in line
    assert "203.0.113.9" not in log.read_text()
