"""Families ``ublox-sara-r4``, ``ublox-sara-r5`` and ``ublox-sara-u2``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from harness.at.commandparse import Command
from harness.virtual_modem.commands import basic, radio, sim, sms
from harness.virtual_modem.commands import general as general_3gpp
from harness.virtual_modem.family import Family, Model, ResponseTime
from harness.virtual_modem.results import AtError
from harness.virtual_modem.socket_pool import Connection
from harness.virtual_modem.table import CommandTable, Entry, Info, number
from harness.virtual_modem.ublox import (
    certificates,
    files,
    general,
    http,
    profile,
    security,
    sockets,
)

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_BASE: CommandTable = {
    **basic.COMMANDS, **general_3gpp.COMMANDS, **radio.COMMANDS, **sim.COMMANDS, **sms.COMMANDS,
    **general.COMMANDS, **sockets.COMMANDS, **files.commands(), **certificates.commands(),
    **security.commands(),
}  # fmt: skip
_LTE: CommandTable = {
    **general_3gpp.POWER_SAVING, **radio.EDRX, "+CEREG": radio.registration("+CEREG", 5),
}  # fmt: skip


def _identification(core: Core, command: Command) -> Info:
    """ATI; ATI9 is the firmware with its application version."""
    what = number(command, 0, 0, 9, 0)
    if what == 9:
        return [f"{core.model.revision},A00.01"]
    if what:
        raise AtError
    return list(core.family.information(core))


class Ublox(Family):
    """What all have in common."""

    manufacturer = "u-blox"
    sources = (
        "SARA-R4 AT commands manual UBX-17003787",
        "SARA-R5 AT commands manual UBX-19047455",
        "u-blox cellular AT commands manual UBX-13002752",
    )
    sockets = len(sockets.NUMBERS)
    memory = "ME"
    first_index = 1
    quoted_address = True
    power_command = "+CPWROFF"
    errors = certificates.ERRORS
    epoch = datetime(2015, 1, 1, tzinfo=UTC)
    # maxima of the manuals; what is typical is assumed
    response_times: ClassVar[Mapping[str, ResponseTime]] = {
        "+CPIN": ResponseTime(0.05, 10.0),
        "+CFUN": ResponseTime(0.6, 180.0),
        "+COPS": ResponseTime(0.2, 180.0),
        "+CGATT": ResponseTime(0.5, 360.0),
        "+CGACT": ResponseTime(0.5, 150.0),
        "+UPSDA": ResponseTime(0.5, 180.0),
        "+CMGS": ResponseTime(1.2, 180.0),
        "+CPWROFF": ResponseTime(0.5, 40.0),
        "+USOCO": ResponseTime(0.3, 130.0),
        "+USOWR": ResponseTime(0.05, 10.0),
        "+USOCL": ResponseTime(0.2, 120.0),
    }
    assumed = (
        "nothing is said at power-up unless AT+CSGT has a greeting text",
        "SMS places are counted from 1; revisions are examples; typical response times",
        "+UUSORD comes once until something was read, and again for what is left",
        "+UUSOCL comes when all data of a closed connection were read",
        "the HTTP client speaks HTTP/1.1; error numbers of AT+USOER and AT+UHTTPER",
        "files go with the power",
        "AT+USOER gives 103 for a refused certificate and a failed handshake",
        "a TLS connection may use any suite of TLS 1.2; SARA-R410M and SARA-U2 have only those "
        "with RSA key exchange and CBC",
        "an alternative name of the certificate fits too, not only its common name",
        "AT+USECPRF takes the name of a certificate that is not there; without an expected host "
        "name, level 2 compares none",
    )

    def information(self, core: Core) -> Sequence[str]:
        return [core.model_name]

    def boot_urcs(self, core: Core) -> Sequence[str]:
        greeting = core.kept.get("+CSGT", "")
        return [greeting] if greeting else []

    def data_arrived(self, core: Core, connection: Connection, count: int) -> None:
        sockets.data_arrived(core, connection, count)

    def peer_closed(self, core: Core, connection: Connection) -> None:
        sockets.peer_closed(core, connection)


class SaraR4(Ublox):
    """LTE-M: context 1 comes up with the attach."""

    name = "ublox-sara-r4"
    title = "u-blox SARA-R410M, SARA-R412M"
    models: ClassVar[Mapping[str, Model]] = {
        "SARA-R410M-02B": Model("L0.0.00.00.05.12", 8),
        "SARA-R412M-02B": Model("M0.11.00", 8),
        "SARA-R404M-00B": Model("K0.0.00.00.07.07", 8),
    }
    commands: ClassVar[CommandTable] = {
        **_BASE, **_LTE, **http.commands(custom_headers=True), "I": Entry(run=_identification),
        **files.commands(before=b"\n"), **certificates.commands(capitals=True),
    }  # fmt: skip
    bearer_at_attach = True


class SaraR5(Ublox):
    """LTE-M with data profiles that report when they are up; LARA-R6 is alike."""

    name = "ublox-sara-r5"
    title = "u-blox SARA-R500, SARA-R510, LARA-R6"
    models: ClassVar[Mapping[str, Model]] = {
        "SARA-R510S": Model("02.06", 8),
        "SARA-R500S": Model("02.06", 8),
        "LARA-R6001": Model("00.13", 7),
    }
    commands: ClassVar[CommandTable] = {
        **_BASE, **_LTE, **profile.commands(asynchronous=True),
        **http.commands(custom_headers=True), **certificates.commands(prompt=">"),
        "I": Entry(run=_identification),
        "+CGSN": general_3gpp.serial_number('+CGSN: "{}"'),
    }  # fmt: skip

    def context_lost(self, core: Core, cid: int) -> None:
        profile.lost(core, cid)


class SaraU2(Ublox):
    """2G and 3G: data profiles with an APN of their own, no header of one's own in HTTP."""

    name = "ublox-sara-u2"
    title = "u-blox SARA-U201, SARA-U270, SARA-G350"
    models: ClassVar[Mapping[str, Model]] = {
        "SARA-U201": Model("23.60", 2),
        "SARA-U270": Model("23.41", 2),
        "SARA-G350": Model("08.70", 0),
    }
    commands: ClassVar[CommandTable] = {
        **_BASE, **profile.commands(asynchronous=False), **general.RADIO_2G_3G,
        **http.commands(custom_headers=False), **security.commands(sni=False, exact_version=True),
        "I": Entry(run=_identification),
    }  # fmt: skip

    def context_lost(self, core: Core, cid: int) -> None:
        profile.lost(core, cid)
