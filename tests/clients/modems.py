"""Virtual modems for programs that nobody here wrote: on PTYs, in real time, with a record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from harness.clock import Deadline, RealClock, pause
from harness.evidence import Timeline
from harness.urn.luhn import luhn_digit
from harness.virtual_modem import FAMILIES, VirtualModem

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PLATFORM = ("10.151.236.157", 80)
APN = "kpnthings2.m2m"
ALL = sorted(FAMILIES)
#: an nRF91 with SLM keeps no message: it has +CMGS and +CMT, and nothing to list or delete
STORING = [name for name in ALL if "+CMGL" in FAMILIES[name].commands]


def imei(family: str) -> str:
    """One of its own for each family, so that no answer is another modem's."""
    digits = f"35672610440{ALL.index(family):03}"
    return f"{digits}{luhn_digit(digits)}"


@dataclass
class Modem:
    """One virtual modem, ready and registered."""

    family: str
    virtual: VirtualModem
    timeline: Timeline
    clock: RealClock

    @property
    def path(self) -> str:
        return self.virtual.path

    @property
    def imei(self) -> str:
        return imei(self.family)

    @property
    def manufacturer(self) -> str:
        """What +CGMI says."""
        return FAMILIES[self.family].manufacturer

    @property
    def model(self) -> str:
        """The family's first, the default."""
        return next(iter(FAMILIES[self.family].models))

    @property
    def revision(self) -> str:
        """Of the default model."""
        return FAMILIES[self.family].models[self.model].revision

    def settle(self) -> None:
        """Until it is registered, or listens: the radio of an nRF91 is off until +CFUN=1."""
        deadline = Deadline.after(60)
        while not (
            self.virtual.state.registered
            or (self.family == "nordic-slm" and self.virtual.state.state == "ready")
        ):
            assert not deadline.expired, self.virtual.state
            pause(0.01)

    def deliver(self, text: str, sender: str = "5277") -> None:
        assert self.virtual.deliver_sms(sender, text, NOON)

    def sent(self) -> list[tuple[str, str]]:
        """Recipient and text of what the client gave to the network, part by part."""
        return [(sms.recipient, sms.text) for sms in self.virtual.sent_sms]
