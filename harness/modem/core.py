"""What TS 27.007 and 27.005 say once for every family."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone
from types import TracebackType
from typing import Self

from harness.at.codes import CME, CMS, error_number
from harness.at.dialect import Command, registration
from harness.at.events import Urc
from harness.at.params import Param, fields_of, quote
from harness.at.sms_pdu import PduError, decode_deliver
from harness.clock import Deadline
from harness.line import AtChannel, EventTimeout, OutOfStep, Response
from harness.modem.errors import (
    BadAnswer,
    CmeError,
    CmsError,
    CommandRefused,
    NotRegistered,
    SimProblem,
)  # fmt: skip
from harness.modem.values import Identity, Signal, Sms, UnreadableSms

REGISTERED = frozenset({1, 5})  # home, roaming (27.007 §7.2)
_BUSY = frozenset({14, 515})  # SIM busy; "please wait" of several vendors
_STATUS = ("REC UNREAD", "REC READ", "STO UNSENT", "STO SENT")


def _registration_code(urc: Urc) -> bool:
    return urc.text.startswith(("+CEREG:", "+CGREG:", "+CREG:")) and registration(urc.text)


class Modem:
    """A modem on a channel. Raises :class:`~harness.modem.errors.ModemError` leaves."""

    iccid_command = "AT+CCID"
    ready_urcs: tuple[str, ...] = ("RDY",)
    clock_shows_utc = False  # the zone of +CCLK is a remark, not an offset

    def __init__(self, channel: AtChannel) -> None:
        self.channel = channel
        self.unreadable: list[UnreadableSms] = []  # of the last list_sms

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self.channel.close()

    def command(self, command: str | Command, *, timeout_s: float = 5.0) -> Response:
        """Execute, and raise the typed error when the final result is no success."""
        response = self.channel.execute(command, timeout_s=timeout_s)
        return self.checked(command if isinstance(command, str) else command.text, response)

    def checked(self, command: str, response: Response) -> Response:
        if response.ok:
            return response
        for prefix, table, kind in (("+CME", CME, CmeError), ("+CMS", CMS, CmsError)):
            if response.final.startswith(prefix):
                code = error_number(response.final, table)
                raise kind(command, response.final, code, table.get(code or 0, "") if code else "")
        raise CommandRefused(command, response.final)

    def line(self, command: str, *, timeout_s: float = 5.0) -> str:
        """The first information line without its prefix."""
        lines = self.command(command, timeout_s=timeout_s).lines
        if not lines:
            raise BadAnswer(f"{command} was answered OK without information")
        head, colon, rest = lines[0].partition(":")
        return rest.strip() if colon and head.startswith("+") else lines[0].strip()

    def fields(self, command: str, *, timeout_s: float = 5.0) -> list[Param]:
        return fields_of(":" + self.line(command, timeout_s=timeout_s))

    def wait_ready(self, *, timeout_s: float = 30.0) -> None:
        """Probe politely until answered, then set echo off and numeric errors.

        A boot code (``RDY``) ends the pause between two probes. Raises :class:`OutOfStep`.
        """
        deadline = Deadline.after(timeout_s)
        while True:
            try:
                self.channel.resync(timeout_s=min(1.5, max(0.7, deadline.left())), quiet_s=0.1)
                break
            except OutOfStep:
                if deadline.expired:
                    raise
            with contextlib.suppress(EventTimeout):
                self.channel.wait_for(
                    lambda urc: urc.text in self.ready_urcs, timeout_s=min(1.0, deadline.left())
                )
        self.command("ATE0")
        self.command("AT+CMEE=1")

    def identify(self) -> Identity:
        iccid = self.line(self.iccid_command).strip('"').rstrip("Ff")
        return Identity(
            self.line("AT+CGMI"), self.line("AT+CGMM"), self.line("AT+CGMR"),
            self.line("AT+CGSN").strip('"'), iccid, self.line("AT+CIMI"),
        )  # fmt: skip

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
        """The best <stat> of CEREG, CGREG and CREG."""
        return self._registration()[0]

    def _registration(self) -> tuple[int, list[str]]:
        """The best <stat>, and which of the three report nothing unsolicited (<n> is 0)."""
        seen, quiet = 0, list[str]()
        for name in ("CEREG", "CGREG", "CREG"):
            fields = self.fields(f"AT+{name}?")
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

    def set_radio(self, functionality: int) -> None:
        """``AT+CFUN``: 0 minimum, 1 full, 4 radio off (27.007 §8.2)."""
        self.command(f"AT+CFUN={functionality}", timeout_s=15.0)

    def reboot(self) -> None:
        self.command("AT+CFUN=1,1", timeout_s=15.0)

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

    def list_sms_text(self) -> list[Sms]:
        self.command("AT+CMGF=1")
        lines = self.command(Command('AT+CMGL="ALL"', data_lines=True), timeout_s=30.0).lines
        found: list[Sms] = []
        for line in lines:
            if line.startswith("+CMGL:"):
                f = [*fields_of(line), Param(""), Param(""), Param("")]
                found.append(Sms(f[0].number or 0, f[1].text, f[2].text, "", f[4].text))
            elif found:
                last = found[-1]
                text = f"{last.text}\n{line}" if last.text else line
                found[-1] = Sms(last.index, last.status, last.sender, text, last.timestamp)
        return found

    def list_sms(self) -> list[Sms]:
        """All stored received messages in PDU mode, which no text can break.

        One that is no SMS-DELIVER is left out of the list, kept in :attr:`unreadable`, and noted
        in the evidence: it must not hide the others.
        """
        self.command("AT+CMGF=0")
        lines = iter(self.command(Command("AT+CMGL=4", data_lines=True), timeout_s=30.0).lines)
        self.unreadable, found = [], []
        for head in lines:
            if not head.startswith("+CMGL:"):
                continue
            fields, pdu = [field.number or 0 for field in fields_of(head)], next(lines, "")
            index, status = fields[0], fields[1] if len(fields) > 1 else 0
            if status >= 2:
                continue  # our own, stored to be sent
            try:
                found.append(self._decoded(index, status, pdu))
            except BadAnswer as error:
                self.unreadable.append(UnreadableSms(index, pdu, str(error)))
                self.channel.note(str(error))
        return found

    def read_sms(self, index: int) -> Sms:
        self.command("AT+CMGF=0")
        lines = self.command(Command(f"AT+CMGR={index}", data_lines=True)).lines
        if len(lines) < 2:
            raise BadAnswer(f"no SMS at index {index}")
        return self._decoded(index, fields_of(lines[0])[0].number or 0, lines[1])

    def delete_sms(self, index: int) -> None:
        self.command(f"AT+CMGD={index}", timeout_s=20.0)

    def _decoded(self, index: int, status: int, pdu: str) -> Sms:
        try:
            octets = bytes.fromhex(pdu)
            message = decode_deliver(octets[1 + octets[0] :])
        except (PduError, ValueError, IndexError) as error:
            raise BadAnswer(f"the SMS at index {index} is no PDU: {error}") from error
        sent = message.sent.isoformat()
        return Sms(index, _STATUS[min(status, 3)], message.sender.text, message.text, sent)
