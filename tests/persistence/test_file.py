"""Which files are taken, by whom, and what is never in one."""

from __future__ import annotations

import socket
import sqlite3
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.clock import Deadline, VirtualClock
from harness.errors import RigError, UsageError
from harness.evidence import Redactor, Timeline
from harness.network.loop import LoopThread
from harness.network.sockets import HostSockets
from harness.platform.facade import Platform
from harness.platform.faults import Late
from harness.platform.persistence.file import StoreFile
from harness.platform.registry import Registration, Registry
from harness.platform.settings import PlatformSettings
from tests.forks import about_to_start
from tests.persistence.serving import command, serving
from tests.platform.bench import NOW, SECRET, Rig, request
from tests.tls.https import Https, authority

REDACTOR = Redactor([("secret of tracker-1", SECRET)])


@contextmanager
def running(
    file: Path, keep: int = 1_000, settings: PlatformSettings | None = None
) -> Iterator[Rig]:
    """A platform in this process that keeps everything in ``file``."""
    clock = VirtualClock(NOW)
    loop = LoopThread()
    store = StoreFile(file, REDACTOR, keep)
    timeline = Timeline(None, clock, REDACTOR)
    tracker = Registration(
        "tracker-1", imei="356726104408422", secret=SECRET, iccid="8931041010654378930",
        msisdn="+3197012345678", sim="plus",
    )  # fmt: skip
    platform = Platform(
        Registry([tracker]), clock=clock, recorder=timeline, loop=loop, work=clock.work,
        settings=settings, store_file=store,
    )  # fmt: skip
    try:
        yield Rig(platform, clock, timeline, platform.start(HostSockets()))
    finally:
        platform.stop()
        store.close()
        loop.close()


def refused(folder: Path, *more: str) -> tuple[int, str]:
    """Exit code and complaint of a server that does not start."""
    done = subprocess.run(
        command(folder, *more), capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def test_two_servers_do_not_share_a_file(tmp_path: Path) -> None:
    """The second one exits 3 and names the first; once that is gone, the file is free."""
    file = tmp_path / "platform.db"
    with serving(tmp_path) as first:
        code, told = refused(tmp_path, "--store", str(file))
        assert code == 3
        assert f"process id {first.process.pid}" in told
    with serving(tmp_path) as second:
        assert second.api("/api/uplinks") == (200, [])


def test_a_file_that_is_none_of_ours_is_refused(tmp_path: Path) -> None:
    """No SQLite file, and that of another program: exit 2, and the file is as it was."""
    text = tmp_path / "notes.txt"
    text.write_text("this is no database at all, but it is long enough to be looked at\n" * 40)
    code, told = refused(tmp_path, "--store", str(text))
    assert (code, "is no SQLite file" in told) == (2, True)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as made:
        made.execute("CREATE TABLE mine (x)")
    made.close()
    before = other.read_bytes()
    with pytest.raises(UsageError, match="another program"):
        StoreFile(other, REDACTOR)
    assert other.read_bytes() == before


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    """What a newer version wrote is neither read nor written."""
    file = tmp_path / "platform.db"
    StoreFile(file, REDACTOR).close()
    with sqlite3.connect(file) as made:
        made.execute("PRAGMA user_version = 99")
    made.close()
    with pytest.raises(UsageError, match="newer version"):
        StoreFile(file, REDACTOR)


def test_a_damaged_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """Pages overwritten with rubbish: one clear error, no traceback, exit 2."""
    file = tmp_path / "platform.db"
    with running(file) as rig:
        for _ in range(50):
            rig.post(request())
    data = bytearray(file.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    file.write_bytes(data)
    code, told = refused(tmp_path, "--store", str(file))
    assert code == 2
    assert ".recover" in told


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--store-keep", "5"), 2, "add --store"),
        (("--store", "{folder}/platform.db", "--store-keep", "0"), 2, "keep at least 1"),
        (("--store", "{folder}/platform.db", "--clock", "2300-01-01T00:00:00Z"), 2, "than 2262"),
        (("--store", "{folder}/nowhere/platform.db"), 3, "cannot make"),
        (("--store", "{folder}"), 3, "cannot open the store"),
    ],
)
def test_wrong_use(tmp_path: Path, options: tuple[str, ...], code: int, words: str) -> None:
    """One sentence, and the exit code of who has to act."""
    got, told = refused(tmp_path, *(option.format(folder=tmp_path) for option in options))
    assert got == code
    assert words in told


