"""The line of a virtual modem: dialogue, faults, power, plugs."""

import fcntl
import os
import termios
import threading
from pathlib import Path

import pytest
import serial

from harness.errors import UsageError
from harness.virtual_modem import FaultKind, LineFault, ModemSettings
from tests.virtual_modem.conftest import Host, Make, registered

TIOCGEXCL = 0x80045440  # asm-generic/ioctls.h; the standard library names only its two sisters


def test_boot_announces_itself(bench: Make) -> None:
    """RDY first, then the SIM, then the stores."""
    text = bench().host.read_until(b"PB DONE\r\n")
    assert text.startswith(b"\r\nRDY\r\n")
    assert b"+CPIN: READY" in text


def test_echo_and_framing_are_exact(bench: Make) -> None:
    """AT<CR> gives AT<CR> and then OK between CR LF."""
    host = bench().host
    host.boot()
    assert host.ask("AT") == b"AT\r\r\nOK\r\n"
    host.ask("ATE0")
    assert host.ask("AT+CPIN?") == b"\r\n+CPIN: READY\r\n\r\nOK\r\n"
    assert host.ask("ATV0", b"0\r") == b"0\r"


def test_an_unknown_command_is_an_error_and_is_listed(bench: Make) -> None:
    """Never silently OK."""
    one = bench()
    one.host.boot()
    assert one.host.ask("ATE0;+FOO=1").endswith(b"\r\nERROR\r\n")
    assert one.host.ask("AT+CMEE=1;+BAR?").endswith(b"+CME ERROR: ")
    assert one.modem.unknown_commands == ("AT+FOO=1", "AT+BAR?")
    assert [e.data["command"] for e in one.timeline.events("modem.unknown")] == [
        "AT+FOO=1", "AT+BAR?",
    ]  # fmt: skip


def test_pyserial_drives_it_as_a_real_port(bench: Make) -> None:
    """A PTY is a serial port to pyserial."""
    one = bench()
    one.host.boot()
    with serial.Serial(one.modem.path, 115200, timeout=60) as port:
        port.write(b"ATI\r\n")
        assert b"BG95-M3" in port.read_until(b"OK\r\n")


def test_clients_come_and_go(bench: Make) -> None:
    """Closing and reopening the port leaves the modem alone."""
    one = bench()
    one.host.boot()
    one.host.ask("ATE0")
    one.host.close()
    for _ in range(3):
        one.host = Host(one.modem.path)
        assert one.host.ask("AT") == b"\r\nOK\r\n"
        if _ < 2:
            one.host.close()


def test_exclusive_use_ends_with_its_client(bench: Make) -> None:
    """A client that claimed the port for itself (TIOCEXCL) does not shut the next one out."""
    made = bench()
    made.host.boot()
    client = os.open(made.modem.path, os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(client, termios.TIOCEXCL)
    os.write(client, b"AT\r")
    made.host.read_until(b"OK\r\n")
    os.close(client)
    state = fcntl.ioctl(made.host.fd, TIOCGEXCL, b"\0\0\0\0")
    assert int.from_bytes(state, "little") == 0


def test_two_modems_do_not_share_anything(bench: Make) -> None:
    """Each has its own line and state."""
    first, second = bench(), bench()
    for one in (first, second):
        one.host.boot()
    first.host.ask("ATE0")
    assert second.host.ask("AT") == b"AT\r\r\nOK\r\n"
    assert first.host.ask("AT") == b"\r\nOK\r\n"


def test_unread_output_does_not_block_the_loop(bench: Make) -> None:
    """A host that never reads costs its own line only."""
    deaf = bench(settings=ModemSettings(output_limit=2048))
    deaf.host.boot()
    for _ in range(60):
        os.write(deaf.host.fd, b"AT+CLAC;+CLAC;+CLAC\r")
    other = bench()
    other.host.boot()
    assert other.host.ask("AT") == b"AT\r\r\nOK\r\n"
    overflow = [e for e in deaf.timeline.events("line.fault") if e.data["fault"] == "overflow"]
    assert overflow


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        (LineFault(FaultKind.DROP, skip=2, count=1), b"\r\nK\r\n"),
        (LineFault(FaultKind.DUPLICATE, skip=2, count=2), b"\r\nOKOK\r\n"),
        (LineFault(FaultKind.GARBAGE, data=b"\xff\x00"), b"\xff\x00\r\nOK\r\n"),
        (LineFault(FaultKind.SPLIT, skip=3), b"\r\nOK\r\n"),
        (LineFault(FaultKind.DELAY), b"\r\nOK\r\n"),
        (LineFault(FaultKind.URC, text="+X: 1"), b"\r\n+X: 1\r\n\r\nOK\r\n"),
    ],
)
def test_faults_strike_once_and_are_recorded(bench: Make, fault: LineFault, answer: bytes) -> None:
    """The answer is changed as asked, the next one is whole again."""
    one = bench()
    one.host.boot()
    one.host.ask("ATE0")
    one.modem.inject(fault)
    assert one.host.ask("AT", b"K\r\n") == answer
    assert one.host.ask("AT") == b"\r\nOK\r\n"
    assert [e.data["fault"] for e in one.timeline.events("line.fault")] == [fault.kind.value]


