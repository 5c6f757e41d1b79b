"""SMS of the nRF91: PDU mode, no store, each message handed over and acknowledged.

nRF91 AT Commands Command Reference Guide (SMS commands); #XSMS of the application
(doc/SMS_AT_commands.rst) does the same with text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.at.sms_pdu import Address, PduError, Submit, decode_deliver
from harness.virtual_modem.commands import sms
from harness.virtual_modem.fields import ranged
from harness.virtual_modem.results import AtError, cms
from harness.virtual_modem.sms_store import Stored
from harness.virtual_modem.table import CommandTable, Entry, Info, kept, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_STOP, _START, _SEND = range(3)


@dataclass(slots=True)
class Listener:
    """Whether the application takes the messages (#XSMS=1)."""

    on: bool = False


def listener(core: Core) -> Listener:
    return core.part(Listener)


def _application(core: Core, command: Command) -> Info:
    operation = number(command, 0, 0, 2)
    if operation == _SEND:
        try:
            message = Submit(Address.of(text(command, 1)), text(command, 2))
        except PduError:
            raise AtError(50) from None
        if not core.radio.registered or not core.subscription.sms:
            raise cms(331)
        core.messages.submit(message)
        return None
    if listener(core).on is (operation == _START):
        raise AtError(3)
    listener(core).on = operation == _START
    core.values["+CNMI"] = "3,2,0,1,0" if operation == _START else "0,0,0,0,0"
    return None


def routed(core: Core, message: Stored) -> str:
    """+CMT, or #XSMS with time, sender and text while the application listens."""
    if not listener(core).on or message.is_report:
        return sms.routed(core, message)
    deliver = decode_deliver(message.tpdu)
    core.after_final(core.messages.acknowledge)
    return f'#XSMS: "{deliver.sent:%y-%m-%d %H:%M:%S}","{deliver.sender.text}","{deliver.text}"'


COMMANDS: CommandTable = {
    "+CMGF": kept("+CMGF", "0", ranged("0")),
    **{name: sms.COMMANDS[name] for name in ("+CMGS", "+CNMA", "+CMMS", "+CGSMS")},
    "+CNMI": sms.notify(3, 2, 0, 1, 1),
    "#XSMS": Entry(set=_application, test=says("#XSMS: (0,1,2),<number>,<text>")),
}
