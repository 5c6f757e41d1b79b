"""SMS on the host side (TS 27.005): stored messages, and what is announced or handed over."""

from __future__ import annotations

from typing import ClassVar

from harness.at import gsm7
from harness.at.dialect import Command
from harness.at.events import Urc
from harness.at.params import Param, fields_of, quote
from harness.at.sms_pdu import (
    Address,
    Concatenation,
    PduError,
    Submit,
    decode_deliver,
    encode_submit,
    split_text,
)
from harness.errors import UsageError
from harness.line import AtChannel, Response
from harness.modem.abilities import Abilities
from harness.modem.base import AtModem
from harness.modem.errors import BadAnswer, CannotDo
from harness.modem.values import Sms, UnreadableSms

_STATUS = ("REC UNREAD", "REC READ", "STO UNSENT", "STO SENT")
CTRL_Z = b"\x1a"
_SUBMIT_TEXT = "AT+CSMP=17,167,0,0"  #: one day, no protocol, GSM 7 bit (27.005 §3.5.4)
_NEXT_S = 0.05  #: another message that was held back comes right after +CNMA


class SmsModem(AtModem):
    """SMS in PDU mode, which no text can break.

    ``memories`` are the stores that may hold messages; a family without stores has none, and gets
    each message with ``+CMT:``. ``sms_notify`` makes new ones known (27.005 §3.4.1).
    """

    family: ClassVar[str]
    abilities: ClassVar[Abilities]
    memories: tuple[str, ...] = ("ME", "SM")
    sms_notify: tuple[str, ...] = ("AT+CNMI=2,1,0,0,0",)

    def __init__(self, channel: AtChannel) -> None:
        super().__init__(channel)
        self.unreadable: list[UnreadableSms] = []  # of the last list_sms
        self._announced: list[tuple[str, int]] = []
        self._direct: list[str] = []
        self._concatenation = 0
        channel.subscribe("+CMTI:", self._stored)
        channel.subscribe("+CMT:", self._handed_over)

    def _stored(self, urc: Urc) -> None:
        fields = fields_of(urc.text)
        if len(fields) > 1 and fields[1].number is not None:
            self._announced.append((fields[0].text, fields[1].number))

    def _handed_over(self, urc: Urc) -> None:
        self._direct.append(urc.data.decode("latin-1"))

    def notify_sms(self) -> None:
        """Have new messages made known from now on."""
        for command in ("AT+CMGF=0", *self.sms_notify):
            self.command(command)

    def new_sms(self) -> list[Sms]:
        """Read and delete what was announced or handed over since; nothing else is looked at."""
        found: list[Sms] = []
        while self._direct:
            found.append(self._decoded(-1, 0, self._direct.pop(0)))
            self.command("AT+CNMA")  # then the network gives the next one
            self.channel.pump(timeout_s=_NEXT_S)
        while self._announced:
            memory, index = self._announced.pop(0)
            self.command(f"AT+CPMS={quote(memory)}")
            found.append(self.read_sms(index))
            self.delete_sms(index)
        return found

    def take_all_sms(self) -> list[Sms]:
        """Read and delete every message received so far, from all memories."""
        found = self.new_sms() if self._direct else []
        for memory in self.memories:
            self.command(f"AT+CPMS={quote(memory)}")
            for message in self.list_sms():
                found.append(message)
                self.delete_sms(message.index)
        self._announced.clear()
        return found

    def send_sms(self, recipient: str, text: str, *, timeout_s: float = 120.0) -> list[int]:
        """Send in as many parts as needed; their references (27.005 §4.3).

        Raises ``PduError`` (a ValueError) for a recipient that no SMS can have.
        """
        parts = split_text(text)
        self._concatenation = self._concatenation % 255 + 1
        tpdus: list[bytes] = []  # all of them before the first goes
        for number, piece in enumerate(parts, 1):
            part = Concatenation(self._concatenation, len(parts), number) if parts[1:] else None
            tpdus.append(encode_submit(Submit(Address.of(recipient), piece, part)))
        self.command("AT+CMGF=0")
        return [
            _reference(self.prompted(
                f"AT+CMGS={len(tpdu)}", b"00" + tpdu.hex().upper().encode() + CTRL_Z, "> ",
                timeout_s=timeout_s,
            ))
            for tpdu in tpdus
        ]  # fmt: skip

    def send_sms_text(self, recipient: str, text: str, *, timeout_s: float = 120.0) -> int:
        """Send one SMS in text mode; its reference (27.005 §3.5.1).

        ``text`` is one line of printable ASCII that fits one SMS of the GSM 7 bit alphabet: what
        means the same in every modem's text mode. Raises :class:`CannotDo` for a family without
        text mode, :class:`UsageError` for any other text, ``PduError`` for the recipient.
        """
        if "text" not in self.abilities.sms:
            raise CannotDo(f"{self.family}: there is no SMS text mode; use send_sms")
        if not (text.isascii() and text.isprintable() and gsm7.encodable(text)):
            raise UsageError("text mode takes one line of ASCII that GSM 7 bit has; use send_sms")
        if len(split_text(text)) > 1:
            raise UsageError("the text does not fit one SMS; use send_sms")
        Address.of(recipient)
        for command in ("AT+CMGF=1", 'AT+CSCS="IRA"', _SUBMIT_TEXT):
            self.command(command)
        command, data = f"AT+CMGS={quote(recipient)}", text.encode() + CTRL_Z
        return _reference(self.prompted(command, data, "> ", timeout_s=timeout_s))

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
        """All stored received messages in PDU mode.

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
        self.command(f"AT+CMGD={index}", timeout_s=25.0)

    def _decoded(self, index: int, status: int, pdu: str) -> Sms:
        where = f"the SMS at index {index}" if index >= 0 else "the SMS of +CMT"
        try:
            octets = bytes.fromhex(pdu)
            message = decode_deliver(octets[1 + octets[0] :])
        except (PduError, ValueError, IndexError) as error:
            raise BadAnswer(f"{where} is no PDU: {error}") from error
        sent = message.sent.isoformat()
        return Sms(index, _STATUS[min(status, 3)], message.sender.text, message.text, sent,
                   message.part)  # fmt: skip


def _reference(response: Response) -> int:
    """<mr> of ``+CMGS:``; 0 from a modem that does not tell."""
    line = next((line for line in response.lines if line.startswith("+CMGS:")), "")
    return next((field.number for field in fields_of(line)[:1]), None) or 0
