"""u-blox SARA-R4, SARA-R5/LARA-R6 and SARA-U2/G3: where they differ.

Sources as in :mod:`harness.modem.ublox`.
"""

from __future__ import annotations

from harness.at.params import quote
from harness.line import EventTimeout
from harness.modem.abilities import Abilities, HttpAbility
from harness.modem.errors import CommandRefused, PdpRefused
from harness.modem.ublox import HEADER_MAX, MOST, Ublox, dialect

_SOURCES = (
    "SARA-R4 AT commands manual UBX-17003787",
    "SARA-R5 AT commands manual UBX-19047455",
    "u-blox cellular AT commands manual UBX-13002752",
    "SARA-R41 application development guide UBX-18019856",
)
_ASSUMED = (
    "nothing is said at power-up",
    "+UUSOCL comes when all data of a closed connection were read",
    "the HTTP client speaks HTTP/1.1 (2G and 3G modules were seen to speak 1.0)",
    "an alternative name of the certificate fits the expected server host name",
)
_HTTP = HttpAbility(custom_header=True, header_count=5, header_max=2 * HEADER_MAX + 2, tls=True)


class SaraR4(Ublox):
    """LTE-M: no data profiles, context 1 is LTE's default bearer."""

    family = "ublox-sara-r4"
    dialect = dialect(gap_s=0.1)  # ubxlib's pause for R410 and R412
    abilities = Abilities(
        title="u-blox SARA-R404M, SARA-R410M, SARA-R412M",
        models=("SARA-R404M", "SARA-R410M", "SARA-R412M"),
        makers="u-blox",
        claims=r"^SARA-R4",
        sockets=7,
        send_max=MOST,
        read_max=MOST,
        receive="buffered",
        http=_HTTP,
        tls=True,
        power_off="AT+CPWROFF",
        sources=_SOURCES,
        assumed=_ASSUMED,
    )


class SaraR5(Ublox):
    """LTE-M with data profile 0 on context 1, usable once +UUPSDA came."""

    family = "ublox-sara-r5"
    dialect = dialect(gap_s=0.02)  # ubxlib's pause for R5
    abilities = Abilities(
        title="u-blox SARA-R500, SARA-R510, SARA-R520, LARA-R6",
        models=("SARA-R500", "SARA-R510", "SARA-R520", "LARA-R6"),
        makers="u-blox",
        claims=r"^(?:SARA-R5|LARA-R6)",
        sockets=7,
        send_max=MOST,
        read_max=MOST,
        receive="buffered",
        http=_HTTP,
        tls=True,
        power_off="AT+CPWROFF",
        sources=_SOURCES,
        assumed=_ASSUMED,
    )

    def activate(self, apn: str, *, timeout_s: float = 150.0) -> str:
        """The context, then the profile that maps onto it."""
        super().activate(apn, timeout_s=timeout_s)
        if self.profile_active():
            return self._context_address(apn)
        self.command("AT+UPSD=0,0,0")  # IPv4
        self.command("AT+UPSD=0,100,1")  # mapped onto context 1
        self.channel.discard(lambda urc: urc.text.startswith("+UUPSDA:"))
        self._refusable(apn, "AT+UPSDA=0,3", 180.0)
        try:
            urc = self.channel.wait_for("+UUPSDA:", timeout_s=timeout_s)
        except EventTimeout as error:
            raise PdpRefused(f"the profile with APN {apn} does not come up: {error}") from error
        if not urc.text.startswith("+UUPSDA: 0"):
            raise PdpRefused(f"the profile with APN {apn} does not come up: {urc.text}")
        return self._context_address(apn)

    def deactivate(self) -> None:
        try:
            self.command("AT+UPSDA=0,4", timeout_s=180.0)
        except CommandRefused:
            super().deactivate()


class SaraU2(Ublox):
    """2G and 3G: the profile has the APN; the HTTP client sets no header of one's own."""

    family = "ublox-sara-u2"
    dialect = dialect(gap_s=0.05)  # ubxlib's pause for U201
    abilities = Abilities(
        title="u-blox SARA-U201, SARA-U260, SARA-U270, SARA-G3",
        models=("SARA-U201", "SARA-U260", "SARA-U270", "SARA-G3"),
        makers="u-blox",
        claims=r"^SARA-[UG]",
        sockets=7,
        send_max=MOST,
        read_max=MOST,
        receive="buffered",
        # Its HTTPS is of no use: an uplink of an Internet device needs the header it cannot send.
        http=HttpAbility(custom_header=False),
        tls=True,
        tls_sni=False,
        power_off="AT+CPWROFF",
        sources=_SOURCES,
        assumed=_ASSUMED,
    )
    registrations = ("CGREG", "CREG")

    def activate(self, apn: str, *, timeout_s: float = 150.0) -> str:
        """+UPSD with the APN, +UPSDA, and the address of +UPSND."""
        self.command(f'AT+CGDCONT=1,"IP",{quote(apn)}')
        if not self.profile_active():
            self.command(f"AT+UPSD=0,1,{quote(apn)}")
            self.command('AT+UPSD=0,7,"0.0.0.0"')
            self._refusable(apn, "AT+UPSDA=0,3", max(timeout_s, 180.0))
        fields = self.fields("AT+UPSND=0,0")
        address = fields[2].text if len(fields) > 2 else ""
        if address in ("", "0.0.0.0"):
            raise PdpRefused(f"the profile with APN {apn} has no address")
        return address

    def deactivate(self) -> None:
        self.command("AT+UPSDA=0,4", timeout_s=180.0)
