"""What a PTY lacks, and the modem makes up for: lines, rates, flow control, sleep."""

from __future__ import annotations

import os
import select
import termios
import threading

import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st

from harness.clock import Deadline, pause
from harness.errors import UsageError
from harness.virtual_modem import LineState, ModemSettings
from harness.virtual_modem.brake import Brake
from harness.virtual_modem.listening import XOFF, XON, FlowStop, Haste, RateSearch
from harness.virtual_modem.serial_rate import carried, set_rate
from tests.virtual_modem.conftest import Bench, Make, registered


def _missed(one: Bench) -> list[tuple[str, int]]:
    return [(e.data["fault"], e.data["dropped"]) for e in one.timeline.events("line.fault")]


# lines --------------------------------------------------------------------------------------------


def test_nobody_looks_at_the_lines_unless_told(bench: Make) -> None:
    """No pulse of RI, nothing on the timeline; the host counts as asserting its lines."""
    one = bench()
    one.host.boot()
    assert (one.modem.lines.dtr, one.modem.lines.rts) == (True, True)
    assert one.modem.rings == 0
    assert one.timeline.events("modem.lines") == one.timeline.events("modem.ring") == []


def test_ri_pulses_for_codes_and_is_on_the_timeline(bench: Make) -> None:
    """Up and down again, for a code; recorded once with its length."""
    one = bench(settings=ModemSettings(power_on=False, ri_pulse_s=0.01))
    levels: list[bool] = []
    down = threading.Event()

    def heard(state: LineState) -> None:
        if state.ri != (levels[-1:] == [True]):
            levels.append(state.ri)
        if levels[-1:] == [False]:
            down.set()

    one.modem.on_lines(heard)
    one.modem.power(True)
    assert down.wait(60)
    assert levels[:2] == [True, False]
    rung = one.timeline.events("modem.ring")
    assert rung[0].data == {"pulse_s": 0.01, "pulses": 1}
    assert one.modem.rings >= 1


def test_power_off_lets_go_of_all_lines(bench: Make) -> None:
    """Also of RI in the middle of a pulse."""
    one = bench(settings=ModemSettings(power_on=False, ri_pulse_s=60))
    rung = threading.Event()
    one.modem.on_lines(lambda state: rung.set() if state.ri else None)
    one.modem.power(True)
    assert rung.wait(60)
    one.modem.cut_power()
    assert one.modem.lines == LineState(cts=False, dcd=False, ri=False)


@pytest.mark.parametrize(("mode", "given_up"), [("&D0", False), ("&D1", True), ("&D2", True)])
def test_dtr_takes_the_modem_back_to_commands(bench: Make, mode: str, given_up: bool) -> None:
    """With AT&D1 and AT&D2 a prompt is given up; with AT&D0 nothing happens."""
    one = bench()
    one.host.boot()
    one.host.ask(f"ATE0{mode};+CMGF=1")
    one.host.ask('AT+CMGW="5277"', b"> ")
    one.modem.set_dtr(False)
    if given_up:
        assert one.host.read_until(b"OK\r\n", b"ERROR\r\n")
    os.write(one.host.fd, b"hello\x1a")
    if not given_up:
        assert b"+CMGW: " in one.host.read_until(b"OK\r\n")
    assert one.host.ask("\rAT+CMEE?").endswith(b"+CMEE: 0\r\n\r\nOK\r\n")
    assert [e.data["dtr"] for e in one.timeline.events("modem.lines")][-1:] == [False]


def test_dtr_lets_the_modem_sleep_and_wakes_it(bench: Make) -> None:
    """AT+QSCLK=1: while DTR is OFF nothing is heard, codes still come."""
    one = bench()
    registered(one.modem)
    one.host.boot()
    one.host.ask("ATE0;+QSCLK=1;+CREG=1")
    assert one.host.ask("AT") == b"\r\nOK\r\n"
    one.modem.set_dtr(False)
    os.write(one.host.fd, b"AT+CSQ\r")
    one.modem.coverage(False)
    assert one.host.read_until(b"\r\n+CREG: 2\r\n", b"\r\n+CREG: 0\r\n")
    one.modem.set_dtr(True)
    assert one.host.ask("AT+QSCLK=0") == b"\r\nOK\r\n"
    one.modem.set_dtr(False)
    assert one.host.ask("AT") == b"\r\nOK\r\n"
    assert _missed(one) == [("asleep", 7)]


