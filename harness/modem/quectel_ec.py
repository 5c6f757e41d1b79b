"""Quectel EC21/EC25/EG91/EG95: as BG9x, with the differences of the EC2x&EG9x manuals.

Sources: EC2x&EG2x&EG9x AT Commands Manual (``RDY`` 2.5 to 13 s after power-up, +CTZU), EC2x&EG9x
TCP/IP AT Commands Manual, EC2x&EG9x HTTP(S) AT Commands Manual (body up to 1024000 bytes). Codes
come out of one port only, a USB one from the factory (+QURCCFG ``urcport``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from harness.modem.abilities import HttpAbility
from harness.modem.errors import BadAnswer, CommandRefused, ModemError
from harness.modem.quectel_bg import QuectelBg

_URC_PORT = 'AT+QURCCFG="urcport"'
_LOCAL_TIME = "3"  #: +CTZU: the network's local time goes into the clock


class QuectelEc(QuectelBg):
    """LTE Cat 1 and Cat 4: no ``APP RDY``, a larger HTTP body, a clock that may be local."""

    family = "quectel-ec"
    abilities = replace(
        QuectelBg.abilities,
        title="Quectel EC21, EC25, EG91, EG95",
        models=("EC21", "EC25", "EG91", "EG95"),
        claims=r"^E[CG](?:2[015]|9[15])",
        http=HttpAbility(
            custom_header=True, own_host=True, url_max=700, body_max=1_024_000, tls=True
        ),
        sources=(
            "EC2x&EG2x&EG9x AT Commands Manual",
            "EC2x&EG9x TCP/IP AT Commands Manual",
            "EC2x&EG9x HTTP(S) AT Commands Manual",
            "EC2x&EG9x&EM05 SSL AT Commands Manual V1.0",
        ),
        assumed=(
            "the module connects to the address of AT+QHTTPURL whatever the Host field says",
            'AT+QURCCFG="urcport","all" is there; firmware without it keeps its port',
            "AT+CCLK? shows UTC unless AT+CTZU is 3",
            "+QHTTPREAD: follows the body at once, codes in between excepted",
        ),
    )
    ready_urcs = ("RDY",)
    booted_urc = "RDY"

    def _wake(self) -> None:
        """Have codes come out of every port, as nothing tells which one this line is.

        The modem keeps that without power, so it is set only when it is otherwise.
        """
        super()._wake()
        try:
            if '"all"' not in self.line(_URC_PORT):
                self.command(f'{_URC_PORT},"all"')
        except (CommandRefused, BadAnswer):
            self.channel.note(
                'cannot send codes to every port; set AT+QURCCFG="urcport" to the one in use'
            )

    def clock(self) -> datetime:
        """UTC with the zone as a remark, or local time when ``AT+CTZU`` is 3."""
        self._learn_zone()
        return super().clock()

    def set_clock(self, moment: datetime) -> None:
        self._learn_zone()
        super().set_clock(moment)

    def _learn_zone(self) -> None:
        try:
            local = self.line("AT+CTZU?") == _LOCAL_TIME
        except ModemError:
            local = False
        self.clock_shows_utc = not local