def test_a_brown_out_in_mid_command_reboots_without_an_answer(bench: Make) -> None:
    """The command line is lost, and RDY comes again."""
    one = bench()
    one.host.boot()
    one.host.ask("ATE0")
    one.modem.inject(LineFault(FaultKind.BROWN_OUT))
    assert one.host.ask("AT+CSQ", b"PB DONE\r\n").startswith(b"\r\nRDY")


def test_silence_swallows_commands_for_its_time(bench: Make) -> None:
    """Neither heard nor answered, and then all is well again."""
    one = bench()
    one.host.boot()
    one.modem.inject(LineFault(FaultKind.SILENCE, seconds=0.05))
    os.write(one.host.fd, b"AT+CSQ\r")
    while not (text := _try(one.host)):
        os.write(one.host.fd, b"AT\r")
    assert b"+CSQ" not in text


def _try(host: Host) -> bytes:
    import select

    return os.read(host.fd, 100) if select.select([host.fd], [], [], 0.02)[0] else b""


def test_power_off_is_announced_and_power_on_boots_again(bench: Make) -> None:
    """AT+QPOWD: OK, POWERED DOWN, silence; then RDY."""
    one = bench()
    one.host.boot()
    off = threading.Event()
    one.modem.on_state(lambda state: off.set() if state.state == "off" else None)
    one.host.ask("AT+QPOWD", b"POWERED DOWN\r\n")
    assert off.wait(60)
    one.modem.power(True)
    one.host.boot()
    registered(one.modem)


def test_unplug_is_seen_by_the_host_and_plug_gives_a_port_again(
    bench: Make, tmp_path: Path
) -> None:
    """HUP on the old port, the same symlink for the new one, removed at the end."""
    link = tmp_path / "modem"
    one = bench(settings=ModemSettings(link=link))
    one.host.boot()
    one.modem.unplug()
    assert not link.is_symlink()
    assert _hung_up(one.host)
    one.host.close()
    one.modem.plug()
    one.host = Host(str(link))
    assert one.host.ask("AT").endswith(b"OK\r\n")
    one.modem.close()
    assert not link.is_symlink()


def _hung_up(host: Host) -> bool:
    try:
        while os.read(host.fd, 4096):
            pass
    except OSError:
        return True
    return True


def test_pacing_keeps_to_the_baud_rate(bench: Make) -> None:
    """With pacing everything still arrives, whole and in order."""
    one = bench(settings=ModemSettings(pace=True, baud=921_600))
    one.host.boot()
    one.host.ask("ATE0")
    text = one.host.ask("AT+CLAC")
    assert text.count(b"AT+") > 50
    assert text.endswith(b"\r\n\r\nOK\r\n")


def test_a_fault_without_meaning_is_refused() -> None:
    """Wrong use is told at once."""
    with pytest.raises(UsageError):
        LineFault(FaultKind.SPLIT, direction="tx")
