"""The modem side: be a modem, on a PTY, with real sockets behind it."""

from harness.virtual_modem.families import FAMILIES
from harness.virtual_modem.faults import FaultKind, LineFault
from harness.virtual_modem.identity import APNS_BY_SIM, ModemIdentity, Subscription
from harness.virtual_modem.messages import SentSms
from harness.virtual_modem.modem import ModemState, VirtualModem
from harness.virtual_modem.network import ModemNetwork, NameUnknown
from harness.virtual_modem.settings import ModemSettings

__all__ = [
    "APNS_BY_SIM",
    "FAMILIES",
    "FaultKind",
    "LineFault",
    "ModemIdentity",
    "ModemNetwork",
    "ModemSettings",
    "ModemState",
    "NameUnknown",
    "SentSms",
    "Subscription",
    "VirtualModem",
]
