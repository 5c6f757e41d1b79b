"""TLS on Sierra HL78: a root certificate in the module, a TLS profile, and secured sessions.

Sources: the vendor's own test scripts (Legato: A_HL_INT_SSL_0000 for +KCERTSTORE, +KSSLCRYPTO and
+KSSLCFG, L_RTOS_KTCPTLS for <mode> 3 and <cipher_index> of +KTCPCFG, A_HL_INT_HTTPS_0000), firmware
4.6 and later; Zephyr, drivers/modem/hl78xx (+KTCP_NOTIF: 13 TLS failed, 14 TLS not set up, 15
certificate). Public projects reach servers that need SNI, and set the clock first.
"""

from __future__ import annotations

import contextlib
from abc import abstractmethod

from harness.at.params import quote
from harness.modem.errors import CommandRefused
from harness.modem.sockets import SocketModem
from harness.modem.tls import TlsTrust

_PROFILE = 0
_ROOT, _INDEX = 0, 0  #: <type> and <index> of the root certificate that the profile names
_SUITES = "8,3,25392,12,4"  #: the profile's suites and TLS 1.2, as they are from the factory


class SierraTls(SocketModem):
    """The TLS part; the family gives the plain one."""

    def prepare_tls(self, trust: TlsTrust) -> None:
        """TLS 1.2 with profile 0; with an anchor in place of root certificate 0: verified, with
        validity by the module's clock. A name is asked for, and not checked as far as is known.

        Raises :class:`CommandRefused`: +CME ERROR 930 for a size, 931 for no certificate.
        """
        if trust.anchor is not None:
            self.channel.note("this module has no setting to check the name in a certificate")
            with contextlib.suppress(CommandRefused):  # there is none yet
                self.command(f"AT+KCERTDELETE={_ROOT},{_INDEX}")
            text = f"AT+KCERTSTORE={_ROOT},{len(trust.anchor)},{_INDEX}"
            self.prompted(text, trust.anchor, "CONNECT", timeout_s=40.0)
        self.command("AT+KSSLCFG=0,3")
        auth = 0 if trust.anchor is None else 1
        self.command(f"AT+KSSLCRYPTO={_PROFILE},{_SUITES},{auth},{_INDEX}")

    @abstractmethod
    def _opened(self, configure: str, where: str, *, timeout_s: float) -> int:
        """The session that ``configure`` makes, connected; ``where`` is for the error."""

    def open_tls_socket(self, host: str, port: int, *, timeout_s: float = 150.0) -> int:
        """Raises :class:`SocketError` with the number of +KTCP_NOTIF."""
        configure = f"AT+KTCPCFG={self.cid},3,{quote(host)},{port},,,,,{_PROFILE}"
        return self._opened(configure, f"{host}:{port}", timeout_s=timeout_s)

    @property
    def _https(self) -> str:
        """The parameters of +KHTTPCFG for HTTPS that starts at once."""
        return f',2,"","",1,0,{_PROFILE}'
