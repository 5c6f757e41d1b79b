"""How a virtual modem behaves where the manuals leave room, each with a stated default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from harness.errors import UsageError
from harness.virtual_modem.pins import Wiring

RESPONSE_TIMES = ("none", "typical")
AUTOBAUD_FIRST = ("answered", "half", "lost")
TOO_SOON = ("drop", "garble")


@dataclass(frozen=True, slots=True)
class ModemSettings:
    """Times are host seconds."""

    boot_s: float = 0.02  #: power on to RDY; 2.5 to 13 s on real modules
    register_s: float = 0.02  #: radio on to registered
    connect_s: float = 8.0  #: TCP connect; the manual's maximum is 150 s
    http_s: float = 180.0  #: an HTTP client waits no longer, whatever it is told (assumed)
    reply_hold_s: float = 0.5  #: how long virtual time waits for the peer after data was sent
    prompt_delay_s: float = 0.0  #: CR to prompt; a real UART needs some ms for the LF of CR LF
    response_times: str = "none"  #: "typical": commands take as long as on a module
    response_s: Mapping[str, float] = field(default_factory=dict)  #: command to delay, wins
    baud: int = 115_200  #: initial AT+IPR, and the rate of the port
    autobaud: bool = False  #: initial AT+IPR is 0: no boot codes, dumb until the first AT
    autobaud_first: str = "answered"  #: that AT: "half" an answer, or "lost" without one
    check_baud: bool = False  #: on a PTY: garbage when the client's rate is not AT+IPR's
    rtscts: bool = False  #: initial AT+IFC is 2,2
    wiring: Wiring = field(default_factory=Wiring)  #: the cable of a real UART
    too_soon_s: float = 0.0  #: a command so soon after the last final result is not understood
    too_soon: str = "drop"  #: "garble": every second byte of it arrives (assumed)
    sleep_after_s: float = 5.0  #: quiet until a modem that sleeps by itself does (SIM800)
    wake_bytes: int = 1  #: what is lost waking it
    ri_pulse_s: float = 0.12  #: RI for a code, where AT+QCFG="urc/ri/other" does not say
    pace: bool = False  #: send no faster than AT+IPR
    link: Path | None = None  #: a stable symlink to the PTY
    port: str | None = None  #: a real UART instead of a PTY, locked against other programs
    power_on: bool = True  #: boots when started
    witness: bool = False  #: record the line: the program at the other end does not
    counted: bool = True  #: the program at the other end counts the bytes of the line as work
    stat: int = 1  #: registration when there is a network: 1 home, 5 roaming
    auto_time: int = 1  #: initial AT+CTZU (assumed)
    zone: tzinfo = field(default_factory=lambda: ZoneInfo("Europe/Amsterdam"))
    smsc: str = "+31653131313"  #: assumed
    acknowledge_s: float = 15.0  #: how long a routed SMS waits for +CNMA (assumed)
    output_limit: int = 262_144  #: bytes kept for a host that does not read; more are dropped
    input_limit: int = 16_384  #: bytes kept of what comes during a command; more are dropped

    def __post_init__(self) -> None:
        for name, known in (
            ("response_times", RESPONSE_TIMES), ("autobaud_first", AUTOBAUD_FIRST),
            ("too_soon", TOO_SOON),
        ):  # fmt: skip
            value = getattr(self, name)
            if value not in known:
                what = name.replace("_", " ")
                raise UsageError(f"no {what} {value!r} (known: {', '.join(known)})")
        if not 50 <= self.baud <= 4_000_000:
            raise UsageError(f"the baud rate is 50 to 4000000, not {self.baud}")
        if self.rtscts and self.wiring.ri == "rts":
            raise UsageError("RTS cannot be both flow control and the host's RI")
