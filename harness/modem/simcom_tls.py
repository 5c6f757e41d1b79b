"""TLS on SIM7000 and SIM7070/7080/7090: root certificates, SSL contexts, and what uses them.

Sources: SIM7070_SIM7080_SIM7090 Series AT Command Manual V1.05 (§9.2 files, §11.2.1, §12.2.2,
§13.2.2), SSL Application Note V1.00 (§4), SIM7000 Series AT Command Manual V1.06 (§15.2, §17.2.1,
§18.2), SSL Application Note V1.01. From public drivers: the keys of AT+CSSLCFG in lower case,
which firmware of both takes; AT+CACID before AT+CASSLCFG.

Nothing takes a certificate away from a connection again for sure: with an anchor and without one
are two connection numbers and two SSL contexts.
"""

from __future__ import annotations

import contextlib
from abc import ABC

from harness.at.params import quote
from harness.modem.errors import CommandRefused
from harness.modem.simcom import Simcom
from harness.modem.tls import TlsTrust

VERIFIED, CARELESS = 1, 2  #: connection numbers and SSL contexts, with an anchor and without
_FILE = "things-hil-ca.pem"  # at most 20 characters, of AT+SHSSL
_CUSTOMER = 3  # "/customer/", where AT+CSSLCFG takes files from
_FILE_MS = 10_000
_FILE_S = 20.0  # no maximum in the manuals: assumed
TLS_ASSUMED = (
    "a server's certificate must have the name of AT+CSSLCFG sni",
    "AT+SHCONN verifies as AT+CAOPEN does, but gives no number for what it refuses",
)


class SimcomTls(Simcom, ABC):
    """Set-up that TLS sockets and the HTTPS client share."""

    tls_number = CARELESS  #: what :meth:`prepare_tls` decided on

    def prepare_tls(self, trust: TlsTrust) -> None:
        """TLS 1.2; with an anchor: verified with validity, by the module's own clock, and name.

        An anchor of an earlier run is replaced. Raises :class:`CommandRefused`.
        """
        self.tls_number = CARELESS if trust.anchor is None else VERIFIED
        if trust.anchor is not None:
            self._store_anchor(trust.anchor)
        self._ssl("sslversion", "3")
        self._ssl("ignorertctime", "1" if trust.anchor is None else "0")

    def _ssl(self, key: str, value: str) -> None:
        self.command(f'AT+CSSLCFG="{key}",{self.tls_number},{value}')

    def _store_anchor(self, anchor: bytes) -> None:
        """Write it as a file, convert that, and delete it again."""
        try:
            self.command("AT+CFSINIT", timeout_s=_FILE_S)
        except CommandRefused:  # left so by an interrupted run
            self.command("AT+CFSTERM", timeout_s=_FILE_S)
            self.command("AT+CFSINIT", timeout_s=_FILE_S)
        try:
            self._delete_file()  # writing would leave the end of a longer one
            command = f"AT+CFSWFILE={_CUSTOMER},{quote(_FILE)},0,{len(anchor)},{_FILE_MS}"
            self.prompted(command, anchor, "DOWNLOAD", timeout_s=_FILE_MS / 1000 + _FILE_S)
            self.command(f'AT+CSSLCFG="convert",2,{quote(_FILE)}', timeout_s=_FILE_S)
            self._delete_file()
        finally:
            with contextlib.suppress(CommandRefused):
                self.command("AT+CFSTERM", timeout_s=_FILE_S)

    def _delete_file(self) -> None:
        with contextlib.suppress(CommandRefused):  # there is none
            self.command(f"AT+CFSDFILE={_CUSTOMER},{quote(_FILE)}", timeout_s=_FILE_S)

    def ask_for(self, host: str) -> None:
        """The name of the next TLS connection's server (SNI), which older firmware cannot send."""
        try:
            self._ssl("sni", quote(host))
        except CommandRefused:
            self.channel.note("this firmware does not know AT+CSSLCFG sni: no name, not checked")

    @property
    def anchor_name(self) -> str:
        """The converted certificate to verify with, "" for none."""
        return _FILE if self.tls_number == VERIFIED else ""
