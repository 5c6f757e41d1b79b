"""TLS on u-blox modules: the authority's certificate, security profile 0, and TLS sockets.

Sources: SARA-R4 AT commands manual UBX-17003787 R16 §20 (level 3 of +USECPRF: chain, expected
server host name and validity), SARA-R5 AT commands manual UBX-19047455, u-blox cellular AT
commands manual UBX-13002752 §26; UBX-18019856 §16.1 (SARA-R41 takes DER only, which all take). The
pause after +USOSEC is what ubxlib keeps. Whether an older SARA-R410M knows operation 10 (SNI) is
not clear from these, so a module without it is told of and not failed.
"""

from __future__ import annotations

import hashlib
import re
import ssl

from harness.at.params import fields_of, quote
from harness.clock import pause
from harness.modem.errors import BadAnswer, CommandRefused
from harness.modem.sockets import SocketModem
from harness.modem.tls import TlsTrust

SECURITY_PROFILE = 0
_CA = "hil-ca"  # the name that the module keeps it by
_SETTLE_S = 0.25
_LEVEL, _VERSION, _ROOT, _HOST, _SNI = 0, 1, 3, 4, 10
_LITERAL = re.compile(r"[0-9.]+")


def is_literal(host: str) -> bool:
    """An IPv4 address, not a name."""
    return _LITERAL.fullmatch(host) is not None


class UbloxTls(SocketModem):
    """The TLS part, which is switched on for a plain socket or an HTTP profile."""

    def prepare_tls(self, trust: TlsTrust) -> None:
        """TLS 1.2; with an anchor: verified with name and validity, by the module's own clock.

        An anchor of an earlier run is replaced, unless it is the same. Raises
        :class:`CommandRefused`, :class:`BadAnswer` when the module did not get it whole.
        """
        self.command(f"AT+USECPRF={SECURITY_PROFILE}")  # back to factory values
        self._security(_VERSION, "3")
        if not self.abilities.tls_sni:
            self.channel.note("this module cannot name the server in a TLS handshake (SNI)")
        if trust.anchor is None:
            return
        self._import(ssl.PEM_cert_to_DER_cert(trust.anchor.decode("ascii").strip()))
        self._security(_ROOT, quote(_CA))
        self._security(_LEVEL, "3")

    def _security(self, code: int, value: str) -> None:
        self.command(f"AT+USECPRF={SECURITY_PROFILE},{code},{value}")

    def _import(self, der: bytes) -> None:
        wanted = hashlib.md5(der, usedforsecurity=False).hexdigest()
        try:
            kept = self.command(f"AT+USECMNG=4,0,{quote(_CA)}").lines
        except CommandRefused:
            pass  # there is none yet
        else:
            if _digest(kept) == wanted:
                return
            self.command(f"AT+USECMNG=2,0,{quote(_CA)}")
        command = f"AT+USECMNG=0,0,{quote(_CA)},{len(der)}"
        answer = self.prompted(command, der, ">", timeout_s=30.0)
        if _digest(answer.lines) != wanted:
            raise BadAnswer(f"{command} kept something else: {answer.lines or 'nothing'}")

    def _expect_server(self, host: str) -> None:
        """Whom the next connection is made to: compared with the certificate, and asked for."""
        self._security(_HOST, quote(host))
        if not self.abilities.tls_sni:
            return
        try:  # RFC 6066 §3: SNI is for names only
            self._security(_SNI, quote("" if is_literal(host) else host))
        except CommandRefused:
            self.channel.note("this firmware does not know AT+USECPRF 10: the server is not named")

    def _secure(self, number: int, host: str) -> None:
        """Make a socket that is not connected yet one of TLS."""
        self.command(f"AT+USOSEC={number},1,{SECURITY_PROFILE}")
        self._expect_server(host)
        pause(_SETTLE_S)


def _digest(lines: tuple[str, ...]) -> str:
    """The MD5 of +USECMNG's answer, "" when there is none; its case differs between modules."""
    seen = [fields_of(line) for line in lines if line.startswith("+USECMNG:")]
    return seen[0][3].text.lower() if seen and len(seen[0]) > 3 else ""
