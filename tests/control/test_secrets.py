"""No secret leaves ``hil serve``: not by any route, not by the events, not in its output."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from tests.platform.bench import BODY, SECRET, read_answer, request
from tests.ready import facts_of

CONTROL_TOKEN = "Control-Token.Of-The-Bench~1"
ACTUATOR_TOKEN = "Actuator-Token.Of-The-Bench~2"
HOOK_SECRET = "HookSecret0fTheBench#34567890123"
HOOK_HEADER = "hook-api-key-4-of-the-bench"
NEW_SECRET = "NewSecretOfTracker1abcdefghijkl5"
LATE_SECRET = "SecretOfTheLateDeviceabcdefghij6"
EVERY = (SECRET, CONTROL_TOKEN, ACTUATOR_TOKEN, HOOK_SECRET, HOOK_HEADER, NEW_SECRET, LATE_SECRET)

DEVICES = f"""\
devices:
  tracker-1: {{imei: "356726104408422", secret: {SECRET}}}
destinations:
  hook:
    url: https://hook.example/in
    connect: 127.0.0.1:9
    secret: {HOOK_SECRET}
    headers: {{X-Api-Key: {HOOK_HEADER}}}
"""


class Bench:
    """A running ``hil serve`` and everything it ever answered."""

    def __init__(self, bound: dict[str, str]) -> None:
        self.bound = bound
        self.answers: list[tuple[str, str]] = []

    def ask(self, path: str, order: object = None, method: str | None = None) -> str:
        asked = urllib.request.Request(
            f"http://{self.bound['control']}{path}",
            None if order is None else json.dumps(order).encode(),
            {"Authorization": f"Bearer {CONTROL_TOKEN}", "Content-Type": "application/json"},
            method=method,
        )
        if path.startswith("/actuator"):
            asked.add_header("Authorization", f"Bearer {ACTUATOR_TOKEN}")
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                text = f"{answer.headers}{answer.read().decode()}"
        except urllib.error.HTTPError as error:
            with error:
                text = f"{error.headers}{error.read().decode()}"
        self.answers.append((f"{method or 'GET'} {path}", text))
        return text

    def uplink(self, raw: bytes) -> None:
        host, port = self.bound["http"].split(":")
        with socket.create_connection((host, int(port)), timeout=60) as sock:
            sock.sendall(raw)
            self.answers.append(("uplink", read_answer(sock).decode("latin-1")))

    def every_route(self) -> None:
        """Every question of the API about everything there is."""
        document = json.loads(self.ask("/openapi.json").partition("\n\n")[2])
        for path, methods in document["paths"].items():
            if "get" in methods and path != "/api/events":  # which does not end
                for number in ("1", "2", "3") if "{" in path else ("",):
                    self.ask(re.sub(r"\{\w+\}", number, path))
        for path in ("/", "/docs"):
            self.ask(path)


def test_no_secret_is_shown_whatever_is_asked(tmp_path: Path) -> None:
    """Devices send secrets of all kinds, orders name them, and every route is asked afterwards."""
    (tmp_path / "devices.yaml").write_text(DEVICES)
    ready = tmp_path / "ready.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "serve", "--devices", str(tmp_path / "devices.yaml"),
         "--control", "127.0.0.1:0", "--control-token-env", "HIL_CONTROL",
         "--actuator-token-env", "HIL_ACTUATOR", "--ready", str(ready), "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "HIL_CONTROL": CONTROL_TOKEN, "HIL_ACTUATOR": ACTUATOR_TOKEN},
    )  # fmt: skip
    try:
        bench = Bench(facts_of(process, ready))
        bench.uplink(request())
        bench.uplink(request(token="0" * 64))
        late = {"name": "late", "imei": "490154203237518", "secret": LATE_SECRET}
        bench.ask("/api/devices", late, "POST")
        bench.ask("/api/devices/tracker-1/secret", {"secret": NEW_SECRET}, "PUT")
        for secret in EVERY:
            bench.uplink(request(BODY.replace(b"temperature", secret.encode())))
            bench.uplink(request(extra=b"X-Debug: " + secret.encode()))
            bench.uplink(request(line=f"POST /{secret} HTTP/1.1".encode()))
            bench.ask("/api/downlinks", {"device": secret, "records": [{"n": "a", "v": 1}]}, "POST")
            record = {"n": "note", "vs": secret}
            bench.ask("/api/downlinks", {"device": "tracker-1", "records": [record]}, "POST")
            bench.ask("/actuator/downlinks", [{"bn": secret, "n": "a", "v": 1}], "POST")
            bench.ask(f"/api/uplinks?device={secret}")
            bench.ask("/api/devices", {"name": "other", "imei": "1", "secret": secret}, "POST")
        bench.every_route()
    finally:
        process.terminate()
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert len(bench.answers) > 70
    shown = [
        (where, secret)
        for where, text in [*bench.answers, ("output", out)]
        for secret in EVERY
        if secret in text
    ]
    assert shown == []
    assert "‹secret of tracker-1›" in out
