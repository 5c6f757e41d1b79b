"""``hil serve`` in a process of its own, and its page in a headless Chromium."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.platform.bench import read_answer, request
from tests.ports import reserved_port
from tests.ready import facts_of

if not shutil.which("chromium"):
    pytest.skip("chromium is not installed", allow_module_level=True)
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

SECRET = "0123456789ABCDEFGHIJabcdefghij"
OTHER = "MeterSevenSecret0123456789ABCDEFGH"
TRACKER, METER = "356726104408422", "490154203237518"
DEVICES = f"""devices:
  tracker-1: {{imei: "{TRACKER}", secret: {SECRET}, iccid: "8931041010654378930",
              msisdn: "+3197012345678", sim: plus}}
  meter-7: {{imei: "{METER}", secret: {OTHER}}}
"""


class Served:
    """A running ``hil serve`` with a frozen clock, at two ports of loopback that are free."""

    def __init__(self, folder: Path, http: int, control: int) -> None:
        self._folder = folder
        self._ready = folder / "ready.json"
        (folder / "devices.yaml").write_text(DEVICES)
        self.bound: dict[str, str] = {}
        self.start(f"127.0.0.1:{http}", f"127.0.0.1:{control}")

    def start(self, http: str, control: str, *more: str) -> None:
        self._ready.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "harness", "serve", "--plain"),
                *("--devices", str(self._folder / "devices.yaml"), "--ready", str(self._ready)),
                *("--http", http, "--control", control, "--clock", "2026-03-01T12:00:00Z"),
                *more,
            ],
            stdout=subprocess.DEVNULL,
        )
        self.bound = facts_of(self.process, self._ready)

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=60)

    def restart(self, *more: str) -> None:
        """Another process at the same addresses."""
        self.stop()
        self.start(self.bound["http"], self.bound["control"], *more)

    @property
    def url(self) -> str:
        return f"http://{self.bound['control']}/"

    def connect(self) -> socket.socket:
        host, _, port = self.bound["http"].partition(":")
        return socket.create_connection((host, int(port)), timeout=60)

    def post(self, raw: bytes) -> bytes:
        with self.connect() as sock:
            sock.sendall(raw)
            return read_answer(sock)

    def uplink(self, records: str, *, imei: str = TRACKER, secret: str = SECRET,
               token: str | None = None) -> bytes:  # fmt: skip
        """Send an uplink with these further records; the answer comes back."""
        body = f'[{{"bn":"urn:dev:IMEI:{imei}:"}},{records}]'.encode()
        right = hashlib.sha256(body + secret.encode()).hexdigest()
        return self.post(request(body, token=token or right))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with reserved_port() as http, reserved_port() as control:  # also while it is started anew
        made = Served(tmp_path, http, control)
        yield made
        if made.process.poll() is None:
            made.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for the tests of a module. Not for longer: as long as it is there, an event loop
    runs in this thread, and other tests could not start theirs."""
    with playwright.sync_playwright() as started:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = started.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        yield chromium
        chromium.close()


Opened = Callable[..., Any]


@pytest.fixture
def opened(browser: Any, served: Served) -> Iterator[Opened]:
    """Open the page: ``opened(width=400)``. What goes wrong in it fails the test."""
    contexts, wrong = [], []

    def open_page(
        path: str = "", *, width: int = 1280, expect_refusals: bool = False, **options: Any
    ) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 860},
            permissions=["clipboard-read", "clipboard-write"],
            **options,
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        if not expect_refusals:  # the browser itself writes of every 4xx
            page.on("console", lambda said: _complaint(said, wrong))
        page.on("request", lambda asked: _own(asked.url, served.url, wrong))
        page.goto(served.url + path)
        page.get_by_text("live", exact=True).wait_for(state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def _complaint(said: Any, wrong: list[str]) -> None:
    if said.type == "error":
        wrong.append(said.text)


def _own(url: str, own: str, wrong: list[str]) -> None:
    if not url.startswith(own):
        wrong.append(f"the page asked for {url}")
