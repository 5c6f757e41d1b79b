"""What a modem family states: its names, limits and times, and how it words what happens.

A family is a class: data where its manual gives data, and a few methods where the vendor does
things its own way. What 27.007 and 27.005 say once is in :mod:`harness.virtual_modem.commands`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from harness.virtual_modem.commands import sms
from harness.virtual_modem.sms_store import Stored
from harness.virtual_modem.table import CommandTable

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core
    from harness.virtual_modem.socket_pool import Connection


@dataclass(frozen=True, slots=True)
class Model:
    """In what the models of a family differ; vendors add to it.

    ``access`` is <AcT> of 27.007 §7.3: 0 GSM, 2 UTRAN, 7 E-UTRAN, 8 LTE-M, 9 NB-IoT.
    """

    revision: str  #: +CGMR
    access: int


@dataclass(frozen=True, slots=True)
class ResponseTime:
    """How long a command takes, in seconds: usually, and at most by the manual."""

    typical_s: float
    maximum_s: float


class Family:
    """The base: a modem that has 27.007 and 27.005. One instance per family, without state."""

    name: ClassVar[str]
    title: ClassVar[str]
    manufacturer: ClassVar[str]
    models: ClassVar[Mapping[str, Model]]  #: by name; the first is the default
    commands: ClassVar[CommandTable]
    sources: ClassVar[tuple[str, ...]] = ()  #: documents with sections
    assumed: ClassVar[tuple[str, ...]] = ()  #: what no document at hand says

    # identity
    model_form: ClassVar[str] = "{}"  #: +CGMM
    revision_form: ClassVar[str] = "{}"  #: +CGMR
    # the line
    echo: ClassVar[bool] = True  #: factory setting of ATE
    crlf: ClassVar[bool] = False  #: a command line ends with CR LF only
    repeats_crlf: ClassVar[bool] = False  #: each information line has a CR LF of its own before it
    # SMS
    stores: ClassVar[Mapping[str, int]] = {"SM": 50, "ME": 255}  #: memories and their places
    memory: ClassVar[str] = "ME"  #: preferred one at power-up
    first_index: ClassVar[int] = 0
    acknowledged: ClassVar[bool] = False  #: +CMT waits for +CNMA also without +CSMS=1
    empty_is_ok: ClassVar[bool] = False  #: +CMGR of an empty place: OK, not CMS ERROR 321
    # packet data
    functionality: ClassVar[int] = 1  #: <fun> of +CFUN at power-up
    default_cid: ClassVar[int] = 1  #: the lowest PDP context, and LTE's default bearer
    bearer_at_attach: ClassVar[bool] = False  #: LTE: it comes up with the registration
    quoted_address: ClassVar[bool] = False  #: +CGPADDR: 1,"10.0.0.1"
    sockets: ClassVar[int] = 0  #: how many TCP connections there may be
    # clock
    epoch: ClassVar[datetime] = datetime(1980, 1, 6, tzinfo=UTC)  #: before the network's time
    clock_shows_utc: ClassVar[bool] = False  #: +CCLK: the zone is a remark, not an offset
    zone_form: ClassVar[str] = '+CTZV: "{:+03d}"'
    # power
    power_down: ClassVar[str | None] = None  #: said when it switches off in order
    power_command: ClassVar[str] = ""  #: the vendor's way to do that, "" when there is none
    # times
    response_time: ClassVar[ResponseTime] = ResponseTime(0.015, 0.3)
    response_times: ClassVar[Mapping[str, ResponseTime]] = {}
    #: texts of the vendor's own +CME ERROR numbers
    errors: ClassVar[Mapping[int, str]] = {}

    def model(self, wanted: str | None) -> str:
        return wanted or next(iter(self.models))

    def information(self, core: Core) -> Sequence[str]:
        """ATI."""
        return [self.manufacturer, core.model_name, f"Revision: {core.model.revision}"]

    def boot_urcs(self, core: Core) -> Sequence[str]:
        """What is said at power-up, once the modem listens."""
        return ()

    def pin_entered(self, core: Core) -> Sequence[str]:
        """What is said when the SIM was unlocked."""
        return ["+CPIN: READY"]

    def time_learned(self, core: Core) -> Sequence[str]:
        """What is said when the network's time came."""
        wanted = core.values.get("+CTZR", "0") == "1"
        return [self.zone_form.format(core.rtc.quarters)] if wanted else []

    def sms_full(self, core: Core, memory: str) -> Sequence[str]:
        """What is said when a message finds no place."""
        return ()

    def routed(self, core: Core, message: Stored) -> str:
        """The code that hands a message over."""
        return sms.routed(core, message)

    def context_lost(self, core: Core, cid: int) -> None:
        """The network took a PDP context away; its sockets are closed already."""

    def data_arrived(self, core: Core, connection: Connection, count: int) -> None:
        """``count`` bytes more are in the connection's buffer."""

    def peer_closed(self, core: Core, connection: Connection) -> None:
        """The peer closed, or the connection broke; what came before is still in the buffer."""
