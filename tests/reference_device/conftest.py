"""The reference device as a process, between a scripted modem and a scripted platform."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .scripted_modem import ScriptedModem
from .scripted_platform import Request, ScriptedPlatform

IMEI = "356726104408422"
SECRET = "0123456789ABCDEFGHIJabcdefghij"
APN = "kpnthings2.m2m"
Event = dict[str, Any]


class DeviceProcess:
    """A running reference device: its console, and its certain end."""

    def __init__(self, port: str, *options: str) -> None:
        command = [sys.executable, "-m", "harness.reference_device", "--port", port]
        command += ["--imei", IMEI, "--secret-env", "RD_TEST_SECRET", "--apn", APN]
        self.process = subprocess.Popen(
            [*command, "--retry-base", "0.02", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"RD_TEST_SECRET": SECRET},
            text=True,
        )
        self.events: list[Event] = []
        self.errors = ""
        self._queue: queue.Queue[Event | None] = queue.Queue()
        self._readers = [
            threading.Thread(target=self._read_events),
            threading.Thread(target=self._read_errors),
        ]
        for reader in self._readers:
            reader.start()

    def _read_events(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(json.loads(line))
        self._queue.put(None)

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self.errors = self.process.stderr.read()

    def say(self, line: str) -> None:
        """Type a line on the console."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait(self, name: str, timeout: float = 20.0, **facts: Any) -> Event:
        """The next event of this name with these facts; earlier others are kept in ``events``."""
        while True:
            event = self._queue.get(timeout=timeout)
            assert event is not None, f"the device ended before {name} {facts}: {self.events}"
            self.events.append(event)
            if event["event"] == name and facts.items() <= event.items():
                return event

    def settle(self, platform: ScriptedPlatform) -> list[Request]:
        """All requests so far. What is due goes out before a later report, so a last one shows
        that there was nothing left to send."""
        platform.scripts.clear()
        self.say('report {"records": [{"n": "settled", "v": 1}]}')
        with platform.arrived:
            assert platform.arrived.wait_for(
                lambda: any(b'"settled"' in request.body for request in platform.requests), 15
            )
            return [request for request in platform.requests if b'"settled"' not in request.body]

    def ended(self, timeout: float = 20.0) -> int:
        """Wait for the end; the exit code."""
        return self.process.wait(timeout)

    def close(self) -> None:
        """Reap it, whatever it does."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(60)
        for reader in self._readers:
            reader.join(5)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


@pytest.fixture
def platform() -> Iterator[ScriptedPlatform]:
    """A platform on loopback."""
    platform = ScriptedPlatform()
    yield platform
    platform.close()


@pytest.fixture
def modem(platform: ScriptedPlatform) -> Iterator[ScriptedModem]:
    """A modem on a PTY, with its socket led to the platform."""
    modem = ScriptedModem(platform.port, APN)
    yield modem
    modem.close()


@pytest.fixture
def start(modem: ScriptedModem) -> Iterator[Callable[..., DeviceProcess]]:
    """Start devices with further options; they are reaped in any case."""
    started: list[DeviceProcess] = []

    def start(*options: str) -> DeviceProcess:
        started.append(DeviceProcess(modem.path, *options))
        return started[-1]

    yield start
    for device in started:
        device.close()
