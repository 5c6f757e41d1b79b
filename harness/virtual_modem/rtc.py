"""The modem's own clock: starts in 1980, is set by AT+CCLK or by the network (NITZ)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from harness.clock import ScenarioClock
from harness.virtual_modem.results import AtError

_UNSET = datetime(1980, 1, 6, tzinfo=UTC)
_CCLK = re.compile(r"(\d\d)/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)(?:([+-])(\d\d))?")


class Rtc:
    """Runs on the scenario clock. BG95/BG96 show UTC with the zone as a remark."""

    def __init__(self, clock: ScenarioClock, zone: tzinfo) -> None:
        self._clock = clock
        self._zone = zone
        self.synchronised = False
        self.reset()

    def reset(self) -> None:
        """Power was cut, and there is no battery."""
        self.quarters = 0
        self.synchronised = False
        self._offset = _UNSET - self._clock.now()

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

    def text(self) -> str:
        return f"{self.now():%y/%m/%d,%H:%M:%S}{self.quarters:+03d}"

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
        self._offset = moment - self._clock.now()
        if match[7]:
            self.quarters = int(match[7] + match[8])
