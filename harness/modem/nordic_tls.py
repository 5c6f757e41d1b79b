"""TLS on nRF91: a root CA under a security tag of the modem, secure sockets of the application.

Sources: nRF91 AT Commands Command Reference Guide, %CMNG (written only while the modem is not
active); sdk-nrf, applications/serial_lte_modem/doc/SOCKET_AT_commands.rst (#XSSOCKET,
#XSSOCKETOPT) and src/slm_at_host.c (line ends between quotes). Seen on mfw_nrf91x1_2.0.2: PEM lines
must end with LF, CR LF is +CME ERROR: 527.
"""

from __future__ import annotations

import contextlib
import hashlib
from abc import abstractmethod

from harness.at.params import fields_of, quote
from harness.errors import UsageError
from harness.line import AtChannel
from harness.modem.errors import CommandRefused
from harness.modem.sockets import SocketModem
from harness.modem.tls import TlsTrust

SEC_TAG = 20_408  #: the harness' own; 16842753 and its neighbours are nRF Cloud's
_ROOT_CA = 0
_TLS_HOSTNAME = 2
_ACTIVE = frozenset({1, 2, 21})  #: +CFUN: neither written nor deleted then
_CONTENT_MAX = 4000  #: bytes; the application takes lines of 4096


class NordicTls(SocketModem):
    """The TLS part; the family gives the plain one."""

    def __init__(self, channel: AtChannel) -> None:
        super().__init__(channel)
        self._verify = 2  # TLS_PEER_VERIFY: required

    def prepare_tls(self, trust: TlsTrust) -> None:
        """Have the anchor in the modem, and verify with it and with the name, or nothing.

        To write one the modem goes offline; it is registered again when this returns, and what was
        connected is not. Nothing is written when the modem holds that anchor already. Raises
        :class:`CommandRefused`, ``NotRegistered`` and ``PdpRefused`` when the network does not
        come back, ``UsageError`` for an anchor that no command line can carry.
        """
        self._verify = 0 if trust.anchor is None else 2
        if trust.anchor is None:
            return
        self.channel.note("whether the modem checks a certificate's validity is not documented")
        content = trust.anchor.decode("latin-1").replace("\r\n", "\n")
        if '"' in content or len(content) > _CONTENT_MAX:
            raise UsageError(
                f"the trust anchor must be one PEM certificate of at most {_CONTENT_MAX} bytes"
            )
        if not self._holds(content):
            self._write_offline(content)

    def _holds(self, content: str) -> bool:
        """By the digest that the list shows."""
        wanted = hashlib.sha256(content.encode("latin-1")).hexdigest()
        lines = self.command(f"AT%CMNG=1,{SEC_TAG},{_ROOT_CA}").lines
        listed = [fields_of(line) for line in lines if line.startswith("%CMNG:")]
        return any(len(one) > 2 and one[2].text.lower() == wanted for one in listed)

    def _write_offline(self, content: str) -> None:
        functionality = self.fields("AT+CFUN?")[0].number
        active = functionality in _ACTIVE
        apn = self.configured_apn()
        if active:
            self.set_radio(4)
        try:
            with contextlib.suppress(CommandRefused):  # there is none yet
                self.command(f"AT%CMNG=3,{SEC_TAG},{_ROOT_CA}")
            self.command(f'AT%CMNG=0,{SEC_TAG},{_ROOT_CA},"{content}"', timeout_s=15.0)
        finally:
            if active:
                self.set_radio(functionality or 1)
        if active:
            self.wait_registered(poll_s=0.5)
            self._context_address(apn)

    @abstractmethod
    def _opened(
        self, command: str, host: str, port: int, *options: str, timeout_s: float = 150.0
    ) -> int:
        """A socket that ``command`` opens and ``options`` set up, connected."""

    def open_tls_socket(self, host: str, port: int, *, timeout_s: float = 150.0) -> int:
        """TLS 1.2. Raises :class:`SocketError`, always with -1: the application names no number."""
        return self._opened(
            f"AT#XSSOCKET=1,1,0,{SEC_TAG},{self._verify}",
            host,
            port,
            f"AT#XSSOCKETOPT=1,{_TLS_HOSTNAME},{quote(host)}",
            timeout_s=timeout_s,
        )

    @property
    def _https(self) -> str:
        """The parameters of #XHTTPCCON for HTTPS; <peer_verify> is there from NCS 2.6 on."""
        return f",{SEC_TAG}" if self._verify else f",{SEC_TAG},0"
