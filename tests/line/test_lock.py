"""The lock of a port: one holder on the machine, whoever it is, and the next one waits."""

from __future__ import annotations

import os
import stat
import tempfile
import threading
from pathlib import Path

import pytest

from harness.errors import RigError
from harness.line import AtChannel, PortBusy, PortLock
from tests.forks import about_to_start
from tests.line.peer import Peer


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A port whose locks lie in a folder of the test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return str(tmp_path / "ttyTEST0")


def test_other_users_can_lock_the_port_later(port: str, tmp_path: Path) -> None:
    """Whatever the umask of the first user is, the lock file serves the next user too."""
    before = os.umask(0o077)
    try:
        PortLock(port).release()
    finally:
        os.umask(before)
    (folder,) = tmp_path.iterdir()
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o666
    assert stat.S_IMODE(folder.stat().st_mode) == 0o1777


def test_a_device_and_its_line_are_locked_apart(port: str) -> None:
    """A bench holds the device while its channel holds the line."""
    device = PortLock(port, use="device")
    line = PortLock(port)
    with pytest.raises(PortBusy, match=str(os.getpid())):
        PortLock(port, use="device")
    device.release()
    line.release()


def test_a_waiter_gets_the_lock_when_the_holder_lets_go(port: str) -> None:
    """Parallel workers wait for each other, up to a limit."""
    holder = PortLock(port, use="device")
    timer = threading.Timer(0.2, holder.release)
    timer.start()
    PortLock(port, use="device", wait_s=20).release()
    timer.join()


def test_a_waiter_gives_up_at_its_limit(port: str) -> None:
    """After the limit the holder is named."""
    holder = PortLock(port)
    with pytest.raises(PortBusy, match=r"process \d+ .* \(waited 0.1 s\)"):
        PortLock(port, wait_s=0.1)
    holder.release()


def test_a_lock_that_another_user_is_just_making_is_waited_for(
    port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between making folder and file and opening them to all, others may not use them."""
    opened, refusals = os.open, [PermissionError(13, "Permission denied")] * 3

    def meanwhile(path: str | Path, *arguments: int) -> int:
        if str(path).endswith(".lock") and refusals:
            raise refusals.pop()
        return opened(path, *arguments)

    monkeypatch.setattr(os, "open", meanwhile)
    PortLock(port).release()
    assert refusals == []


def test_a_lock_that_is_not_for_us_is_a_clear_error(
    port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not waited for longer than a moment; the file is named."""

    def never(path: str | Path, *arguments: int) -> int:
        raise PermissionError(13, "Permission denied")

    PortLock(port).release()
    monkeypatch.setattr(os, "open", never)
    with pytest.raises(RigError, match=r"cannot open the lock file .*\.lock: Permission denied"):
        PortLock(port)


def test_a_child_that_is_about_to_start_holds_no_lock(port: str, tmp_path: Path) -> None:
    """What is let go is free, although another thread is just starting a program."""
    holder = PortLock(port)
    (file,) = tmp_path.rglob("*.lock")
    with about_to_start(file):
        holder.release()
        PortLock(port).release()


def test_a_child_that_is_about_to_start_holds_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same of a serial line, which has a lock of its own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Peer({}) as peer:
        channel = AtChannel(peer.path)
        with about_to_start(Path(peer.path)):
            channel.close()
            AtChannel(peer.path).close()
