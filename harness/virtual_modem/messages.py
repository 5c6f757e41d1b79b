"""The SMS side of a modem: stores, indications, and what was sent (27.005)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from harness.at.sms_pdu import (
    Address,
    Concatenation,
    Deliver,
    Submit,
    encode_deliver,
    encode_smsc,
    split_text,
)
from harness.virtual_modem.sms_store import Store, Stored

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


@dataclass(frozen=True, slots=True)
class SentSms:
    """What the device gave to the network."""

    recipient: str
    text: str
    part: Concatenation | None = None


class Messages:
    """Outlives a restart: the stores are not volatile. Settings live in ``core.values``."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.stores = {"SM": Store(50), "ME": Store(255)}
        self.sent: list[SentSms] = []
        self.reference = 0
        self.concatenation = 0

    @property
    def memories(self) -> list[str]:
        """Memories for reading, writing and receiving (+CPMS)."""
        return self._core.values.get("+CPMS", "ME,ME,ME").split(",")

    def counts(self) -> str:
        return ",".join(
            f"{len(self.stores[m].places)},{self.stores[m].size}" for m in self.memories
        )

    def deliver(self, sender: str, text: str, when: datetime) -> bool:
        """Take a message from the network; False when it cannot be stored or forwarded now.

        Raises :class:`~harness.at.sms_address.PduError` for a sender no SMS can have.
        """
        core = self._core
        local = when.astimezone(core.settings.zone)
        parts = split_text(text)
        receiving = self.stores[self.memories[2]]
        mt = core.notify_modes()[1]
        if mt < 2 and receiving.size - len(receiving.places) < len(parts):
            core.urc(f'+QIND: "smsfull","{self.memories[2]}"')
            return False
        if len(parts) > 1:
            self.concatenation = self.concatenation % 255 + 1
        for number, piece in enumerate(parts, 1):
            part = Concatenation(self.concatenation, len(parts), number) if parts[1:] else None
            tpdu = encode_deliver(Deliver(Address.of(sender), local, piece, part))
            self._arrive(Stored(0, tpdu, core.settings.smsc), mt, sender, piece)
        return True

    def _arrive(self, message: Stored, mt: int, sender: str, text: str) -> None:
        core = self._core
        index: int | None = None
        if mt == 2:
            for line in core.family.forward(core, message):
                core.urc(line)
        else:
            index = self.stores[self.memories[2]].add(message)
            if mt == 1:
                core.urc(f'+CMTI: "{self.memories[2]}",{index}')
        core.recorder.record(
            f"modem:{core.name}", "modem.sms", sender=sender, text=text, index=index
        )

    def submit(self, message: Submit) -> int:
        """Give a message to the network; its reference."""
        self.reference = (self.reference + 1) % 256
        self.sent.append(SentSms(message.recipient.text, message.text, message.part))
        core = self._core
        core.recorder.record(
            f"modem:{core.name}", "modem.sms",
            sender=core.identity.msisdn, recipient=message.recipient.text, text=message.text,
            index=None,
        )  # fmt: skip
        return self.reference


def pdu_line(message: Stored) -> tuple[int, str]:
    """TPDU length and hex of service centre and TPDU, as +CMGR shows them."""
    return len(message.tpdu), (encode_smsc(message.smsc) + message.tpdu).hex().upper()
