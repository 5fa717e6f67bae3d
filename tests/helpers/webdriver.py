"""Debian's Firefox and WebKitGTK, driven by the commands of W3C WebDriver.

Firefox takes them as Marionette, its own protocol of the same commands, since Debian has no geckodriver; WebKitGTK over
HTTP, by WebKitWebDriver. Both start with an empty profile and reach no host but this one.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from helpers.services import wait_until

PATIENCE_S = 60
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The key of an element's reference, by WebDriver 2, 12.2."""

Point = tuple[float, float]

# Whatever a page complains of from now on, and the breaches of its policy from before.
WATCH = """
window.complaints = [];
const note = (...parts) => window.complaints.push(parts.map(String).join(" "));
addEventListener("error", (event) => note("error", event.message ?? event.target?.src), true);
addEventListener("unhandledrejection", (event) => note("rejection", event.reason));
for (const level of ["error", "warn"]) console[level] = note;
addEventListener("securitypolicyviolation", (event) => note("policy", event.violatedDirective));
if ("ReportingObserver" in window) {
  const types = ["csp-violation"];
  new ReportingObserver((reports) => reports.forEach((one) => note("policy", one.body.effectiveDirective)),
    { types, buffered: true }).observe();
}
"""

FIREFOX_PREFERENCES = {
    "marionette.port": 0,
    # Nothing of its own leaves this machine; addresses of the loopback go by no proxy.
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
}

FIREFOX_COMPLAINTS = """
const [address] = arguments;
const errors = Services.console.getMessageArray()
  .filter((one) => one instanceof Ci.nsIScriptError && one.sourceName.startsWith(address))
  .map((one) => one.errorMessage);
const storage = Cc["@mozilla.org/consoleAPI-storage;1"].getService(Ci.nsIConsoleAPIStorage);
const said = storage.getEvents()
  .filter((one) => ["error", "warn"].includes(one.level) && one.filename.startsWith(address))
  .map((one) => one.arguments.map(String).join(" "));
Services.console.reset();
storage.clearEvents();
return [...errors, ...said];
"""


PATHS = {
    "Navigate": "url",
    "ExecuteScript": "execute/sync",
    "FindElement": "element",
    "ElementClick": "element/{id}/click",
    "ElementSendKeys": "element/{id}/value",
    "PerformActions": "actions",
}


class Remote(ABC):
    """A browser with one window."""

    def __init__(self) -> None:
        self.address = ""

    @abstractmethod
    def call(self, command: str, **parameters: Any) -> Any:
        """Give a command by its name in WebDriver, and return what it answers."""

    def open(self, address: str) -> None:
        # Of two addresses that differ in their hash only, the second one loads nothing.
        self.call("Navigate", url="about:blank")
        self.address = address
        self.call("Navigate", url=address)
        # WebKitGTK has it done before the page is.
        self.wait_for("return location.href !== 'about:blank' && document.readyState === 'complete'")
        self.run(WATCH)

    def run(self, script: str, *arguments: object) -> Any:
        return self.call("ExecuteScript", script=script, args=list(arguments))

    def find(self, css: str) -> str:
        found = self.call("FindElement", using="css selector", value=css)
        return str(found[ELEMENT])

    def click(self, css: str) -> None:
        self.call("ElementClick", id=self.find(css))

    def type(self, css: str, text: str) -> None:
        """Type into a field; into one for files, the paths of files, one a line."""
        self.call("ElementSendKeys", id=self.find(css), text=text)

    def draw(self, css: str, stroke: Sequence[Point]) -> None:
        """Draw with the mouse; points are from 0 to 1, from an element's left and its top."""
        script = """
        const [css] = arguments;
        const element = document.querySelector(css);
        element.scrollIntoView({ block: "center" });
        const { left, top, width, height } = element.getBoundingClientRect();
        return [left, top, width, height];
        """
        left, top, width, height = self.run(script, css)
        moves = [
            {
                "type": "pointerMove",
                "duration": 50,
                "origin": "viewport",
                "x": round(left + x * width),
                "y": round(top + y * height),
            }
            for x, y in stroke
        ]
        down, up = ({"type": f"pointer{way}", "button": 0} for way in ("Down", "Up"))
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}}
        self.call("PerformActions", actions=[{**mouse, "actions": [moves[0], down, *moves[1:], up]}])

    def wait_for(self, script: str, *arguments: object) -> Any:
        """Return what a script returns once that is true."""
        until = time.monotonic() + PATIENCE_S
        while not (value := self.run(script, *arguments)):
            assert time.monotonic() < until, self.run("return document.body.innerText")
            time.sleep(0.05)
        return value

    def complaints(self) -> list[str]:
        """Return what the page has complained of since it was opened."""
        return [str(one) for one in self.run("return window.complaints")]


