"""SIMCom SIM800 and SIM900.

Sources: as :mod:`harness.modem.simcom_cip`; SIM7000 Series HTTP Application Note V1.01 for the
client, whose commands SIM800 shares; ``USERDATA`` and ``AT+SAPBR`` as field reports and TinyGSM
have them. No SIM800 manual was at hand.

There is no TLS here: AT+CIPSSL and AT+HTTPSSL speak SSL 2, SSL 3 and TLS 1.0 (SIM800 Series SSL
Application Note V1.02 as users quote it, who find no firmware with TLS 1.2), SIM900 and older
firmware of SIM800 know them not at all.
"""

from __future__ import annotations

from harness.at.dialect import Binary, Dialect, UrcKind, always
from harness.at.params import quote
from harness.modem.abilities import Abilities, HttpAbility
from harness.modem.simcom_cip import BEARER_S, CIP_FINALS, CIP_URCS, SimcomCip
from harness.modem.simcom_http import HTTP_S, HttpInitClient

_BEARER_OFF_S = 65.0
DIALECT = Dialect(
    urcs=(UrcKind("+HTTPACTION:", always), UrcKind("+SAPBR 1: DEACT", always), *CIP_URCS),
    finals=CIP_FINALS,
    probe="AT+CMEE?",
)


class Simcom800(SimcomCip, HttpInitClient):
    """2G: sockets of ``AT+CIPSTART``, and the client of ``AT+HTTPINIT`` on its own bearer."""

    family = "simcom-800"
    dialect = DIALECT
    abilities = Abilities(
        title="SIMCom SIM800, SIM900",
        models=("SIM800", "SIM808", "SIM868", "SIM900"),
        makers="SIMCOM",
        claims=r"SIM(?:8[046]0|808|868|900)(?!\d)",
        sockets=6,
        send_max=1460,
        read_max=1460,
        receive="buffered",
        http=HttpAbility(custom_header=True, body_max=319_488, header_count=1),
        power_off="AT+CPOWD=1",
        sources=(
            "SIM7000 Series AT Command Manual V1.06 §8.2 (the same CIP commands)",
            "SIM7000 Series HTTP Application Note V1.01",
            "TinyGSM TinyGsmClientSIM800.h",
        ),
        assumed=(
            "firmware knows USERDATA: older refuses it",
            "the HTTP bearer and the sockets' context can be up together",
            "what is in the buffer can be read after CLOSED",
            "a body is at most 319488 bytes",
            "0x1A and 0x1B are data in AT+CIPSEND with a length",
            "no firmware has TLS 1.2 (AT+CIPSSL, AT+HTTPSSL: 1.0 at most), so no TLS here",
        ),
    )
    registrations = ("CREG", "CGREG")
    data_time = 30_000  # ms
    _apn = ""

    def activate(self, apn: str, *, timeout_s: float = 150.0) -> str:
        """Also remembers the APN for the bearer of the HTTP client."""
        self._apn = apn
        return super().activate(apn, timeout_s=timeout_s)

    def deactivate(self) -> None:
        """The context of the sockets, and the bearer of the HTTP client."""
        super().deactivate()
        if self._bearer_open():
            self.command("AT+SAPBR=0,1", timeout_s=_BEARER_OFF_S)

    def _bearer_open(self) -> bool:
        fields = self.fields("AT+SAPBR=2,1")
        return len(fields) > 1 and fields[1].number == 1

    def _http_start(self) -> None:
        """The client needs bearer 1 (AT+SAPBR), which is not the context of the sockets."""
        if not self._bearer_open():
            self.command('AT+SAPBR=3,1,"Contype","GPRS"')
            if self._apn:
                self.command(f'AT+SAPBR=3,1,"APN",{quote(self._apn)}')
            self._refusable(self._apn, "AT+SAPBR=1,1", BEARER_S)
        super()._http_start()

    def _http_parameters(self) -> tuple[str, ...]:
        return ('"CID",1',)

    def _http_body(self, length: int) -> bytes:
        """The body by count before ``OK``."""
        read = self.channel.read_binary("AT+HTTPREAD", Binary("+HTTPREAD:"), timeout_s=HTTP_S)
        return self.checked("AT+HTTPREAD", read).data
