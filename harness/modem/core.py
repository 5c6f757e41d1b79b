"""What TS 27.007 says once for every family."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone
from typing import ClassVar

from harness.at.dialect import Dialect, UrcKind, always, registration
from harness.at.events import Urc
from harness.at.params import fields_of, quote
from harness.clock import Deadline
from harness.line import EventTimeout, OutOfStep
from harness.modem.abilities import Abilities
from harness.modem.errors import (
    BadAnswer,
    CannotDo,
    CmeError,
    CommandRefused,
    NotRegistered,
    PdpRefused,
    SimProblem,
)
from harness.modem.http import HttpAnswer, HttpOrder
from harness.modem.messages import SmsModem
from harness.modem.tls import TlsTrust
from harness.modem.values import Identity, Signal

REGISTERED = frozenset({1, 5})  # home, roaming (27.007 §7.2)
_BUSY = frozenset({14, 515})  # SIM busy; "please wait" of several vendors
_NO_ADDRESS = ("", "0.0.0.0")

#: Unsolicited codes of 27.007 and 27.005 that every dialect has.
COMMON_URCS = (
    *(UrcKind(f"+C{net}REG:", registration) for net in ("", "G", "E")),
    UrcKind("+CMTI:", always),
    UrcKind("+CDSI:", always),
    UrcKind("+CMT:", always, data_line=True),
    UrcKind("+CGEV:", always),
    UrcKind("+CTZV:", always),
    UrcKind("+CTZE:", always),
    UrcKind("+CFUN:"),
    UrcKind("+CPIN:"),
)


def _registration_code(urc: Urc) -> bool:
    return urc.text.startswith(("+CEREG:", "+CGREG:", "+CREG:")) and registration(urc.text)


class Modem(SmsModem):
    """A modem on a channel; the family ``3gpp``, and the base of all others.

    Raises :class:`~harness.modem.errors.ModemError` leaves. A family states its differences as
    class attributes, and overrides what the vendor does its own way.
    """

    family: ClassVar[str] = "3gpp"
    dialect: ClassVar[Dialect] = Dialect(urcs=COMMON_URCS, probe="AT+CMEE?")
    abilities: ClassVar[Abilities] = Abilities(
        title="Any modem with 27.007 and 27.005",
        models=("any",),
        makers=".*",
        claims=".*",
        sources=("3GPP TS 27.007", "3GPP TS 27.005"),
    )
    setup: ClassVar[tuple[str, ...]] = ("ATE0", "AT+CMEE=1")  #: sent once the modem answers
    waking: ClassVar[tuple[str, ...]] = ()  #: sent besides, where the radio is off at power-up
    imei_command: ClassVar[str] = "AT+CGSN"
    iccid_command: ClassVar[str] = "AT+CCID"
    ready_urcs: ClassVar[tuple[str, ...]] = ("RDY",)  #: any of them: it listens
    booted_urc: ClassVar[str] = (
        ""  #: the last code of a boot that always comes; "" if there is none
    )
    cid: ClassVar[int] = 1  #: the PDP context that is used
    registrations: ClassVar[tuple[str, ...]] = ("CEREG", "CGREG", "CREG")
    clock_shows_utc: bool = False  #: the zone of +CCLK is a remark, not an offset

    def wait_ready(self, *, timeout_s: float = 30.0) -> None:
        """:meth:`greet`, and make it ready for work: its radio is on then, as at most power-ups."""
        self.greet(timeout_s=timeout_s)
        self._wake()

    def greet(self, *, timeout_s: float = 30.0) -> None:
        """Probe politely until answered, then set echo off and numeric errors.

        Nothing else changes: neither the radio nor what a modem keeps without power.

        A boot code (``RDY``) ends the pause between two probes. Raises :class:`OutOfStep`.
        """
        deadline = Deadline.after(timeout_s)
        quiet_s = min(0.1, self.channel.quiet_s)
        while True:
            try:
                self.channel.resync(timeout_s=min(1.5, max(0.7, deadline.left())), quiet_s=quiet_s)
                break
            except OutOfStep:
                if deadline.expired:
                    raise
            with contextlib.suppress(EventTimeout):
                self.channel.wait_for(
                    lambda urc: urc.text in self.ready_urcs, timeout_s=min(1.0, deadline.left())
                )
        self._send_all(self.setup)

    def wait_booted(self, *, timeout_s: float = 30.0) -> None:
        """After power on: wait for the family's last boot code, or probe when it has none."""
        if not self.booted_urc:
            self.wait_ready(timeout_s=timeout_s)
            return
        self.channel.wait_for(self.booted_urc, timeout_s=timeout_s)
        self._send_all(self.setup)
        self._wake()

    def _wake(self) -> None:
        self._send_all(self.waking)

    def _send_all(self, commands: tuple[str, ...]) -> None:
        for command in commands:
            self.command(command)

    def identify(self) -> Identity:
        return Identity(
            self.line("AT+CGMI"), self.line("AT+CGMM"), self.revision(),
            self.line(self.imei_command).strip('"'), self.iccid(), self.line("AT+CIMI"),
        )  # fmt: skip

    def revision(self) -> str:
        return self.line("AT+CGMR")

    def iccid(self) -> str:
        """19 or 20 digits, without the filler that some modems show."""
        return self.line(self.iccid_command).strip('"').rstrip("Ff")

    def sim_state(self, *, timeout_s: float = 10.0) -> str:
        """``READY``, ``SIM PIN`` …; raises :class:`SimProblem` without a SIM.

        Asks again while the SIM is busy, as it is for some seconds after ``AT+CFUN=1``.
        """
        deadline = Deadline.after(timeout_s)
        while True:
            try:
                return self.line("AT+CPIN?")
            except CmeError as error:
                if error.code not in _BUSY or deadline.expired:
                    raise SimProblem(f"no usable SIM: {error}; check that it is there") from error
            self.channel.pump(timeout_s=min(0.5, deadline.left()))

    def registration(self) -> int:
        """The best <stat> of the family's registration commands."""
        return self._registration()[0]

    def _registration(self) -> tuple[int, list[str]]:
        """The best <stat>, and which of them report nothing unsolicited (<n> is 0)."""
        seen, quiet = 0, list[str]()
        for name in self.registrations:
            try:
                fields = self.fields(f"AT+{name}?")
            except CommandRefused:
                continue  # not of this access technology
            if fields[0].number == 0:
                quiet.append(name)
            seen = (fields[1].number if len(fields) > 1 else None) or seen
            if seen in REGISTERED:
                break
        return seen, quiet

    def wait_registered(self, *, timeout_s: float = 180.0, poll_s: float = 2.0) -> int:
        """The <stat> once registered (27.007 §7.2). Raises :class:`NotRegistered`.

        Asks every ``poll_s`` seconds, and at once when an unsolicited code says that it changed.
        """
        deadline = Deadline.after(timeout_s)
        stat, quiet = self._registration()
        if stat not in REGISTERED:
            for name in quiet:
                with contextlib.suppress(CommandRefused):
                    self.command(f"AT+{name}=1")
        while stat not in REGISTERED:
            if deadline.expired:
                raise NotRegistered(
                    f"not registered within {timeout_s:g} s: state {stat}; check antenna and SIM"
                )
            with contextlib.suppress(EventTimeout):
                self.channel.wait_for(_registration_code, timeout_s=min(poll_s, deadline.left()))
            stat = self.registration()
        return stat

    def signal(self) -> Signal:
        rssi, ber = (field.number for field in self.fields("AT+CSQ")[:2])
        known = rssi is not None and rssi != 99
        return Signal(-113 + 2 * (rssi or 0) if known else None, None if ber == 99 else ber)

    # PDP context

    def activate(self, apn: str, *, timeout_s: float = 150.0) -> str:
        """Activate a PDP context (27.007 §10.1.1, §10.1.10); its address, "" when unknown.

        Raises :class:`PdpRefused`.
        """
        self.command(f'AT+CGDCONT={self.cid},"IP",{quote(apn)}')
        self._refusable(apn, f"AT+CGACT=1,{self.cid}", timeout_s)
        return self._context_address(apn)

    def _refusable(self, apn: str, command: str, timeout_s: float) -> None:
        try:
            self.command(command, timeout_s=timeout_s)
        except CommandRefused as error:
            raise PdpRefused(f"no PDP context with APN {apn}: {error}") from error

    def _context_address(self, apn: str) -> str:
        """What +CGPADDR says of the context; quoted by some, bare by others."""
        fields = self.fields(f"AT+CGPADDR={self.cid}")
        address = fields[1].text if len(fields) > 1 else ""
        if address in _NO_ADDRESS:
            raise PdpRefused(f"the context with APN {apn} is not active after OK")
        return address

    def deactivate(self) -> None:
        self.command(f"AT+CGACT=0,{self.cid}", timeout_s=150.0)

    def configured_apn(self) -> str:
        """The APN of the context, "" when none is set (27.007 §10.1.1)."""
        for line in self.command("AT+CGDCONT?").lines:
            fields = fields_of(line)
            if len(fields) > 2 and fields[0].number == self.cid:
                return fields[2].text
        return ""

    # Power and clock

    def set_radio(self, functionality: int) -> None:
        """``AT+CFUN``: 0 minimum, 1 full, 4 radio off (27.007 §8.2)."""
        self.command(f"AT+CFUN={functionality}", timeout_s=25.0)

    def reboot(self) -> None:
        self.command("AT+CFUN=1,1", timeout_s=25.0)

    def power_off(self, *, timeout_s: float = 60.0) -> None:
        """27.007 knows no power off: minimum functionality is as far as it goes."""
        self.set_radio(0)

    def clock(self) -> datetime:
        """The modem's clock, aware, in its own zone (27.007 §8.15, zone in quarter hours)."""
        text = self.line("AT+CCLK?").strip('"')
        try:
            zone = timezone(timedelta(minutes=15 * int(text[17:] or "+0")))
            moment = datetime.strptime(text[:17] + "+0000", "%y/%m/%d,%H:%M:%S%z")
        except ValueError as error:
            raise BadAnswer(f"AT+CCLK? gave no time: {text!r}") from error
        return moment.astimezone(zone) if self.clock_shows_utc else moment.replace(tzinfo=zone)

    def set_clock(self, moment: datetime) -> None:
        """Set the clock to an aware moment, and its zone to that of ``moment``."""
        quarters = round((moment.utcoffset() or timedelta()) / timedelta(minutes=15))
        shown = moment.astimezone(UTC) if self.clock_shows_utc else moment
        self.command(f"AT+CCLK={quote(f'{shown:%y/%m/%d,%H:%M:%S}{quarters:+03d}')}")

    # What only some families have

    def open_socket(self, host: str, port: int, *, timeout_s: float = 150.0) -> int:
        """A TCP connection; its number. Raises ``SocketError``, :class:`CannotDo` without any."""
        raise self._without_sockets()

    def close_socket(self, connection: int) -> None:
        raise self._without_sockets()

    def exchange(
        self, connection: int, request: bytes, *, response_timeout_s: float = 30.0
    ) -> bytes:
        """Send, and read the response; see :class:`~harness.modem.sockets.SocketModem`."""
        raise self._without_sockets()

    def http_post(self, order: HttpOrder, *, response_timeout_s: int = 60) -> HttpAnswer:
        """POST with the built-in client. Raises :class:`CannotDo` past what it can."""
        raise CannotDo(f"{self.family}: there is no built-in HTTP client; use a socket")

    def prepare_tls(self, trust: TlsTrust) -> None:
        """Set up the verification of TLS servers. Raises :class:`CannotDo`."""
        raise self._without_tls()

    def open_tls_socket(self, host: str, port: int, *, timeout_s: float = 150.0) -> int:
        """A TLS connection as :meth:`prepare_tls` set it up; its number, as of a plain one.

        Raises ``SocketError`` also for a refused certificate, :class:`CannotDo` without any.
        """
        raise self._without_tls()

    def _without_tls(self) -> CannotDo:
        return CannotDo(
            f"{self.family}: the harness cannot set up TLS on it; for an Internet device take a "
            "family that `hil families` shows with TLS"
        )

    def _without_sockets(self) -> CannotDo:
        return CannotDo(
            f"{self.family}: no sockets by AT command, only PPP, which the harness does not "
            "speak; name the modem's own family in the rig file"
        )
