"""The SMS side of a modem: stores, indications, and what was sent (27.005)."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from harness.at.sms_pdu import (
    Address,
    Concatenation,
    Deliver,
    StatusReport,
    Submit,
    encode_deliver,
    encode_smsc,
    encode_status_report,
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
        first = core.family.first_index
        self.stores = {name: Store(size, first) for name, size in core.family.stores.items()}
        self.sent: list[SentSms] = []
        self.reference = 0
        self.concatenation = 0
        self._routed: deque[Stored] = deque()  # to be forwarded, or waiting for +CNMA
        self._unacknowledged: asyncio.TimerHandle | None = None

    @property
    def memories(self) -> list[str]:
        """Memories for reading, writing and receiving (+CPMS)."""
        preferred = self._core.family.memory
        return self._core.values.get("+CPMS", ",".join([preferred] * 3)).split(",")

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
        receiving = self.stores.get(self.memories[2])
        mt = core.notify_modes()[1]
        if mt == 2 and self._routed:
            return False  # the network waits for the acknowledgement as well
        if mt < 2 and receiving is None:
            return False  # nowhere to put it
        if mt < 2 and receiving is not None and receiving.size - len(receiving.places) < len(parts):
            for line in core.family.sms_full(core, self.memories[2]):
                core.urc(line)
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
            self._route(message)
        else:
            index = self.stores[self.memories[2]].add(message)
            if mt == 1:
                core.urc(f'+CMTI: "{self.memories[2]}",{index}')
        core.recorder.record(
            f"modem:{core.name}", "modem.sms", sender=sender, text=text, index=index
        )

    def _route(self, message: Stored) -> None:
        """To the host; with +CSMS=1 the next one goes after +CNMA (27.005 §3.4.4)."""
        if self._core.values.get("+CSMS", "0") == "0" and not self._core.family.acknowledged:
            self._tell(message)
            return
        self._routed.append(message)
        if self._unacknowledged is None:
            self._tell_next()

    def _tell(self, message: Stored) -> None:
        self._core.urc(self._core.family.routed(self._core, message))

    def _tell_next(self) -> None:
        if self._routed:
            self._tell(self._routed[0])
            wait = self._core.settings.acknowledge_s
            self._unacknowledged = self._core.loop.call_later(wait, self._given_up)

    def acknowledge(self) -> bool:
        """+CNMA came; False when nothing waits for it."""
        if self._unacknowledged is None:
            return False
        self._unacknowledged.cancel()
        self._unacknowledged = None
        self._routed.popleft()
        self._core.after_final(self._tell_next)
        return True

    def _given_up(self) -> None:
        """No +CNMA: nothing is routed any more (27.005 §3.4.4), what came is stored."""
        self._unacknowledged = None
        mode, _, bm, _, bfr = self._core.notify_modes()
        self._core.values["+CNMI"] = f"{mode},0,{bm},0,{bfr}"
        store = self.stores.get(self.memories[2])
        while self._routed:
            message = self._routed.popleft()
            if store is not None:
                store.add(message)

    def switched_off(self) -> None:
        """What was routed and not acknowledged is the network's again."""
        if self._unacknowledged is not None:
            self._unacknowledged.cancel()
            self._unacknowledged = None
        self._routed.clear()

    def _report(self, message: Submit, reference: int) -> None:
        """The network says that the message was delivered, if +CNMI wants to know."""
        core = self._core
        ds = core.notify_modes()[3]
        now = core.rtc.network_time()
        tpdu = encode_status_report(StatusReport(reference, message.recipient, now, now, 0))
        report = Stored(0, tpdu, core.settings.smsc)
        if ds == 1:
            self._route(report)
        elif ds == 2:
            index = self.stores[self.memories[2]].add(report)
            if index is not None:
                core.urc(f'+CDSI: "{self.memories[2]}",{index}')

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
        if message.report:
            reference = self.reference
            core.after_final(lambda: self._report(message, reference))
        return self.reference


def pdu_line(message: Stored) -> tuple[int, str]:
    """TPDU length and hex of service centre and TPDU, as +CMGR shows them."""
    return len(message.tpdu), (encode_smsc(message.smsc) + message.tpdu).hex().upper()
