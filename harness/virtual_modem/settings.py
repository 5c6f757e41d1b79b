"""How a virtual modem behaves where the manuals leave room, each with a stated default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class ModemSettings:
    """Times are host seconds."""

    boot_s: float = 0.02  #: power on to RDY; 2.5 to 13 s on real modules
    register_s: float = 0.02  #: radio on to registered
    connect_s: float = 8.0  #: TCP connect; the manual's maximum is 150 s
    reply_hold_s: float = 0.5  #: how long virtual time waits for the peer after data was sent
    prompt_delay_s: float = 0.0  #: CR to prompt; a real UART needs some ms for the LF of CR LF
    response_s: Mapping[str, float] = field(default_factory=dict)  #: command name to delay
    baud: int = 115_200  #: initial AT+IPR
    pace: bool = False  #: send no faster than AT+IPR
    link: Path | None = None  #: a stable symlink to the PTY
    port: str | None = None  #: a real UART instead of a PTY
    power_on: bool = True  #: boots when started
    witness: bool = False  #: record the line: the program at the other end does not
    stat: int = 1  #: registration when there is a network: 1 home, 5 roaming
    auto_time: int = 1  #: initial AT+CTZU (assumed)
    zone: tzinfo = field(default_factory=lambda: ZoneInfo("Europe/Amsterdam"))
    smsc: str = "+31653131313"  #: assumed
    resolver: str = "192.0.2.53"  #: where name lookups are sent; nobody has this address
    output_limit: int = 262_144  #: bytes kept for a host that does not read; more are dropped
