"""TLS on Quectel modules: trust anchors in UFS, SSL contexts, and TLS sockets.

Sources: BG95&BG77 SSL Application Note V1.0, BG96 SSL AT Commands Manual V1.0, EC2x&EG9x&EM05 SSL
AT Commands Manual V1.0, Quectel FILE application notes. Seen on modules: ``seclevel`` 1 without
``sni`` 1 fails on servers that share an address; ``ignorelocaltime`` is 1 from the factory, so that
validity is not checked; all refused certificates give 566.
"""

from __future__ import annotations

import contextlib

from harness.at.dialect import Binary, UrcKind, always
from harness.at.params import fields_of, quote
from harness.line import EventTimeout
from harness.modem.errors import BadAnswer, CommandRefused, SocketError
from harness.modem.sockets import SocketModem, UrcTest, told
from harness.modem.tls import TlsTrust

SSL_CONTEXT = 1
TLS_CONNECTION = 100  #: numbers of TLS connections: their client id is apart from plain ids
_FILE = "things-hil-ca.pem"

URCS = (
    UrcKind("+QSSLOPEN:", always),
    UrcKind('+QSSLURC: "recv"', always, data_field=2),
    UrcKind("+QSSLURC:", always),
)


class QuectelTls(SocketModem):
    """The TLS part; the family gives the plain one."""

    def prepare_tls(self, trust: TlsTrust) -> None:
        """TLS 1.2, all suites; with an anchor: verified with name, validity and server name.

        An anchor of an earlier run is replaced. Raises :class:`CommandRefused` where the module
        does not know a key, but for ``checkhost`` and ``sni``, which older firmware lacks.
        """
        if trust.anchor is not None:
            self._upload(trust.anchor)
            self._ssl("cacert", quote(_FILE))
        self._ssl("sslversion", "4")
        self._ssl("ciphersuite", "0XFFFF")
        self._ssl("seclevel", "0" if trust.anchor is None else "1")
        self._ssl("ignorelocaltime", "1" if trust.anchor is None else "0")
        for key in ("sni", "checkhost"):
            try:
                self._ssl(key, "1")
            except CommandRefused:
                self.channel.note(f"this firmware does not know AT+QSSLCFG {key}")
        # The built-in client takes another context only when it is told so.
        with contextlib.suppress(CommandRefused):
            self.command(f'AT+QHTTPCFG="sslctxid",{SSL_CONTEXT}')

    def _ssl(self, key: str, value: str) -> None:
        self.command(f'AT+QSSLCFG="{key}",{SSL_CONTEXT},{value}')

    def _upload(self, data: bytes) -> None:
        with contextlib.suppress(CommandRefused):  # there is none yet
            self.command(f"AT+QFDEL={quote(_FILE)}")
        command = f"AT+QFUPL={quote(_FILE)},{len(data)},30"
        answer = self.prompted(command, data, "CONNECT", timeout_s=40.0)
        seen = [fields_of(line) for line in answer.lines if line.startswith("+QFUPL:")]
        if not seen or seen[0][0].number != len(data):
            raise BadAnswer(f"{command} took {answer.lines or 'nothing'}, {len(data)} bytes given")

    def open_tls_socket(self, host: str, port: int, *, timeout_s: float = 150.0) -> int:
        """TLS in buffer mode. Raises :class:`SocketError` with the 5xx number."""
        client = 0
        own = (
            f"+QSSLOPEN: {client},",
            f'+QSSLURC: "recv",{client}',
            f'+QSSLURC: "closed",{client}',
        )
        self.channel.discard(lambda urc: urc.text.startswith(own))
        self.command(f"AT+QSSLOPEN={self.cid},{SSL_CONTEXT},{client},{quote(host)},{port},0")
        try:
            urc = self.channel.wait_for(f"+QSSLOPEN: {client},", timeout_s=timeout_s)
        except EventTimeout:
            self._close_tls(client)
            raise
        code = fields_of(urc.text)[1].number
        if code != 0:
            self._close_tls(client)
            raise SocketError(
                f"no TLS connection to {host}:{port} (566 also stands for a refused certificate)",
                -1 if code is None else code,
            )
        return TLS_CONNECTION + client

    def _close_tls(self, client: int) -> None:
        self.command(f"AT+QSSLCLOSE={client}", timeout_s=15.0)

    def _send_tls(self, client: int, piece: bytes) -> None:
        text = f"AT+QSSLSEND={client},{len(piece)}"
        if not self.channel.execute_with_prompt(text, piece, timeout_s=120.0).ok:
            raise SocketError(f"{text} was not sent", -1)

    def _receive_tls(self, client: int) -> bytes:
        command = f"AT+QSSLRECV={client},{self.abilities.read_max}"
        return self.checked(command, self.channel.read_binary(command, Binary("+QSSLRECV:"))).data

    @staticmethod
    def _arrival_tls(client: int) -> UrcTest:
        return told(f'+QSSLURC: "recv",{client}')

    @staticmethod
    def _closing_tls(client: int) -> UrcTest:
        return told(f'+QSSLURC: "closed",{client}')