def test_a_modem_that_slept_loses_the_first_bytes(bench: Make) -> None:
    """What wakes it is lost, the rest of that line is no command, and the next is one."""
    one = bench(settings=ModemSettings(sleep_after_s=0.0, wake_bytes=1))
    one.host.boot()
    one.host.ask("ATE0;+QSCLK=2")
    os.write(one.host.fd, b"AT+CSQ\r")
    answer = one.host.ask("xAT+QSCLK=0")
    assert answer == b"\r\nOK\r\n"
    assert one.host.ask("AT") == b"\r\nOK\r\n"
    assert sum(count for _, count in _missed(one)) in (1, 2)  # one chunk or two


def test_power_off_forgets_the_sleep(bench: Make) -> None:
    """After a boot the modem listens."""
    one = bench()
    one.host.boot()
    one.host.ask("AT+QSCLK=1")
    one.modem.set_dtr(False)
    one.modem.cut_power()
    one.modem.power(True)
    one.host.boot()
    assert one.host.ask("AT") == b"AT\r\r\nOK\r\n"


def test_rts_off_holds_what_the_modem_says(bench: Make) -> None:
    """From the start with ``rtscts``, and until RTS is back."""
    one = bench(settings=ModemSettings(rtscts=True))
    one.host.boot()
    assert b"+IFC: 2,2" in one.host.ask("ATE0;+IFC?")
    one.modem.set_rts(False)
    os.write(one.host.fd, b"AT+NO\rAT+NOR\r")
    _unknown(one, 2)
    assert not select.select([one.host.fd], [], [], 0)[0]
    one.modem.set_rts(True)
    assert one.host.read_until(b"ERROR\r\n\r\nERROR\r\n") == b"\r\nERROR\r\n" * 2


def _unknown(one: Bench, count: int) -> None:
    deadline = Deadline.after(60)
    while len(one.modem.unknown_commands) < count:
        assert not deadline.expired
        pause(0.005)


def test_xoff_stops_the_modem_and_xon_lets_it_go_on(bench: Make) -> None:
    """AT+IFC=1,1: both are taken out of what the modem hears."""
    one = bench(family="3gpp")
    registered(one.modem)
    one.host.ask("ATE0;+IFC=1,1")
    os.write(one.host.fd, b"AT+\x13NO\rAT+NOR\r")
    _unknown(one, 2)
    assert not select.select([one.host.fd], [], [], 0)[0]
    os.write(one.host.fd, b"\x11")
    assert one.host.read_until(b"ERROR\r\n\r\nERROR\r\n") == b"\r\nERROR\r\n" * 2
    assert one.modem.unknown_commands == ("AT+NO", "AT+NOR")


def test_without_flow_control_xoff_is_a_byte(bench: Make) -> None:
    """Nothing is held."""
    one = bench(family="3gpp")
    registered(one.modem)
    one.host.ask("ATE0")
    assert one.host.ask("\x13AT") == b"\r\nOK\r\n"


def _flood(one: Bench, flow: str, commands: int, *, kernel_heeds: bool) -> bytes:
    """Send many commands behind one that takes its time; what the modem said to all of them."""
    one.host.ask(f"ATE0;+IFC={flow}")
    modes = termios.tcgetattr(one.host.fd)
    modes[0] |= termios.IXON if kernel_heeds else 0
    termios.tcsetattr(one.host.fd, termios.TCSANOW, modes)
    left, got = b"AT+CBC\r" + b"AT+CMEE?\r" * commands + b"AT+CGSN\r", b""
    os.set_blocking(one.host.fd, False)
    deadline = Deadline.after(100)
    while not got.endswith(b"356726104408422\r\n\r\nOK\r\n"):
        assert not deadline.expired, (len(left), got[-80:])
        readable, writable, _ = select.select([one.host.fd], [one.host.fd] * bool(left), [], 1)
        if writable:
            try:
                left = left[os.write(one.host.fd, left) :]
            except BlockingIOError:  # stopped: the kernel calls it writable all the same
                pause(0.005)
        if readable:
            got += os.read(one.host.fd, 65536)
    return got


