"""Timeline events as a stream of server-sent events."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

from harness.evidence import Event

_MAX_WAITING = 1_000
_KEEP_ALIVE_S = 10.0


class Feed:
    """Hands each event to every subscriber. :meth:`publish` may be called from any thread.

    A subscriber that does not keep up loses events and is told how many.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: set[_Subscriber] = set()
        self._closed = False

    def publish(self, event: Event) -> None:
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
            subscriber.put(None)

    async def stream(self) -> AsyncIterator[str]:
        """Server-sent events from now on: ``event`` is the kind, ``data`` the event as JSON."""
        subscriber = _Subscriber(asyncio.get_running_loop())
        with self._lock:
            if self._closed:
                return
            self._subscribers.add(subscriber)
        try:
            yield ": connected\n\n"
            while True:
                try:
                    event = await asyncio.wait_for(subscriber.queue.get(), _KEEP_ALIVE_S)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if event is None:
                    return
                if subscriber.lost:
                    lost, subscriber.lost = subscriber.lost, 0
                    yield f": {lost} events were lost, read faster\n\n"
                yield f"id: {event.seq}\nevent: {event.kind}\ndata: {event.to_line()}\n\n"
        finally:
            with self._lock:
                self._subscribers.discard(subscriber)


class _Subscriber:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self.lost = 0
        self._loop = loop

    def put(self, event: Event | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._put, event)

    def _put(self, event: Event | None) -> None:
        if event is not None and self.queue.qsize() >= _MAX_WAITING:
            self.lost += 1
        else:
            self.queue.put_nowait(event)
