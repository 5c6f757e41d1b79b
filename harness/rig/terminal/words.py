"""The commands that a family knows, what they do, and which lines hold a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.modem.families import FAMILIES as DRIVERS
from harness.virtual_modem.families import FAMILIES as VIRTUAL

#: Passwords (27.007 §7.4, §7.5, §8.3, §10.1.31): such lines are in no history.
_SECRET = re.compile(r"\+(CPIN2?|CLCK|CPWD|CGAUTH)\s*=", re.IGNORECASE)

#: What the standard commands do. V.250, 27.007 and 27.005 say more.
MEANINGS: Mapping[str, str] = {
    "E": "echo: E0 off, E1 on", "V": "results: V0 numbers, V1 words", "Q": "Q1 says no results",
    "Z": "reset to the stored profile", "&F": "factory settings", "&W": "store the profile",
    "I": "who are you", "&C": "what DCD follows", "&D": "what DTR does", "H": "hang up",
    "O": "back to data mode", "D": "dial: ATD*99# opens a data call",
    "+CGMI": "maker", "+CGMM": "model", "+CGMR": "firmware revision", "+CGSN": "IMEI",
    "+GMI": "maker", "+GMM": "model", "+GMR": "firmware revision", "+GSN": "IMEI",
    "+CIMI": "IMSI of the SIM", "+CCID": "ICCID of the SIM", "+GCAP": "what it can do",
    "+CMEE": "errors: 0 plain, 1 numbers, 2 words", "+CFUN": "radio: 0 off, 1 on, 4 flight mode",
    "+CPIN": "is a PIN asked; enter one", "+CLCK": "lock or unlock, with a password",
    "+CPWD": "change a password", "+CSQ": "signal strength", "+CESQ": "signal, LTE's too",
    "+CREG": "registered? (circuit-switched)", "+CGREG": "registered? (GPRS, UMTS)",
    "+CEREG": "registered? (LTE, NB-IoT)", "+COPS": "operator", "+CGATT": "attached to packet data",
    "+CGDCONT": "define a PDP context: number, type, APN", "+CGACT": "activate a PDP context",
    "+CGPADDR": "address of a PDP context", "+CGCONTRDP": "what a PDP context was given",
    "+CGAUTH": "user and password of a PDP context", "+CPSMS": "power saving mode",
    "+CEDRXS": "extended discontinuous reception", "+CEDRXRDP": "eDRX as the network gave it",
    "+CCLK": "clock", "+CTZU": "set the clock from the network", "+CTZR": "report time zones",
    "+CSCS": "character set", "+CSCA": "SMS service centre", "+CMGF": "SMS: 0 PDU, 1 text",
    "+CMGS": "send an SMS", "+CMGW": "store an SMS", "+CMSS": "send a stored SMS",
    "+CMGL": "list SMS", "+CMGR": "read an SMS", "+CMGD": "delete SMS", "+CPMS": "SMS storage",
    "+CNMI": "how new SMS are told", "+CNMA": "acknowledge an SMS", "+CSMP": "SMS parameters",
    "+CSMS": "SMS service", "+CSDH": "show text mode headers", "+CRSM": "read a file of the SIM",
    "+CSIM": "talk to the SIM", "+CNUM": "own number", "+CBC": "battery",
    "+CPAS": "what it is doing", "+IPR": "baud rate", "+IFC": "flow control",
    "+ICF": "data bits and parity",
    "+CLAC": "all commands", "+CUSD": "USSD", "+CEER": "why the last call or context failed",
    "+CMUX": "several lines over one", "+CIND": "indicators", "+CMER": "report events",
}  # fmt: skip


def known_commands(family: str) -> dict[str, str]:
    """Command to meaning, "" where there is none here; for a family that is not known, 3gpp's."""
    table = VIRTUAL.get(family, VIRTUAL["3gpp"])
    driver = DRIVERS.get(family)
    more = {driver.abilities.power_off.removeprefix("AT").partition("=")[0]} if driver else set()
    meanings = {name: MEANINGS.get(name, "") for name in {*table.commands, *MEANINGS, *more}}
    for name in more - set(MEANINGS):
        meanings[name] = "switch the modem off"
    return dict(sorted(meanings.items()))


def completions(typed: str, commands: Mapping[str, str]) -> list[tuple[str, str]]:
    """The commands that go on from the last of the line typed so far, with their meaning.

    ``AT+CM`` and ``AT+CSQ;+CM`` both offer what begins with ``+CM``. Nothing once its parameters
    have begun.
    """
    if typed[:2].upper() != "AT":
        return []
    last = typed[2:].rpartition(";")[2].upper()
    if not last or any(mark in last for mark in '=?" '):
        return []
    return [(name, said) for name, said in commands.items() if name.startswith(last)]


def holds_a_secret(line: str) -> bool:
    """Whether a command line has a PIN or a password in it."""
    return _SECRET.search(line) is not None