BUSY = ModemSettings(response_s={"+CBC": 0.5}, input_limit=4096)


def test_a_host_that_heeds_xoff_loses_nothing(bench: Make) -> None:
    """AT+IFC=0,1: the kernel of the host stops at XOFF, and goes on at XON."""
    one = bench(family="3gpp", settings=BUSY)
    registered(one.modem)
    got = _flood(one, "0,1", 3000, kernel_heeds=True)
    assert got.count(b"+CMEE: 0") == 3000, _missed(one)
    assert _missed(one) == []
    assert XOFF not in got
    assert XON not in got


def test_xoff_and_xon_come_in_turn_and_before_what_waits(bench: Make) -> None:
    """A host that does not heed them sees them; what found no room after all is told."""
    one = bench(family="3gpp", settings=BUSY)
    registered(one.modem)
    got = _flood(one, "0,1", 1000, kernel_heeds=False)
    assert [byte for byte in got if byte in (XON, XOFF)] == [XOFF, XON]
    assert got.index(XOFF) < got.index(b"+CBC")
    assert _missed(one) == []  # what was under way finds room


def test_what_a_host_says_on_after_xoff_is_lost(bench: Make) -> None:
    """Beyond what a line may have under way."""
    one = bench(family="3gpp", settings=ModemSettings(response_s={"+CBC": 60}, input_limit=4096))
    registered(one.modem)
    one.host.ask("ATE0;+IFC=0,1")
    left = b"AT+CBC\r" + b"AT+CMEE?\r" * 4500
    deadline = Deadline.after(60)
    while sum(count for _, count in _missed(one)) < 40_500 - 4096 - 32_768:
        assert not deadline.expired, _missed(one)
        if select.select([], [one.host.fd], [], 0.005)[1]:
            left = left[os.write(one.host.fd, left) :]
    assert os.read(one.host.fd, 100) == bytes([XOFF])
    one.modem.cut_power()


def test_cts_goes_off_while_the_input_is_nearly_full(bench: Make) -> None:
    """AT+IFC=0,2: on the modem's own channel, and on again."""
    one = bench(family="3gpp", settings=BUSY)
    registered(one.modem)
    levels: list[bool] = []
    one.modem.on_lines(lambda state: levels.append(state.cts))
    got = _flood(one, "0,2", 1000, kernel_heeds=False)
    assert got.count(b"+CMEE: 0") == 1000
    assert levels == [False, True]
    assert _missed(one) == []


def test_power_that_comes_back_lets_the_host_go_on(bench: Make) -> None:
    """While there is none, nothing is said, and nothing is kept of what comes."""
    one = bench(family="3gpp", settings=ModemSettings(response_s={"+CBC": 60}, input_limit=100))
    registered(one.modem)
    one.host.ask("ATE0;+IFC=0,1")
    os.write(one.host.fd, b"AT+CBC\r" + b"AT+CMEE?\r" * 10)
    assert one.host.read_until(bytes([XOFF])) == bytes([XOFF])
    one.modem.cut_power()
    os.write(one.host.fd, b"AT+NO\r" * 10)
    assert not select.select([one.host.fd], [], [], 0.05)[0]
    one.modem.power(True)
    assert one.host.read_until(bytes([XON])) == bytes([XON])
    registered(one.modem)
    assert one.host.ask("AT+CMEE?") == b"AT+CMEE?\r\r\n+CMEE: 0\r\n\r\nOK\r\n"
    assert one.modem.unknown_commands == ()


def test_without_flow_control_nobody_is_stopped(bench: Make) -> None:
    """The default: what finds no room is lost, and told."""
    one = bench(family="3gpp", settings=ModemSettings(response_s={"+CBC": 60}, input_limit=4096))
    registered(one.modem)
    one.host.ask("ATE0")
    os.write(one.host.fd, b"AT+CBC\r" + b"x" * 5000)
    deadline = Deadline.after(60)
    while sum(count for _, count in _missed(one)) < 5000 - 4096:
        assert not deadline.expired
        pause(0.005)
    assert not select.select([one.host.fd], [], [], 0)[0]
    one.modem.cut_power()


