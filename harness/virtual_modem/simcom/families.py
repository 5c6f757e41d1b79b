"""Families ``simcom-800``, ``simcom-7000``, ``simcom-7080``, ``simcom-7600`` and ``simcom-a76``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from harness.virtual_modem.commands import basic, radio, sim, sms
from harness.virtual_modem.commands import general as general_3gpp
from harness.virtual_modem.family import Family, Model, ResponseTime
from harness.virtual_modem.simcom import (
    ca,
    cch,
    cch_certificates,
    cch_contexts,
    cip,
    flash,
    general,
    http_action,
    netopen,
    packet,
    sh,
    ssl_contexts,
)
from harness.virtual_modem.simcom.cch_variant import A76XX, SIM767X, SIM7600, SslModel
from harness.virtual_modem.socket_pool import Connection
from harness.virtual_modem.table import CommandTable

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_BASE: CommandTable = {
    **basic.COMMANDS, **general_3gpp.COMMANDS, **radio.COMMANDS, **sim.COMMANDS, **sms.COMMANDS,
}  # fmt: skip
_LTE: CommandTable = {"+CEREG": radio.registration("+CEREG", 2)}
_CCH: CommandTable = {**cch.COMMANDS, **cch_certificates.COMMANDS, **cch_contexts.COMMANDS}
_LTE_M: CommandTable = {
    **general_3gpp.POWER_SAVING, **radio.EDRX, **general.MODES_LTE_M,
    "+CEREG": radio.registration("+CEREG", 5),
}  # fmt: skip
_ASSUMED = (
    "revisions are examples; typical response times",
    "unread data of a connection that the peer closed can be read",
    "places of SMS, and OK for an empty one",
)
_TLS_ASSUMED = (
    "factory values of +CSSLCFG: any version up to TLS 1.2, and validity is checked",
    "a server's name is checked when +CSSLCFG gave one to ask for, and against that one",
    "+CAOPEN gives 27 for certificates refused for other reasons than name and validity",
)
_CCH_ASSUMED = (
    "+NETOPEN and +CCHSTART share a context, which goes down with the last of them",
    "numbers of +CCHRECV for nothing to read (11), plain ERROR for +CCH out of its order",
    "a certificate of a name that is there already is written over",
)


class Simcom(Family):
    """What SIM800, SIM7000 and SIM7080 have in common."""

    manufacturer = "SIMCOM_Ltd"
    model_form = "SIMCOM_{}"
    revision_form = "Revision:{}"
    memory = "SM"
    empty_is_ok = True
    power_down = "NORMAL POWER DOWN"
    power_command = "+CPOWD"
    ready: ClassVar[tuple[str, ...]] = ("SMS Ready",)

    def information(self, core: Core) -> Sequence[str]:
        return [f"{core.model_name} {core.model.revision[:5]}"]

    def boot_urcs(self, core: Core) -> Sequence[str]:
        urcs = ["RDY", "+CFUN: 1"]
        if not core.subscription.present:
            return [*urcs, "+CPIN: NOT INSERTED"]
        if not core.radio.unlocked:
            return [*urcs, "+CPIN: SIM PIN"]
        return [*urcs, "+CPIN: READY", *self.ready]

    def time_learned(self, core: Core) -> Sequence[str]:
        """*PSUTTZ has UTC, and the zone in quarter hours."""
        if core.values.get("+CLTS", "0") != "1":
            return super().time_learned(core)
        now = core.rtc.now()
        date = f"{now.year},{now.month},{now.day},{now.hour},{now.minute},{now.second}"
        return [f'*PSUTTZ: {date},"{core.rtc.quarters:+d}",0', "DST: 0"]


class Sim800(Simcom):
    """GPRS: CIP sockets and the HTTP client on a bearer of +SAPBR."""

    name = "simcom-800"
    title = "SIMCom SIM800, SIM900"
    models: ClassVar[Mapping[str, Model]] = {
        "SIM800L": Model("1418B05SIM800L24", 0),
        "SIM900": Model("1137B14SIM900M64", 0),
    }
    commands: ClassVar[CommandTable] = {
        **_BASE, **general.CPOWD, **packet.SAPBR, **cip.COMMANDS,
        **http_action.commands(http_action.SIM800),
    }  # fmt: skip
    sources: ClassVar[tuple[str, ...]] = (
        "SIM800 AT Commands Manual",
        "SIM800 TCPIP Application Note",
    )
    assumed: ClassVar[tuple[str, ...]] = (
        *_ASSUMED,
        "limits of the HTTP client, USERDATA (by reports from the field)",
    )
    stores: ClassVar[Mapping[str, int]] = {"SM": 50, "ME": 100}
    first_index = 1
    sockets = len(cip.NUMBERS)
    epoch = datetime(2004, 1, 1, tzinfo=UTC)
    ready: ClassVar[tuple[str, ...]] = ("Call Ready", "SMS Ready")
    response_times: ClassVar[Mapping[str, ResponseTime]] = {
        "+CPIN": ResponseTime(0.05, 5.0),
        "+CFUN": ResponseTime(0.6, 10.0),
        "+COPS": ResponseTime(0.2, 120.0),
        "+CGATT": ResponseTime(0.5, 75.0),
        "+CMGS": ResponseTime(1.2, 60.0),
        "+SAPBR": ResponseTime(0.8, 85.0),
        "+CIICR": ResponseTime(0.8, 85.0),
        "+CIPSHUT": ResponseTime(0.3, 65.0),
        "+CIPSEND": ResponseTime(0.1, 60.0),
    }

    def data_arrived(self, core: Core, connection: Connection, count: int) -> None:
        cip.data_arrived(core, connection, count)

    def peer_closed(self, core: Core, connection: Connection) -> None:
        cip.peer_closed(core, connection)

    def context_lost(self, core: Core, cid: int) -> None:
        if cid == packet.BEARER:
            core.urc("+SAPBR 1: DEACT")
        elif cid == packet.CIP:
            core.urc("+PDP: DEACT")


class Sim7000(Sim800):
    """LTE-M: CIP sockets, those of +CAOPEN for TLS, +CNACT, and the SH client."""

    name = "simcom-7000"
    title = "SIMCom SIM7000"
    models: ClassVar[Mapping[str, Model]] = {
        "SIM7000G": Model("1529B11SIM7000G", 8),
        "SIM7000E": Model("1351B06SIM7000E", 8),
    }
    commands: ClassVar[CommandTable] = {
        **_BASE, **_LTE_M, **general.CPOWD, **packet.SAPBR, **packet.CNACT_ONE, **cip.COMMANDS,
        **ca.COMMANDS_7000, **flash.COMMANDS, **ssl_contexts.COMMANDS,
        **ssl_contexts.sh_ssl(saved=True), **http_action.commands(http_action.SIM7000),
        **sh.commands(1024, lambda core: packet.is_up(core, packet.CIP), quoted_body=True),
    }  # fmt: skip
    sources: ClassVar[tuple[str, ...]] = (
        "SIM7000 AT Command Manual V1.06",
        "SIM7000 TCPIP Application Note V1.02",
        "SIM7000 HTTP Application Note V1.01, HTTP(S) V1.03",
        "SIM7000 SSL Application Note V1.01, FS Application Note V1.01",
    )
    assumed: ClassVar[tuple[str, ...]] = (
        *_ASSUMED, "+SHREQ reports 600 when no response came", *_TLS_ASSUMED,
        "+CAOPEN's connections have the numbers 0 to 12, as SIM7080's",
    )  # fmt: skip
    first_index = 0
    epoch = Family.epoch
    ready: ClassVar[tuple[str, ...]] = ("SMS Ready",)

    def data_arrived(self, core: Core, connection: Connection, count: int) -> None:
        (ca if ca.owns(connection) else cip).data_arrived(core, connection, count)

    def peer_closed(self, core: Core, connection: Connection) -> None:
        (ca if ca.owns(connection) else cip).peer_closed(core, connection)

    def context_lost(self, core: Core, cid: int) -> None:
        super().context_lost(core, cid)
        if cid == packet.CIP:
            core.urc("+APP PDP: DEACTIVE")


class Sim7080(Simcom):
    """LTE-M: CA sockets and the SH client on the contexts of +CNACT."""

    name = "simcom-7080"
    title = "SIMCom SIM7070, SIM7080, SIM7090"
    models: ClassVar[Mapping[str, Model]] = {
        "SIM7080": Model("1951B08SIM7080", 8),
        "SIM7070": Model("1951B08SIM7070", 8),
        "SIM7090": Model("1951B08SIM7090", 8),
    }
    commands: ClassVar[CommandTable] = {
        **_BASE, **_LTE_M, **general.CPOWD, **packet.CNACT_FOUR, **ca.COMMANDS,
        **flash.COMMANDS, **ssl_contexts.COMMANDS, **ssl_contexts.sh_ssl(saved=False),
        **sh.commands(4096, lambda core: packet.is_up(core, packet.pdp(0)), quoted_body=False),
    }  # fmt: skip
    sources: ClassVar[tuple[str, ...]] = (
        "SIM7070_SIM7080_SIM7090 AT Command Manual V1.05",
        "SIM7070_SIM7080_SIM7090 TCPUDP Application Note V1.03",
        "SIM7070_SIM7080_SIM7090 HTTP Application Note V1.02",
        "SIM7070_SIM7080_SIM7090 SSL Application Note V1.00, FS Application Note V1.02",
    )
    assumed: ClassVar[tuple[str, ...]] = (
        *_ASSUMED, "+SHREQ reports 600 when no response came", *_TLS_ASSUMED,
    )  # fmt: skip
    sockets = len(ca.NUMBERS)
    response_times: ClassVar[Mapping[str, ResponseTime]] = {
        "+CPIN": ResponseTime(0.05, 5.0),
        "+CIMI": ResponseTime(0.03, 20.0),
        "+CFUN": ResponseTime(0.6, 10.0),
        "+CGATT": ResponseTime(0.5, 75.0),
        "+CGACT": ResponseTime(0.5, 150.0),
        "+CMGS": ResponseTime(1.2, 60.0),
        "+CMGD": ResponseTime(0.1, 25.0),
        "+CCID": ResponseTime(0.05, 2.0),
        "+CAOPEN": ResponseTime(0.4, 75.0),
    }

    def data_arrived(self, core: Core, connection: Connection, count: int) -> None:
        ca.data_arrived(core, connection, count)

    def peer_closed(self, core: Core, connection: Connection) -> None:
        ca.peer_closed(core, connection)

    def context_lost(self, core: Core, cid: int) -> None:
        core.urc(f"+APP PDP: {cid - 1},DEACTIVE")


class Sim7600(Family):
    """LTE Cat 1 and Cat 4: +NETOPEN, +CIPOPEN, and an HTTP client that needs no bearer."""

    name = "simcom-7600"
    title = "SIMCom SIM7500, SIM7600"
    manufacturer = "SIMCOM INCORPORATED"
    model_form = "SIMCOM_{}"
    revision_form = "+CGMR: {}"
    models: ClassVar[Mapping[str, Model]] = {
        "SIM7600E-H": SslModel("LE20B03SIM7600M22", 7, SIM7600),
        "SIM7500E": SslModel("LE20B02SIM7500E", 7, SIM7600),
    }
    commands: ClassVar[CommandTable] = {
        **_BASE, **_LTE, **general.CPOF, **general.MODES_SIM7600, **netopen.COMMANDS, **_CCH,
        **http_action.commands(http_action.SIM7600),
    }  # fmt: skip
    sources: ClassVar[tuple[str, ...]] = ("SIM7500_SIM7600 Series AT Command Manual V3.00",)
    assumed: ClassVar[tuple[str, ...]] = (
        *_ASSUMED, *_CCH_ASSUMED, "SIM7600 says +CCH: CCH STOP too",
    )  # fmt: skip
    memory = "SM"
    empty_is_ok = True
    sockets = 10
    power_command = "+CPOF"
    starts: ClassVar[tuple[str, ...]] = ("RDY",)
    response_times: ClassVar[Mapping[str, ResponseTime]] = {
        "+CPIN": ResponseTime(0.05, 5.0),
        "+CFUN": ResponseTime(0.6, 25.0),
        "+COPS": ResponseTime(0.2, 60.0),
        "+CGATT": ResponseTime(0.5, 45.0),
        "+CGACT": ResponseTime(0.5, 45.0),
        "+CMGL": ResponseTime(0.1, 30.0),
        "+CMGS": ResponseTime(1.2, 60.0),
        "+CMGD": ResponseTime(0.1, 20.0),
        "+NETOPEN": ResponseTime(0.3, 120.0),
        "+CIPOPEN": ResponseTime(0.05, 120.0),
        "+CIPSEND": ResponseTime(0.05, 120.0),
        "+HTTPACTION": ResponseTime(0.05, 120.0),
        "+CCHSTART": ResponseTime(0.3, 120.0),
        "+CCHOPEN": ResponseTime(0.05, 120.0),
        "+CCHSEND": ResponseTime(0.05, 120.0),
    }

    def information(self, core: Core) -> Sequence[str]:
        return [
            f"Manufacturer: {self.manufacturer}",
            f"Model: {self.model_form.format(core.model_name)}",
            f"Revision: {core.model.revision}", f"IMEI: {core.identity.imei}", "+GCAP: +CGSM",
        ]  # fmt: skip

    def boot_urcs(self, core: Core) -> Sequence[str]:
        if not core.subscription.present:
            return [*self.starts, "+CPIN: SIM REMOVED"]
        if not core.radio.unlocked:
            return [*self.starts, "+CPIN: SIM PIN"]
        return [*self.starts, "+CPIN: READY", "SMS DONE", "PB DONE"]

    def data_arrived(self, core: Core, connection: Connection, count: int) -> None:
        (cch if cch.owns(connection) else netopen).data_arrived(core, connection, count)

    def peer_closed(self, core: Core, connection: Connection) -> None:
        (cch if cch.owns(connection) else netopen).peer_closed(core, connection)

    def context_lost(self, core: Core, cid: int) -> None:
        netopen.network_lost(core)
        cch.network_lost(core)


class SimA76(Sim7600):
    """A76xx and SIM767x: as SIM7600, with other words at the start and less room for headers."""

    name = "simcom-a76"
    title = "SIMCom A7670, A7672, SIM767x"
    model_form = "{}"
    revision_form = "+CGMR: {}"
    models: ClassVar[Mapping[str, Model]] = {
        "A7670E-LASE": SslModel("A011B07A7670M7", 7, A76XX),
        "A7672E-LASE": SslModel("A011B03A7672M7", 7, A76XX),
        "SIM7672E": SslModel("2360B01SIM7672E", 7, SIM767X),
    }
    commands: ClassVar[CommandTable] = {
        **_BASE, **_LTE, **general.CPOF, **general.MODES_A76XX, **netopen.COMMANDS, **_CCH,
        **http_action.commands(http_action.A76XX),
    }  # fmt: skip
    sources: ClassVar[tuple[str, ...]] = (
        "SIM767XX Series AT Command Manual V1.06",
        "A76XX Series TCPIP, HTTP and SSL Application Notes",
        "A76XX Series AT Command Manual V1.09",
    )
    assumed: ClassVar[tuple[str, ...]] = (
        *_ASSUMED,
        *_CCH_ASSUMED,
        "the manufacturer's name is SIM7600's; RDY is not said",
    )
    starts: ClassVar[tuple[str, ...]] = ("*ATREADY: 1",)
    power_down = "POWERD DOWN"  # spelled so in the manual
