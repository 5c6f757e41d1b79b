"""Timeline events as a stream of server-sent events."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import AsyncIterator

from harness.evidence import Event, Timeline

_MAX_WAITING = 2_000
_KEEP_ALIVE_S = 10.0


class Feed:
    """Hands each event of a timeline to every subscriber, from whatever thread recorded it.

    A subscriber that comes back gets what it missed, as far as the timeline still holds it. One
    that does not keep up loses events, and is told so with an event ``lost``.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._lock = threading.Lock()
        self._subscribers: set[_Subscriber] = set()
        self._closed = False
        timeline.listen(self._publish)

    def _publish(self, event: Event) -> None:
        with self._lock:
            subscribers = tuple(self._subscribers)
        for subscriber in subscribers:
            subscriber.put(event)

    def close(self) -> None:
        """End all streams."""
        with self._lock:
            self._closed = True
            subscribers = tuple(self._subscribers)
        for subscriber in subscribers:
            subscriber.end()

    def export(self) -> str:
        """The events that are kept, as JSON lines: a timeline file."""
        return "".join(f"{event.to_line()}\n" for event in self._timeline.events())

    async def stream(
        self, kinds: tuple[str, ...] = (), after: int | None = None, *, named: bool = True
    ) -> AsyncIterator[str]:
        """Server-sent events whose kind begins with one of ``kinds`` (all without any).

        From now on, or from the one behind sequence number ``after``. ``data`` is the event as
        JSON, ``id`` its sequence number and, when ``named``, ``event`` its kind.
        """
        subscriber = _Subscriber(asyncio.get_running_loop(), kinds)
        with self._lock:
            if self._closed:
                return
            self._subscribers.add(subscriber)
        try:
            yield "retry: 1000\n: connected\n\n"
            newest = 0
            if after is not None:
                missed, gap = self._missed(after)
                newest = missed[-1].seq if missed else 0
                if gap:
                    yield _lost(gap)
                yield "".join(_framed(event, named) for event in missed if subscriber.wants(event))
            while not subscriber.ended:
                events, lost = await subscriber.take(_KEEP_ALIVE_S)
                text = "".join(_framed(event, named) for event in events if event.seq > newest)
                if lost:
                    text += _lost(lost)
                yield text or ": still here\n\n"
        finally:
            with self._lock:
                self._subscribers.discard(subscriber)

    def _missed(self, after: int) -> tuple[list[Event], int]:
        """The events behind ``after`` that are still kept, and how many are not."""
        kept = self._timeline.events()
        if not kept or after > kept[-1].seq:  # the number comes from an earlier process
            return kept, 0
        return [event for event in kept if event.seq > after], max(0, kept[0].seq - after - 1)


def _framed(event: Event, named: bool) -> str:
    name = f"event: {event.kind}\n" if named else ""
    return f"id: {event.seq}\n{name}data: {event.to_line()}\n\n"


def _lost(count: int) -> str:
    return f"event: lost\ndata: {json.dumps({'lost': count})}\n\n"


class _Subscriber:
    def __init__(self, loop: asyncio.AbstractEventLoop, kinds: tuple[str, ...]) -> None:
        self.ended = False
        self._kinds = kinds
        self._loop = loop
        self._lock = threading.Lock()
        self._waiting: deque[Event] = deque()
        self._lost = 0
        self._woken = asyncio.Event()

    def wants(self, event: Event) -> bool:
        return not self._kinds or event.kind.startswith(self._kinds)

    def put(self, event: Event) -> None:
        if not self.wants(event):
            return
        with self._lock:
            if len(self._waiting) >= _MAX_WAITING:
                self._lost += 1
                return
            self._waiting.append(event)
            first = len(self._waiting) == 1
        if first:
            self._wake()

    def end(self) -> None:
        self.ended = True
        self._wake()

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    async def take(self, patience_s: float) -> tuple[list[Event], int]:
        """What came since, and how many events were lost; empty when the patience ran out."""
        try:
            await asyncio.wait_for(self._woken.wait(), patience_s)
        except TimeoutError:
            return [], 0
        self._woken.clear()
        with self._lock:
            events, lost = list(self._waiting), self._lost
            self._waiting.clear()
            self._lost = 0
        return events, lost