@given(st.lists(st.integers(0, 2000), max_size=40))
def test_the_brake_stops_and_releases_in_turn(waiting: list[int]) -> None:
    """Stopped at three quarters, released at one; what is under way has room meanwhile."""
    told: list[bool] = []
    brake = Brake(1000, told.append)
    for count in waiting:
        brake.waiting(count)
        stopped = told[-1:] == [True]
        assert stopped or count < 750
        assert not stopped or count > 250
        assert (brake.room > 1000) == stopped
    assert told == [place % 2 == 0 for place in range(len(told))]


# rates --------------------------------------------------------------------------------------------


def _garbled(one: Bench, rate: int) -> bytes:
    """What the client sees of the answer to AT, at its own rate."""
    set_rate(one.host.fd, rate)
    os.write(one.host.fd, b"AT\rAT\rAT\rAT\r")
    return os.read(one.host.fd, 100) if select.select([one.host.fd], [], [], 0.2)[0] else b""


def test_a_client_at_the_wrong_rate_reads_garbage(bench: Make) -> None:
    """Both ways, until it has the right one."""
    one = bench(settings=ModemSettings(check_baud=True, baud=115_200))
    one.host.boot()  # a client that never set a rate has the modem's
    one.host.ask("ATE0")
    assert b"OK" not in _garbled(one, 38_400)
    set_rate(one.host.fd, 115_200)
    assert one.host.ask("\rAT", b"\r\nOK\r\n").endswith(b"\r\nOK\r\n")


def test_codes_reach_the_wrong_rate_as_garbage(bench: Make) -> None:
    """The boot as a client at half the rate hears it, always the same."""
    one = bench(settings=ModemSettings(check_baud=True, power_on=False, register_s=600))
    set_rate(one.host.fd, 57_600)
    one.modem.power(True)
    expected = carried(b"\r\nRDY\r\n", 115_200, 57_600)
    assert one.host.read_until(expected) == expected
    assert b"RDY" not in expected


def test_at_ipr_leaves_a_client_behind(bench: Make) -> None:
    """OK still at the old rate; then the client has to follow."""
    one = bench(settings=ModemSettings(check_baud=True))
    one.host.boot()
    one.host.ask("ATE0")
    assert one.host.ask("AT+IPR=9600") == b"\r\nOK\r\n"
    assert b"OK" not in _garbled(one, 115_200)
    set_rate(one.host.fd, 9600)
    assert one.host.ask("\rAT", b"\r\nOK\r\n").endswith(b"\r\nOK\r\n")


def test_any_rate_does_by_default(bench: Make) -> None:
    """A PTY carries bytes, not bits."""
    one = bench()
    one.host.boot()
    with serial.Serial(one.modem.path, 9600, timeout=60) as port:
        port.write(b"ATE0\r")
        assert port.read_until(b"OK\r\n").endswith(b"OK\r\n")


def test_autobauding_says_nothing_before_the_first_at(bench: Make) -> None:
    """No boot codes at all; the rate is the client's, and is heard from AT on."""
    one = bench(settings=ModemSettings(autobaud=True, check_baud=True))
    registered(one.modem)
    set_rate(one.host.fd, 19_200)
    assert not select.select([one.host.fd], [], [], 0)[0]
    os.write(one.host.fd, b"\x00\xffA")
    os.write(one.host.fd, b"T\r")
    assert one.host.read_until(b"OK\r\n") == b"AT\r\r\nOK\r\n"
    assert b"+IPR: 0" in one.host.ask("AT+IPR?")
    assert "autobaud: 19200 baud" in [e.data["text"] for e in one.timeline.events("note")]


@pytest.mark.parametrize("first", ["lost", "half"])
def test_the_first_at_may_go_wrong(bench: Make, first: str) -> None:
    """Lost, or answered half; the second is answered in full."""
    one = bench(settings=ModemSettings(autobaud=True, autobaud_first=first))
    registered(one.modem)
    os.write(one.host.fd, b"AT\r")
    if first == "half":
        seen = one.host.read_until(b"\n")
        assert len(seen) < len(b"AT\r\r\nOK\r\n")
        assert not seen.startswith(b"AT")
    assert one.host.ask("AT+CMEE?") == b"AT+CMEE?\r\r\n+CMEE: 0\r\n\r\nOK\r\n"


