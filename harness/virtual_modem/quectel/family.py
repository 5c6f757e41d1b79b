"""What all families of Quectel's modules have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from harness.virtual_modem.family import Family, ResponseTime
from harness.virtual_modem.quectel import errors, sockets, tls_sockets
from harness.virtual_modem.socket_pool import Connection

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

# maxima from the AT, TCP/IP and HTTP manuals; what is typical is assumed
_RESPONSE_TIMES: Mapping[str, ResponseTime] = {
    "+CPIN": ResponseTime(0.05, 5.0),
    "+CFUN": ResponseTime(0.6, 15.0),
    "+COPS": ResponseTime(0.2, 180.0),
    "+CGATT": ResponseTime(0.5, 140.0),
    "+CGACT": ResponseTime(0.5, 150.0),
    "+QIACT": ResponseTime(0.8, 150.0),
    "+QIDEACT": ResponseTime(0.4, 40.0),
    "+QICLOSE": ResponseTime(0.2, 10.0),
    "+QSSLCLOSE": ResponseTime(0.2, 10.0),
    "+QISENDEX": ResponseTime(0.015, 120.0),
    "+CMGS": ResponseTime(1.2, 120.0),
    "+CMSS": ResponseTime(1.2, 120.0),
    "+CMGR": ResponseTime(0.03, 0.3),
    "+CMGL": ResponseTime(0.1, 0.3),
    "+QHTTPURL": ResponseTime(0.02, 0.3),
    "+QHTTPPOST": ResponseTime(0.05, 125.0),
    "+QHTTPGET": ResponseTime(0.05, 125.0),
    "+QPOWD": ResponseTime(0.1, 0.3),
}


class Quectel(Family):
    """+QI sockets, +QHTTP client, +QIND and +QIURC codes. ``awake`` is said at power-up first."""

    manufacturer = "Quectel"
    awake: ClassVar[tuple[str, ...]] = ("RDY",)
    sockets = 12
    power_down = "POWERED DOWN"
    power_command = "+QPOWD"
    errors = errors.HTTP
    response_times = _RESPONSE_TIMES

    def boot_urcs(self, core: Core) -> Sequence[str]:
        urcs = [*self.awake, "+CFUN: 1"]
        if not core.subscription.present:
            return [*urcs, "+CPIN: NOT INSERTED"]
        if not core.radio.unlocked:
            return [*urcs, "+CPIN: SIM PIN", "+QUSIM: 1"]
        return [*urcs, "+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE", "+QIND: PB DONE"]

    def sms_full(self, core: Core, memory: str) -> Sequence[str]:
        return [f'+QIND: "smsfull","{memory}"']

    def context_lost(self, core: Core, cid: int) -> None:
        core.urc(f'+QIURC: "pdpdeact",{cid}')

    def data_arrived(self, core: Core, connection: Connection, count: int) -> None:
        if connection.tls is not None:
            tls_sockets.data_arrived(core, connection, count)
        else:
            sockets.data_arrived(core, connection, count)

    def peer_closed(self, core: Core, connection: Connection) -> None:
        if connection.tls is not None:
            core.urc(f'+QSSLURC: "closed",{tls_sockets.client(connection)}')
            return
        core.urc(f'+QIURC: "closed",{connection.number}')
