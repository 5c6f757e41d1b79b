"""The modem's own clock: set by AT+CCLK or by the network (NITZ)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from harness.clock import ScenarioClock
from harness.virtual_modem.results import AtError

_CCLK = re.compile(r"(\d\d)/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)(?:([+-])(\d\d))?")


class Rtc:
    """Runs on the scenario clock. Without power it falls back to ``epoch``.

    ``utc``: +CCLK shows UTC with the zone as a remark; else local time and its offset (27.007).
    """

    def __init__(
        self, clock: ScenarioClock, zone: tzinfo, epoch: datetime, *, utc: bool = False
    ) -> None:
        self._clock = clock
        self._zone = zone
        self._epoch = epoch
        self.utc = utc
        self.synchronised = False
        self.reset()

    def reset(self) -> None:
        """Power was cut, and there is no battery."""
        self.quarters = 0
        self.synchronised = False
        self._offset = self._epoch - self._clock.now()

    def now(self) -> datetime:
        return self._clock.now() + self._offset

    def network_time(self) -> datetime:
        """The network's local time."""
        return self._clock.now().astimezone(self._zone)

    def network_quarters(self) -> int:
        offset = self.network_time().utcoffset() or timedelta()
        return round(offset / timedelta(minutes=15))

    def synchronise(self) -> None:
        """NITZ came."""
        self._offset = timedelta()
        self.quarters = self.network_quarters()
        self.synchronised = True

    @property
    def _shift(self) -> timedelta:
        """What +CCLK shows, minus UTC."""
        return timedelta() if self.utc else timedelta(minutes=15 * self.quarters)

    def text(self) -> str:
        return f"{self.now() + self._shift:%y/%m/%d,%H:%M:%S}{self.quarters:+03d}"

    def set(self, text: str) -> None:
        match = _CCLK.fullmatch(text)
        if match is None:
            raise AtError(50)
        year, *rest = (int(field) for field in match.groups()[:6])
        month, day, hour, minute, second = rest
        try:
            moment = datetime(
                (1900 if year >= 70 else 2000) + year, month, day, hour, minute, second, tzinfo=UTC
            )
        except ValueError:
            raise AtError(50) from None
        if match[7]:
            self.quarters = int(match[7] + match[8])
        self._offset = moment - self._shift - self._clock.now()