def test_at_ipr_0_comes_into_force_with_the_next_boot(bench: Make) -> None:
    """Stored by AT&W, as any rate."""
    one = bench()
    one.host.boot()
    one.host.ask("ATE0;+IPR=0;&W")
    one.modem.cut_power()
    one.modem.power(True)
    registered(one.modem)
    assert one.host.ask("AT+IPR?") == b"\r\n+IPR: 0\r\n\r\nOK\r\n"


RATES = st.sampled_from((1200, 9600, 57_600, 115_200, 921_600))


@given(st.binary(max_size=50), RATES, st.floats(0.97, 1.03))
def test_a_small_error_of_the_rate_is_tolerated(data: bytes, rate: int, error: float) -> None:
    """As receivers do: some three percent change nothing."""
    assert carried(data, rate, int(rate * error)) == data


@given(st.binary(max_size=50), RATES, RATES)
def test_any_two_rates_carry_something_bounded(data: bytes, sent: int, heard: int) -> None:
    """Always the same; not more than the receiver can count in that time."""
    got = carried(data, sent, heard)
    assert got == carried(data, sent, heard)
    assert len(got) <= len(data) * 5 * max(1, heard / sent)


@given(st.binary(min_size=8, max_size=50))
def test_twice_the_rate_garbles(data: bytes) -> None:
    """No text comes through."""
    assert carried(data, 115_200, 57_600) != data


def test_a_slow_sender_is_a_break_to_a_fast_receiver() -> None:
    """NUL bytes, as terminals show it."""
    assert set(carried(b"AT\r", 1200, 115_200)) == {0}


CHUNKS = st.lists(st.binary(max_size=20), max_size=10)


@given(CHUNKS)
def test_flow_control_takes_out_its_two_characters_and_nothing_else(chunks: list[bytes]) -> None:
    """However the bytes come; the last of the two decides."""
    held: list[bool] = []
    stop = FlowStop(held.append)
    data = b"".join(chunks)
    heard = b"".join(stop.hear(chunk) for chunk in chunks)
    assert heard == bytes(byte for byte in data if byte not in (XON, XOFF))
    last = [byte for byte in data if byte in (XON, XOFF)][-1:]
    assert held[-1:] == [byte == XOFF for byte in last]


@given(CHUNKS, st.booleans())
def test_autobauding_hears_nothing_before_at(chunks: list[bytes], lose_first: bool) -> None:
    """From the first AT on, or from behind its line, in any chunking."""
    search = RateSearch(lose_first=lose_first)
    data = b"".join(chunks)
    at = data.upper().find(b"AT")
    end = data.find(b"\r", at) + 1 if lose_first else at
    heard: bytes | None = None
    for chunk in chunks:
        if heard is not None:
            heard += chunk
        else:
            heard = search.hear(chunk)
    expected = data[end:] if at >= 0 and (end or not lose_first) else None
    assert heard == expected


@given(CHUNKS, st.booleans(), st.booleans())
def test_haste_only_takes_away_and_counts_it(chunks: list[bytes], garble: bool, busy: bool) -> None:
    """What is heard and what is lost is all there was."""
    lost: list[int] = []
    haste = Haste(60, garble, lambda why, count: lost.append(count))
    heard = [haste.hear(chunk, busy) for chunk in chunks]
    assert sum(map(len, heard)) + sum(lost) == sum(map(len, chunks))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"autobaud_first": "never"}, "no autobaud first 'never' (known: answered, half, lost)"),
        ({"too_soon": "eat"}, "no too soon 'eat' (known: drop, garble)"),
        ({"baud": 0}, "the baud rate is 50 to 4000000, not 0"),
    ],
)
def test_a_setting_without_meaning_is_refused(wrong: dict[str, object], reason: str) -> None:
    """What is known is named."""
    with pytest.raises(UsageError) as refusal:
        ModemSettings(**wrong)  # type: ignore[arg-type]  # wrong on purpose
    assert str(refusal.value) == reason
