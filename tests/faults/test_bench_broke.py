"""The bench breaks: a rig error that says what to do, exit code 3, never the device's fault."""

from __future__ import annotations

import os
import pty
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing

import pytest

from harness.line.lock import PortLock
from tests.faults.place import Place
from tests.ports import reserved_port

RIG = """\
rig: real
network: {{kind: lab, bind: "{bind}"}}
devices:
  real-1:
    imei: "356726104408679"
    secret: {{env: REAL_SECRET}}
    iccid: "8931041010654370277"
    msisdn: "+3197012345681"
    sim: plus
    modem: {{family: quectel-bg, port: "{port}"}}
"""
SECRET = {"REAL_SECRET": "RealSecret0123456789RealSecret0123"}


@pytest.fixture
def silent_port() -> Iterator[str]:
    """A PTY at whose other end nobody ever reads or answers."""
    ours, theirs = pty.openpty()
    yield os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


@pytest.fixture
def free_address() -> Iterator[str]:
    with reserved_port() as port:
        yield f"127.0.0.1:{port}"


def rig_error(place: Place, *messages: str) -> str:
    """Run one scenario that must end as a rig error with these words, and return the text."""
    place.scenario("power: on\nreport: {}")
    ended = place.run("scenarios", env=SECRET)
    assert ended.code == 3, ended.text
    for message in messages:
        assert message in ended.text, ended.text
    assert "Traceback" not in ended.text
    assert SECRET["REAL_SECRET"] not in ended.text
    return ended.text


def test_a_port_that_does_not_exist(place: Place, free_address: str) -> None:
    """The port is named."""
    place.rig(RIG.format(bind=free_address, port="/dev/ttyNOTHERE7"))
    rig_error(place, "/dev/ttyNOTHERE7")


def test_a_port_in_use(place: Place, free_address: str, silent_port: str) -> None:
    """The message names the process that holds it."""
    lock = PortLock(silent_port)
    try:
        place.rig(RIG.format(bind=free_address, port=silent_port))
        rig_error(place, silent_port, f"process {os.getpid()}")
    finally:
        lock.release()


def test_the_platforms_address_is_taken(place: Place, silent_port: str) -> None:
    """The address is named, and what to do."""
    with closing(socket.create_server(("127.0.0.1", 0))) as sock:
        address = f"127.0.0.1:{sock.getsockname()[1]}"
        place.rig(RIG.format(bind=address, port=silent_port))
        rig_error(place, address, "another program is listening there")


def test_the_platforms_address_is_not_on_this_machine(place: Place, silent_port: str) -> None:
    """The message gives the command that adds it."""
    place.rig(RIG.format(bind="10.151.236.157:80", port=silent_port))
    rig_error(place, "10.151.236.157", "ip addr add")


def test_a_port_that_is_unplugged(place: Place) -> None:
    """A port that goes in the middle of a scenario is the bench's fault."""
    place.scenario("power: on\nline-fault: unplug\nreport: {}")
    ended = place.run("scenarios")
    assert ended.code == 3, ended.text
    assert "is gone" in ended.text


def test_a_silence_in_the_middle_of_a_command(place: Place) -> None:
    """A command without an answer is the bench's fault, and names device and command."""
    place.scenario("power: on\nline-fault: {kind: silence, by: 20s}\nreport: {}")
    ended = place.run("scenarios")
    assert ended.code == 3, ended.text
    assert "tracker-plus: no complete answer to AT+QIOPEN" in ended.text


def test_after_a_rig_error_the_next_scenario_is_fine(place: Place) -> None:
    """Nothing of a broken bench is carried over to the next one."""
    place.scenario("power: on\nline-fault: unplug\nreport: {}", "a")
    place.good("b")
    place.scenario("power: on\nline-fault: unplug\nreport: {}", "c")
    place.good("d")
    ended = place.run("scenarios", "--", "-p", "no:randomly")
    assert ended.code == 3, ended.text
    assert place.summary()["counts"] == {"passed": 2, "rig error": 2}


def test_a_full_disk(place: Place) -> None:
    """Evidence that cannot be kept is a rig error, told together with the lost report."""
    unshare, mount = shutil.which("unshare"), shutil.which("mount")
    reports = place.folder / "reports"
    reports.mkdir()
    script = f'mount -t tmpfs -o size=96k none "{reports}" && exec "$@"'
    through = (str(unshare), "-Urm", "sh", "-c", script, "sh")
    if (
        unshare is None
        or mount is None
        or subprocess.run(
            [*through, "true"], capture_output=True, check=False, timeout=60
        ).returncode
    ):
        pytest.skip("a small file system cannot be mounted here")
    for name in ("a", "b", "c", "d"):
        place.scenario("power: on\n" + "report: {}\n" * 12, name)
    ended = place.run("scenarios", through=through)
    assert ended.code == 3, ended.text
    assert "No space left" in ended.text
    assert "Traceback" not in ended.text
