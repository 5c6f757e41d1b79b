"""What still has to be delivered, and when to try: the retry policy, without any input or output.

2xx: delivered, never sent again (RESP-ACCEPTED). 4xx: dropped, the same bytes would be refused
again (RESP-MALFORMED, RESP-UNVERIFIED, RESP-UNKNOWN). No response, or a 5xx: the same bytes again,
at most ``TRIES`` times with growing pauses; then the readings are kept for the next report. The
same bytes, because the platform may have accepted them and only its answer got lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from . import senml
from .faults import Faults

TRIES = 4
KEPT = 32  # readings; the oldest go first when a long outage fills the store


@dataclass(slots=True)
class Delivery:
    """One request on its way: ``attempt`` counts from 1, ``due_s`` is monotonic."""

    readings: list[senml.Reading]
    request: bytes
    due_s: float
    attempt: int = 0

    def tells(self, record: senml.Record) -> bool:
        """Whether this record is in it."""
        return any(record in reading.records for reading in self.readings)


class Outbox:
    """One delivery at a time; later reports wait for it in their order."""

    def __init__(
        self,
        identifier: str,
        make_request: Callable[[bytes], bytes],
        retry_base_s: float,
        faults: Faults,
    ) -> None:
        self._identifier = identifier
        self._make_request = make_request
        self._retry_base_s = retry_base_s
        self._faults = faults
        self._waiting: deque[senml.Reading] = deque()
        self._kept: deque[senml.Reading] = deque(maxlen=KEPT)
        self._current: Delivery | None = None

    def add(self, reading: senml.Reading) -> None:
        """Queue a reading for its own uplink."""
        self._waiting.append(reading)

    def due_s(self) -> float | None:
        """When to call ``take`` next (monotonic); None while there is nothing to send."""
        if self._current is not None:
            return self._current.due_s
        return 0.0 if self._waiting else None

    def take(self, now_s: float) -> Delivery | None:
        """The delivery to try now, its attempt counted; None when none is due.

        Raises ValueError for a reading that cannot be written as JSON: it is gone then.
        """
        if self._current is None and self._waiting:
            readings = [*self._kept, self._waiting.popleft()]
            body = senml.build(self._identifier, readings, now_s, self._faults)
            self._kept.clear()
            self._current = Delivery(readings, self._make_request(body), now_s)
        if self._current is None or self._current.due_s > now_s:
            return None
        self._current.attempt += 1
        return self._current

    def accepted(self, now_s: float) -> None:
        """The platform has it."""
        done, self._current = self._current, None
        if "resends-accepted" in self._faults and done is not None and done.attempt == 1:
            self._current = done
            done.due_s = now_s

    def refused(self, now_s: float) -> None:
        """The platform will never take these bytes."""
        if "tight-retry" in self._faults and self._current is not None:
            self._current.due_s = now_s
            return
        self._current = None

    def unanswered(self, now_s: float) -> float | None:
        """Nobody knows: return the pause in seconds until the next try, None when giving up."""
        delivery = self._current
        if delivery is None:
            return None
        if "never-retries" in self._faults:
            self._current = None
            return None
        if delivery.attempt >= TRIES:
            self._kept.extend(delivery.readings)
            self._current = None
            return None
        pause_s = self._retry_base_s * 2.0 ** (delivery.attempt - 1)
        delivery.due_s = now_s + pause_s
        return pause_s