def test_everything_reads_back_as_it_was(tmp_path: Path) -> None:
    """Verdicts, findings, the token's explanation, faults, downlinks and aborted requests."""
    file = tmp_path / "platform.db"
    with running(file) as rig:
        rig.post(request())
        rig.post(request(token="0" * 64))
        rig.post(b"\x00\xff\xfe nonsense\r\n\r\n")
        rig.platform.queue_downlink("tracker-1", [{"n": "led", "vs": "grün"}])
        rig.platform.faults.add(Late(0.001), device="tracker-1")
        rig.post(request(b"[]"))
        rig.post(request())
        with rig.connect() as cut:
            cut.sendall(request()[:40])
        assert rig.platform.wait(lambda: bool(rig.platform.aborted), Deadline.after(60))
        seen = [uplink.as_dict() for uplink in rig.platform.uplinks]
        details = [uplink.token.details for uplink in rig.platform.uplinks]
        sent = [uplink.sent for uplink in rig.platform.uplinks]
        aborted, downlinks = rig.platform.aborted, rig.platform.downlinks()
    with running(file) as rig:
        again = rig.platform.uplinks
        assert [uplink.as_dict() for uplink in again] == seen
        assert [uplink.token.details for uplink in again] == details
        assert [uplink.sent for uplink in again] == sent
        assert all(uplink.answered for uplink in again)
        assert rig.platform.aborted == aborted
        assert rig.platform.downlinks() == downlinks
        rig.post(request())
        assert rig.platform.uplinks[-1].exchange == len(seen) + len(aborted) + 1


def test_what_tls_agreed_on_is_kept(tmp_path: Path) -> None:
    """Over TLS the answer waits for the commit as well, and the session reads back."""
    file = tmp_path / "platform.db"
    with running(file) as rig:
        https = Https(rig, rig.platform.start_https(HostSockets(), authority=authority()))
        assert https.post(request(host=b"prod.dm.kpnthings.com")).startswith(b"HTTP/1.1 202 ")
        (seen,) = rig.platform.uplinks
        assert seen.tls is not None
    with running(file) as rig:
        (kept,) = rig.platform.uplinks
        assert kept.tls == seen.tls
        assert kept.findings == seen.findings


def test_requests_in_a_row_are_answered_in_order(tmp_path: Path) -> None:
    """Sent at once by a peer that then closes its side: all are kept, and answered one by one."""
    with running(tmp_path / "platform.db") as rig, rig.connect() as sock:
        sock.sendall(request() + request(token="0" * 64) + request(b"[]") + request())
        sock.shutdown(socket.SHUT_WR)
        answers = b""
        while more := sock.recv(65536):
            answers += more
        codes = [line.split()[1] for line in answers.splitlines() if line.startswith(b"HTTP/")]
        assert codes == [b"202", b"401", b"400", b"202"]


def test_a_peer_that_leaves_before_its_answer_costs_nothing(tmp_path: Path) -> None:
    """Its uplink was received, so it is kept; the next device is served."""
    file = tmp_path / "platform.db"
    with running(file) as rig:
        for _ in range(20):
            with rig.connect() as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.sendall(request())
        assert rig.post(request()).startswith(b"HTTP/1.1 202 ")
        before = rig.platform
    with running(file) as rig:
        kept = [uplink.exchange for uplink in rig.platform.uplinks]
        assert kept == [uplink.exchange for uplink in before.uplinks]


