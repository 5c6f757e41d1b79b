"""SMS on the host side (TS 27.005): stored messages, and what is announced or handed over."""

from __future__ import annotations

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
from harness.line import AtChannel
from harness.modem.base import AtModem
from harness.modem.errors import BadAnswer
from harness.modem.values import Sms, UnreadableSms

_STATUS = ("REC UNREAD", "REC READ", "STO UNSENT", "STO SENT")
CTRL_Z = b"\x1a"
_NEXT_S = 0.05  #: another message that was held back comes right after +CNMA


class SmsModem(AtModem):
    """SMS in PDU mode, which no text can break.

    ``memories`` are the stores that may hold messages; a family without stores has none, and gets
    each message with ``+CMT:``. ``sms_notify`` makes new ones known (27.005 §3.4.1).
    """

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
        self.command("AT+CMGF=0")
        parts = split_text(text)
        self._concatenation = self._concatenation % 255 + 1
        references: list[int] = []
        for number, piece in enumerate(parts, 1):
            part = Concatenation(self._concatenation, len(parts), number) if parts[1:] else None
            tpdu = encode_submit(Submit(Address.of(recipient), piece, part))
            response = self.prompted(
                f"AT+CMGS={len(tpdu)}", b"00" + tpdu.hex().upper().encode() + CTRL_Z, "> ",
                timeout_s=timeout_s,
            )  # fmt: skip
            line = next((line for line in response.lines if line.startswith("+CMGS:")), "")
            references.append(next((f.number for f in fields_of(line)[:1]), None) or 0)
        return references

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