class Firefox(Remote):
    """Firefox at the other end of a connection to its Marionette server."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._stream = connection.makefile("rwb")
        self._number = 0
        self._read()
        self.call("NewSession", capabilities={"alwaysMatch": {"timeouts": {"pageLoad": 1000 * PATIENCE_S}}})

    def call(self, command: str, **parameters: Any) -> Any:
        return self._call(f"WebDriver:{command}", parameters)

    def complaints(self) -> list[str]:
        """Return what its console has of the page too, from the first moment on."""
        self._call("Marionette:SetContext", {"value": "chrome"})
        said: list[str] = self.run(FIREFOX_COMPLAINTS, self.address.partition("#")[0])
        self._call("Marionette:SetContext", {"value": "content"})
        return super().complaints() + said

    def _call(self, command: str, parameters: dict[str, Any]) -> Any:
        self._number += 1
        message = json.dumps([0, self._number, command, parameters]).encode()
        self._stream.write(b"%d:%s" % (len(message), message))
        self._stream.flush()
        _, _, error, result = self._read()
        assert error is None, error
        return result["value"] if set(result) == {"value"} else result

    def _read(self) -> Any:
        length = b""
        while (byte := self._stream.read(1)) != b":":
            assert byte, "Firefox has hung up"
            length += byte
        return json.loads(self._stream.read(int(length)))


class WebKit(Remote):
    """WebKitGTK's MiniBrowser at the other end of WebKitWebDriver."""

    def __init__(self, client: httpx.Client, binary: str) -> None:
        super().__init__()
        self._client = client
        options = {"binary": binary, "args": ["--automation"]}
        asked = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        self._session = f"session/{self._post('session', asked)['sessionId']}"

    def call(self, command: str, **parameters: Any) -> Any:
        return self._post(f"{self._session}/{PATHS[command].format_map(parameters)}", parameters)

    def close(self) -> None:
        self._client.delete(self._session)

    def _post(self, path: str, parameters: dict[str, Any]) -> Any:
        answer = self._client.post(path, json=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]


@contextmanager
def firefox(folder: Path) -> Iterator[Remote]:
    """Give Firefox, with its profile in an empty folder; skips the test where it is not installed."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip("Firefox is not installed (Debian: apt-get install firefox-esr)")
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in FIREFOX_PREFERENCES.items()]
    (folder / "user.js").write_text("".join(lines))
    # Its console can be read by a system's script only.
    options = ("--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", str(folder))
    with running([program, *options], HOME=str(folder)):
        port = wait_for_port(folder / "MarionetteActivePort")
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
            yield Firefox(connection)


@contextmanager
def webkit(folder: Path) -> Iterator[Remote]:
    """Give WebKitGTK on a screen of its own; skips the test where it is not installed."""
    programs = [shutil.which("WebKitWebDriver"), shutil.which("Xvfb")]
    browsers = sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
    if None in programs or not browsers:
        pytest.skip("WebKitGTK is not installed (Debian: apt-get install webkit2gtk-driver xvfb)")
    driver, server = map(str, programs)
    with screen(server) as display, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        with (
            running([driver, f"--port={port}"], DISPLAY=display, HOME=str(folder), NO_AT_BRIDGE="1"),
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client,
        ):
            wait_until(lambda: answers(client), PATIENCE_S)
            browser = WebKit(client, str(browsers[-1]))
            yield browser
            browser.close()


@contextmanager
def screen(server: str) -> Iterator[str]:
    """Give the name of a display that nobody sees."""
    said, told = os.pipe()
    command = [server, "-displayfd", str(told), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    with os.fdopen(said) as number, running(command, pass_fds=(told,)):
        os.close(told)
        yield f":{number.readline().strip()}"


@contextmanager
def running(command: list[str], pass_fds: tuple[int, ...] = (), **environment: str) -> Iterator[None]:
    """Run a program, and what it starts, until the end of the block."""
    with subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=pass_fds,
        start_new_session=True,
    ) as process:
        try:
            yield
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait_for_port(file: Path) -> int:
    wait_until(lambda: file.exists() and file.read_text() != "", PATIENCE_S)
    return int(file.read_text())


def answers(client: httpx.Client) -> bool:
    with suppress(httpx.TransportError):
        return client.get("status").is_success
    return False