def test_a_downlink_in_flight_at_the_end_goes_again(tmp_path: Path) -> None:
    """What the file holds while the response is still on its way: an Executing downlink."""
    file, copy = tmp_path / "platform.db", tmp_path / "copy.db"
    with running(file) as rig:
        rig.platform.queue_downlink("tracker-1", [{"n": "led", "vb": True}])
        rig.platform.faults.add(Late(60.0), device="tracker-1")
        with rig.connect() as waiting:
            waiting.sendall(request())
            assert rig.platform.wait(lambda: bool(rig.platform.uplinks), Deadline.after(60))
            # Nothing is being written now: this is what a killed process leaves.
            copy.write_bytes(file.read_bytes())
            Path(f"{copy}-wal").write_bytes(Path(f"{file}-wal").read_bytes())
    with running(copy) as rig:
        (kept,) = rig.platform.downlinks()
        assert (kept.status.value, kept.sent, kept.exchange) == ("Executing", 1, 1)
        assert rig.platform.uplinks[0].downlink == kept.id
        assert b'"led"' in rig.post(request())


def test_no_secret_is_in_the_file(tmp_path: Path) -> None:
    """A secret that an uplink, a downlink or an SMS holds is not written; what cannot be sent again
    for that has failed after a restart."""
    file = tmp_path / "platform.db"
    body = b'[{"bn":"urn:dev:IMEI:356726104408422:"},{"n":"key","vs":"%s"}]' % SECRET.encode()
    with running(file) as rig:
        rig.platform.queue_downlink("tracker-1", [{"n": "key", "vs": SECRET}])
        rig.platform.submit_sms("tracker-1", f"your key is {SECRET}")
        rig.post(request(body, extra=b"X-Key: " + SECRET.encode(), token="0" * 64))
        for name in (file, Path(f"{file}-wal")):
            assert SECRET.encode() not in name.read_bytes()
    assert SECRET.encode() not in file.read_bytes()
    with running(file) as rig:
        (downlink,), (sms,) = rig.platform.downlinks(), rig.platform.sms()
        assert (downlink.status.value, sms.status) == ("Failed", "FAILED")
        assert b"<secret of tracker-1>" in rig.platform.uplinks[0].body


def test_the_file_is_bounded(tmp_path: Path) -> None:
    """Of the uplinks, the newest stay; the oldest go, a thousand at a time."""
    file = tmp_path / "platform.db"
    with running(file, keep=100) as rig, rig.connect() as sock:
        for _ in range(12):
            sock.sendall(request() * 100)
            answers = b""
            while answers.count(b"HTTP/1.1 202") < 100:
                answers += sock.recv(65536)
    with sqlite3.connect(file) as made:
        (oldest, newest, count) = made.execute(
            "SELECT min(exchange), max(exchange), count(*) FROM uplink"
        ).fetchone()
    made.close()
    assert newest == 1_200
    assert oldest > 1
    assert 100 <= count < 1_100
    with running(file, settings=PlatformSettings(keep_uplinks=10)) as rig:
        assert [uplink.exchange for uplink in rig.platform.uplinks] == list(range(1_191, 1_201))


def test_what_no_file_can_hold_is_refused_and_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number beyond SQLite's: 503 and a reason, no answer that never comes."""
    monkeypatch.setattr("harness.clock.virtual.reachable", lambda moment_ns: moment_ns)
    file = tmp_path / "platform.db"
    with running(file) as rig:
        assert rig.post(request()).startswith(b"HTTP/1.1 202 ")
        rig.clock.advance_to(datetime(2400, 1, 1, tzinfo=UTC))
        assert rig.post(request()).startswith(b"HTTP/1.1 503 ")
        (failed,) = rig.timeline.events("store.failed")
        assert failed.data["uplinks"] == 1
    with running(file) as rig:
        assert len(rig.platform.uplinks) == 1


def test_a_closed_store_takes_nothing_more(tmp_path: Path) -> None:
    """Closing twice is nothing; a second store may open the file at once."""
    file = tmp_path / "platform.db"
    store = StoreFile(file, REDACTOR)
    with pytest.raises(RigError, match="in use"):
        StoreFile(file, REDACTOR)
    store.close()
    store.close()
    StoreFile(file, REDACTOR).close()


def test_a_store_that_was_let_go_is_free_while_a_program_is_started(tmp_path: Path) -> None:
    """A child has its parent's descriptors until it is another program."""
    store = StoreFile(tmp_path / "platform.db", REDACTOR)
    with about_to_start(tmp_path / "platform.db.lock"):
        store.close()
        StoreFile(tmp_path / "platform.db", REDACTOR).close()
