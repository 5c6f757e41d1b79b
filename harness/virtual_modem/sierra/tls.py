"""+KSSLCFG and +KSSLCRYPTO: the TLS version, and profiles of suites, verification and root.

The vendor's own test scripts (Legato, A_HL_INT_SSL_0000) for defaults and numbers of errors, from
firmware 4.6.1 on: servers are verified from the factory, with root certificate 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.fields import Setting, ranged
from harness.virtual_modem.results import AtError, Unknown
from harness.virtual_modem.sierra import certificates
from harness.virtual_modem.sierra.errors import SSL_OPTION
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text
from harness.virtual_modem.tls import TlsWish

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

#: <mkey_algo>,<auth_algo>,<enc_algo>,<mac_algo>,<tls_ver>,<auth>,<root_cert_idx>
_FACTORY = (
    "8,3,25392,12,4,1,0", "8,1,8192,4,4,1,0", "8,2,16,0,4,1,0", "8,2,32,0,4,1,0",
    "8,2,256,0,4,1,0", "8,2,512,0,4,1,0", "8,2,8192,4,4,1,0", "8,2,16384,8,4,1,0",
)  # fmt: skip
PROFILES = len(_FACTORY)
_AUTH, _ROOT = 5, 6
_SERVER = 1  #: the bit of <auth> that verifies servers
_FIELDS = (
    ranged("1-9"), ranged("1-3"), ranged("0-32767"), ranged("0-15"), ranged("4"), ranged("0-3"),
    ranged("0-3"),
)  # fmt: skip
_VERSION, _SECRET, _RESERVED = range(3)  #: <option id>


def _profile(core: Core, profile: int) -> str:
    return core.kept.get(f"+KSSLCRYPTO:{profile}", _FACTORY[profile])


def wish(core: Core, profile: int, host: str) -> TlsWish:
    """How a connection to ``host`` is made with a profile."""
    values = [int(value) for value in _profile(core, profile).split(",")]
    verified = values[_AUTH] & _SERVER
    anchors = certificates.root(core, values[_ROOT]) if verified else None
    return TlsWish(host, anchors, check_time=True)


def _crypto(core: Core, command: Command) -> Info:
    profile = number(command, 0, 0, PROFILES - 1)
    setting = Setting(_FACTORY[profile], _FIELDS, required=_ROOT)
    merged = setting.merge(_profile(core, profile), command.params[1:])
    core.kept[f"+KSSLCRYPTO:{profile}"] = merged
    return None


def _profiles(core: Core, command: Command) -> Info:
    return [f"+KSSLCRYPTO: {one},{_profile(core, one)}" for one in range(PROFILES)]


def _option(core: Core, command: Command) -> Info:
    """0: TLS 1.2, or the highest there is, which is the same; 1 is written only; 2 is always 0."""
    option = number(command, 0, 0, 255)
    if option == _VERSION:
        if number(command, 1, 0, 255) not in (0, 3):
            raise Unknown  # older versions are not there
    elif option == _SECRET:
        text(command, 1)
    elif option == _RESERVED:
        if number(command, 1, 0, 255) != 0:
            raise AtError(SSL_OPTION)
    else:
        raise Unknown
    return None


COMMANDS: CommandTable = {
    "+KSSLCRYPTO": Entry(
        read=_profiles, set=_crypto,
        test=says("+KSSLCRYPTO: <profile_id>,<mkey_Algo>,<auth_algo>,<enc_algo>,<mac_algo>,"
                  "<tls_ver>,<auth>,<root_cert_idx>"),
    ),
    "+KSSLCFG": Entry(
        read=says("+KSSLCFG: 0,3", "+KSSLCFG: 2,0"), set=_option,
        test=says("+KSSLCFG: <option id>,<option>"),
    ),
}  # fmt: skip
