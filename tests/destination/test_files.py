"""``destinations:`` in devices and rig files, ``hil serve`` with them, and the control API."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.clock import Deadline, pause
from harness.errors import FileError
from harness.rig.destinations import load_destinations
from harness.rig.rig import load_rig
from tests.destination.bench import HOST, SECRET, endpoint
from tests.platform.bench import SECRET as DEVICE_SECRET
from tests.platform.bench import request
from tests.platform.test_serve import Served, command
from tests.ready import facts_of
from tests.tls.https import authority

DEVICES = f'devices:\n  tracker-1: {{imei: "356726104408422", secret: {DEVICE_SECRET}}}\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "devices.yaml"
    path.write_text(text)
    return path


def test_a_destination_is_read_whole(tmp_path: Path) -> None:
    """Every key, with the secret and further authorities from files beside it."""
    (tmp_path / "hook.secret").write_text(SECRET + "\n")
    (tmp_path / "ca.pem").write_bytes(authority().pem)
    text = DEVICES + (
        "destinations:\n"
        "  webhook:\n"
        f"    url: https://{HOST}/in?x=1\n"
        "    secret: {file: hook.secret}\n"
        "    method: GET\n"
        "    description: where packs go\n"
        "    headers: {X-Tenant: acme}\n"
        "    expected-code: 202\n"
        "    plug-uuid: fbc063cb-4dd4-41b3-917a-e2d1ea907f75\n"
        "    shape: merged\n"
        "    numbers: exponent\n"
        "    devices: [tracker-1]\n"
        "    connect: 127.0.0.1:8443\n"
        "    ca: ca.pem\n"
    )
    (made,) = load_destinations(written(tmp_path, text))
    assert (made.name, made.secret, made.method, made.expected) == ("webhook", SECRET, "GET", 202)
    assert (made.shape, made.numbers, made.devices) == ("merged", "exponent", {"tracker-1"})
    assert (made.headers, made.address) == ((("X-Tenant", "acme"),), ("127.0.0.1", 8443))
    assert made.anchors == authority().pem
    assert SECRET not in repr(made)


def test_a_file_without_destinations_has_none(tmp_path: Path) -> None:
    """They are optional."""
    assert load_destinations(written(tmp_path, DEVICES)) == []


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("url: http://hook.example/, secret: SECRET", "https://"),
        ("url: https://hook.example:8443/, secret: SECRET", "only 443"),
        ("url: https://hook.example/, secret: too-short", "at least 32"),
        ("url: https://hook.example/, secret: {env: NOT_SET_ANYWHERE}", "NOT_SET_ANYWHERE"),
        ("url: https://hook.example/, secret: SECRET, ca: nowhere.pem", "cannot read"),
        ("url: https://hook.example/, secret: SECRET, ca: devices.yaml", "no PEM"),
        ("url: https://hook.example/, secret: SECRET, method: PUT", "method"),
        ("secret: SECRET", "missing key 'url'"),
    ],
)
def test_mistakes_are_named_with_their_place(tmp_path: Path, entry: str, said: str) -> None:
    """file:line:column and what is wrong, without the secret."""
    entry = entry.replace("SECRET}", "~").replace("secret: SECRET", f'secret: "{SECRET}"')
    path = written(tmp_path, f"{DEVICES}destinations:\n  webhook: {{{entry}}}\n")
    with pytest.raises(FileError, match=said) as caught:
        load_destinations(path)
    assert str(caught.value).startswith(f"{path}:4:")
    assert SECRET not in str(caught.value)


def test_a_rig_may_name_destinations(tmp_path: Path) -> None:
    """Their secrets are on the rig's redaction list."""
    path = tmp_path / "rig.yaml"
    path.write_text(
        f'rig: one\ndevices:\n  tracker-1: {{imei: "356726104408422", secret: {DEVICE_SECRET}}}\n'
        f'destinations:\n  webhook: {{url: "https://{HOST}/", secret: "{SECRET}", '
        "headers: {X-Api-Key: hidden-value-1}}\n"
    )
    rig = load_rig(path)
    assert [destination.name for destination in rig.destinations] == ["webhook"]
    assert rig.redactor()(f"{SECRET} hidden-value-1") == (
        "‹secret of destination webhook› ‹X-Api-Key of destination webhook›"
    )


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Served, list[Any]]]:
    """``hil serve`` that forwards to an endpoint of this process."""
    (tmp_path / "ca.pem").write_bytes(authority().pem)
    with endpoint([500, 200]) as (receiver, (host, port)):
        text = DEVICES + (
            f'destinations:\n  webhook: {{url: "https://{HOST}/in", secret: "{SECRET}", '
            f'connect: "{host}:{port}", ca: ca.pem, headers: {{X-Token: hidden-value-1}}}}\n'
        )
        ready = tmp_path / "ready.json"
        process = subprocess.Popen(
            command(tmp_path, "--control", "127.0.0.1:0", "--clock", "2023-11-14T22:13:20Z",
                    "--ready", str(ready), "--json", devices=text),
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        yield Served(process, facts_of(process, ready)), receiver.received
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=60)


def attempts(served: Served, count: int) -> list[dict[str, Any]]:
    """The deliveries, once the first has had so many attempts."""
    deadline = Deadline.after(60)
    while True:
        deliveries: list[dict[str, Any]] = served.api("/api/deliveries")[1]
        if deliveries and len(deliveries[0]["attempts"]) >= count:
            return deliveries
        assert not deadline.expired, deliveries
        pause(0.02)


def test_serve_forwards_on_its_clock_and_hides_secrets(
    served: tuple[Served, list[Any]],
) -> None:
    """The second attempt is made when the clock is moved; no secret is shown or printed."""
    serving, received = served
    serving.post_uplink(request())
    assert attempts(serving, 1)[0]["status"] == "pending"
    serving.api("/api/clock", {"advance": 15})
    (delivery,) = attempts(serving, 2)
    assert delivery["status"] == "delivered"
    assert [got.verified for got in received] == [True, True]
    shown = json.dumps(serving.api("/api/destinations")[1] + serving.api("/api/deliveries")[1])
    serving.process.terminate()
    printed, _ = serving.process.communicate(timeout=60)
    for text in (shown, printed):
        assert SECRET not in text
        assert "hidden-value-1" not in text
    assert '"event": "destination.attempt"' in printed


def test_destinations_by_the_control_api(served: tuple[Served, list[Any]]) -> None:
    """Added, listed without the secret, refused with every reason, removed."""
    serving, _ = served
    order = {"name": "more", "url": f"https://{HOST}/", "secret": SECRET, "shape": "merged"}
    code, made = serving.api("/api/destinations", order)
    assert code == 201
    assert len(made["plug_uuid"]) == 36
    assert "secret" not in made
    code, why = serving.api("/api/destinations", order | {"name": "bad", "url": "http://x:1/"})
    assert code == 400
    assert "443" in why["error"]
    assert "https://" in why["error"]
    assert serving.api("/api/destinations", order | {"colour": "red"})[0] == 422
    names = [one["name"] for one in serving.api("/api/destinations")[1]]
    assert names == ["webhook", "more"]
