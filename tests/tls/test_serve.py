"""``hil serve --https`` as a program."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.platform.bench import SECRET, UUID, read_answer
from tests.platform.test_serve import Served, command
from tests.ready import facts_of
from tests.tls.https import NAME, careless, ip_request

DEVICES = f"devices:\n  probe-1: {{dvnuuid: {UUID}, secret: {SECRET}}}\n"


def served(folder: Path, *more: str) -> Served:
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    process = subprocess.Popen(
        command(folder, "--https", "127.0.0.1:0", "--control", "127.0.0.1:0", "--json",
                "--ready", str(ready), *more, devices=DEVICES),
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return Served(process, facts_of(process, ready))


def stop(serving: Served) -> list[dict[str, Any]]:
    serving.process.terminate()
    out, _ = serving.process.communicate(timeout=60)
    assert serving.process.returncode == 0
    return [json.loads(line) for line in out.splitlines()]


def post(serving: Served, context: ssl.SSLContext) -> bytes:
    host, port = serving.bound["https"].split(":")
    with (
        socket.create_connection((host, int(port)), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname=NAME) as sock,
    ):
        sock.sendall(ip_request(host=NAME))
        return read_answer(sock)


def test_a_kept_authority_is_trusted_after_a_restart(tmp_path: Path) -> None:
    """--ca-out gives a device its trust anchor; with --ca the next start uses the same one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    options = ("--ca", str(tmp_path / "ca-key.pem"), "--ca-out", str(tmp_path / "ca.pem"))
    for start in range(2):
        serving = served(tmp_path, *options)
        if start == 0:
            context.load_verify_locations(tmp_path / "ca.pem")
            assert b"PRIVATE" not in (tmp_path / "ca.pem").read_bytes()
            assert (tmp_path / "ca-key.pem").stat().st_mode & 0o077 == 0
        assert post(serving, context).startswith(b"HTTP/1.1 202 ")
        said = stop(serving)
        assert [line["outcome"] for line in said if line["event"] == "tls.handshake"] == [
            "established"
        ]


def test_the_control_api_presents_a_wrong_certificate(tmp_path: Path) -> None:
    """A device that takes it is listed with the finding; an unknown kind is refused."""
    serving = served(tmp_path)
    assert serving.api("/api/certificate", {"certificate": "expired"})[0] == 200
    assert serving.api("/api/certificate", {"certificate": "strange"})[0] == 422
    assert serving.api("/api/certificate") == (200, {"certificate": "expired"})
    assert post(serving, careless()).startswith(b"HTTP/1.1 202 ")
    _, shown = serving.api("/api/handshakes")
    assert [one["findings"][0]["severity"] for one in shown] == ["error"]
    _, uplinks = serving.api("/api/uplinks")
    assert uplinks[0]["tls"]["version"].startswith("TLSv1.")
    stop(serving)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--ca-out", "x.pem"], "--https"),
        (["--https", "nonsense"], "HOST:PORT"),
        (["--https", ":0", "--ca", "devices.yaml"], "no authority"),
    ],
)
def test_wrong_use_is_one_clear_error(tmp_path: Path, options: list[str], said: str) -> None:
    """Exit code 2 and what to do, without a traceback."""
    done = subprocess.run(
        command(tmp_path, *options, devices=DEVICES),
        capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
