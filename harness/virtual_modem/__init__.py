"""The modem side: be a modem, on a PTY, with real sockets behind it."""

from harness.virtual_modem.families import FAMILIES
from harness.virtual_modem.faults import FaultKind, LineFault, Place
from harness.virtual_modem.identity import APNS_BY_SIM, ModemIdentity, Subscription
from harness.virtual_modem.lines import LineState
from harness.virtual_modem.messages import SentSms
from harness.virtual_modem.modem import ModemState, VirtualModem
from harness.virtual_modem.network import ModemNetwork, NameUnknown
from harness.virtual_modem.pins import Wiring
from harness.virtual_modem.settings import ModemSettings

__all__ = [
    "APNS_BY_SIM",
    "FAMILIES",
    "FaultKind",
    "LineFault",
    "LineState",
    "ModemIdentity",
    "ModemNetwork",
    "ModemSettings",
    "ModemState",
    "NameUnknown",
    "Place",
    "SentSms",
    "Subscription",
    "VirtualModem",
    "Wiring",
]
