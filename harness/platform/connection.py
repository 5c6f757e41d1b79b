"""One connection of the ingestion server: bytes to requests, answers to bytes.

Runs on the loop's thread only. Requests of one connection are answered in order; while an answer is
held back (a fault, or a peer that does not read) what follows waits in ``_events``.
"""

from __future__ import annotations

import asyncio
import math
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol, cast

from harness.clock import WorkCounter, monotonic
from harness.platform.crowd import Crowd, Place
from harness.platform.faults import Delivery, Step
from harness.platform.head import Refusal
from harness.platform.responses import CONTINUE
from harness.platform.secured import Secured
from harness.platform.uplink import Uplink
from harness.platform.wire import Event, Expecting, Refused, Request, RequestReader

if TYPE_CHECKING:
    from harness.platform.settings import PlatformSettings

_LINGER_S = 2.0
_MAX_WAITING_BYTES = 1_048_576
_SMALL_BYTES = 65_536  # so much of a request may anybody have under way, however full it is
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Answer(Protocol):
    """What goes out: ``data``, or step by step what ``delivery`` says. ``close``: then it ends."""

    data: bytes
    close: bool
    delivery: Delivery | None


Hold = Callable[[Uplink, Callable[[Uplink], object]], object]
"""Keeps an answer back, and calls the function with it when it may go."""


class Handler(Protocol):
    """The ingestion behind the connections; called on the loop's thread.

    ``hold`` is None when answers go at once. ``nth`` counts the requests of a connection from 1.
    ``crowd`` has the connections of all ports.
    """

    settings: PlatformSettings
    work: WorkCounter
    hold: Hold | None
    crowd: Crowd

    def answer(self, peer: str, request: Request, secured: Secured | None, nth: int) -> Answer: ...

    def answer_refused(self, peer: str, refused: Refused, secured: Secured | None) -> Uplink: ...

    def answer_incomplete(
        self, peer: str, reader: RequestReader, waited_s: float, secured: Secured | None
    ) -> Uplink: ...

    def finished(self, answer: Answer, whole: bool) -> None: ...

    def aborted(self, peer: str, why: str, reader: RequestReader | None) -> None: ...

    def swept(self) -> None: ...


class Connection(asyncio.Protocol):
    """See the module. ``open_connections`` is the server's set; it holds this while it lives.

    ``secured`` says how the bytes came when they came to the HTTPS port.
    """

    __slots__ = (
        "_activity",
        "_answer",
        "_backlog",
        "_blocked",
        "_charged",
        "_closing",
        "_counted",
        "_eof",
        "_events",
        "_handler",
        "_held",
        "_linger_since",
        "_loop",
        "_open",
        "_reader",
        "_secured",
        "_seen",
        "_seen_served",
        "_served",
        "_since",
        "_started",
        "_steps",
        "_timer",
        "_told",
        "_transport",
        "peer",
    )

    def __init__(
        self,
        handler: Handler,
        open_connections: set[Connection],
        secured: Secured | None = None,
    ) -> None:
        self._handler = handler
        self._secured = secured
        self._open = open_connections
        self._reader = RequestReader(handler.settings.limits)
        self._events: deque[Event] = deque()
        self._answer: Answer | None = None  # the one that is not yet written in full
        self._steps: Iterator[Step] = iter(())  # what is left of it
        self._timer: asyncio.TimerHandle | None = None
        self._blocked = self._closing = self._counted = self._eof = self._held = False
        self._activity = self._seen = self._served = self._seen_served = self._backlog = 0
        self._charged = 0  # bytes that the crowd counts for this connection
        self._told = False  # trailing bytes were a finding of their request already
        self._since = self._started = monotonic()
        self._linger_since: float | None = None
        self.peer = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._loop = asyncio.get_running_loop()
        # Nothing may wait unseen in a buffer: "written" means handed to the kernel in full.
        self._transport.set_write_buffer_limits(high=0)
        address = transport.get_extra_info("peername") or ("?", 0)
        self.peer = f"{address[0]}:{address[1]}"
        if not self._handler.crowd.admit(self, self._since):
            self._handler.aborted(self.peer, "too many connections", None)
            self._closing = True
            self._transport.abort()
        self._open.add(self)

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        self._activity += 1
        if not self._counted:
            self._counted = True
            self._handler.work.begin("http:" + self.peer)
        events = self._reader.feed(data)
        if self._answer is not None or self._events:
            self._events.extend(events)
            self._backlog += len(data)
            if self._backlog > _MAX_WAITING_BYTES:
                self._transport.pause_reading()
            self._charge()
            return
        if self._charged or not events:
            self._charge()
        if len(events) == 1 and type(events[0]) is Request:
            self._serve(events[0])
            if self._answer is None and self._reader.idle:
                self._rest()
            return
        self._events.extend(events)
        self._pump()

    def _charge(self) -> None:
        """Account for what is held of requests that are not complete or not answered. When that is
        too much for all together, whoever adds to it goes, unless it is small."""
        crowd, held = self._handler.crowd, self._reader.held + self._backlog
        crowd.held += held - self._charged
        self._charged = held
        if crowd.held > self._handler.settings.max_held_bytes and held > _SMALL_BYTES:
            self._handler.aborted(self.peer, "too much is under way at once", self._reader)
            self.abort()

    def eof_received(self) -> bool:
        self._eof = True
        if self._answer is not None and not self._closing:
            return True  # a half-closed peer still reads its response
        self._lost("the peer closed")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.discard(self)
        self._handler.crowd.leave(self)
        self._handler.crowd.held -= self._charged
        self._charged = 0
        if not self._closing:
            self._lost("the peer reset the connection" if exc else "the connection was closed")
        self._unfinished()
        self._events.clear()
        self._closing = True
        self._rest()

    def pause_writing(self) -> None:
        self._blocked = True

    def resume_writing(self) -> None:
        self._blocked = False
        if self._answer is not None and self._timer is None and not self._held:
            self._next_step()

    def check(self, now: float) -> None:
        """Called now and then with the host time: acts on time-outs."""
        times = self._handler.settings.times
        if self._closing:
            if self._linger_since is not None and now - self._linger_since > _LINGER_S:
                self._transport.abort()
            return
        if self._served != self._seen_served:
            self._seen_served, self._started = self._served, now
        if self._activity != self._seen:
            self._seen, self._since = self._activity, now
        if self._answer is not None:
            if self._blocked and self._timer is None and now - self._since > times.write_s:
                self._handler.aborted(self.peer, "the peer does not read its response", None)
                self.abort()
        elif self._reader.idle:
            self._started = now
            if now - self._since > times.idle_s:
                self._close()
        elif now - self._since > times.stall_s or now - self._started > times.request_s:
            answer = self._handler.answer_incomplete(
                self.peer, self._reader, now - self._since, self._secured
            )
            self._send(answer)

    def place(self, now: float) -> Place | None:
        """See :class:`~harness.platform.crowd.Member`. What the last sweep has not seen yet counts
        as of now."""
        if self._closing:  # it lingers for what may still come
            return Place(0, 0.0)
        if self._answer is not None or self._events:
            return None
        if self._reader.idle:
            return Place(0, self._since if self._activity == self._seen else math.inf)
        slow = now - self._started > self._handler.settings.times.stall_s
        return Place(1, self._started) if slow else None

    def make_room(self, why: str) -> None:
        """End at once: the place is needed."""
        if self._closing:
            self.abort()
        elif self._reader.idle:
            self._close()
        else:
            self._handler.aborted(self.peer, why, self._reader)
            self.abort()

    def drop(self, why: str) -> None:
        """Drop the connection now, and say so if that broke anything off."""
        if not self._closing:
            self._lost(why)
        self.abort()

    def abort(self) -> None:
        """Drop the connection now. The loop tells of its end later, perhaps when nobody takes notes
        any more, so an answer that was under way is accounted for here."""
        self._closing = True
        self._unfinished()
        self._transport.abort()

    def _unfinished(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        answer, self._answer = self._answer, None
        if answer is not None:
            self._handler.finished(answer, False)

    def _pump(self) -> None:
        while self._events and self._answer is None and not self._closing:
            event = self._events.popleft()
            if isinstance(event, Request):
                self._serve(event)
            elif isinstance(event, Expecting):
                self._transport.write(CONTINUE)
            else:
                told = self._told and event.refusal is Refusal.TRAILING
                if told:
                    self._close_lingering()
                else:
                    self._send(self._handler.answer_refused(self.peer, event, self._secured))
        if self._answer is None:
            if self._backlog > _MAX_WAITING_BYTES and not self._closing:
                self._transport.resume_reading()
            self._backlog = 0
            if self._charged:
                self._charge()
            if self._closing or (not self._events and self._reader.idle):
                self._rest()
            if self._eof and not self._closing:
                self._close()

    def _serve(self, request: Request) -> None:
        self._served += 1
        self._told = bool(request.trailing)
        self._send(self._handler.answer(self.peer, request, self._secured, self._served))

    def _send(self, answer: Answer) -> None:
        hold = self._handler.hold
        if hold is None or not isinstance(answer, Uplink):  # only an uplink has to be kept
            self._begin(answer)
        else:
            self._answer, self._held = answer, True
            hold(answer, self._released)

    def _released(self, answer: Uplink) -> None:
        """The answer that was held may go, if the peer is still there."""
        if self._answer is answer and self._held:
            self._answer, self._held = None, False
            self._begin(answer)
            if self._answer is None:
                self._pump()

    def _begin(self, answer: Answer) -> None:
        delivery = answer.delivery
        if delivery is None:
            self._transport.write(answer.data)
            if self._blocked:
                self._answer, self._steps = answer, iter(())
            else:
                self._finish(answer, True)
            return
        self._answer, self._steps = answer, iter(delivery.steps)
        self._next_step()

    def _next_step(self) -> None:
        """Go on with the answer in hand: schedule its next piece, or finish it."""
        for step in self._steps:
            if step.delay_s > 0:
                self._timer = self._loop.call_later(step.delay_s, self._write_step, step)
                return
            if step.data:
                self._transport.write(step.data)
                if self._blocked:
                    return
        answer, self._answer = self._answer, None
        if answer is not None:
            self._finish(answer, not self._eof)
            self._pump()

    def _write_step(self, step: Step) -> None:
        self._timer = None
        if step.data:
            self._transport.write(step.data)
        if not self._blocked:
            self._next_step()

    def _finish(self, answer: Answer, whole: bool) -> None:
        delivery = answer.delivery
        self._handler.finished(answer, whole and (delivery is None or delivery.whole))
        if delivery is not None and delivery.end == "reset":
            self._reset()
        elif answer.close and (self._reader.dead or not self._reader.idle):
            self._close_lingering()
        elif answer.close or (delivery is not None and delivery.end == "close"):
            self._close()

    def _close(self) -> None:
        self._closing = True
        self._linger_since = monotonic()  # a peer that takes nothing more must not keep the place
        self._transport.close()

    def _close_lingering(self) -> None:
        """Close our side first and drop what still comes: closing with unread bytes would reset
        the connection and could destroy the response on its way."""
        self._closing = True
        self._linger_since = monotonic()
        if self._eof or not self._transport.can_write_eof():
            self._transport.close()
        else:
            self._transport.write_eof()
        self._rest()

    def _reset(self) -> None:
        self._closing = True
        sock: socket.socket = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()

    def _lost(self, why: str) -> None:
        """The peer is gone: say so if a request had begun or a response was due."""
        if self._answer is not None:
            self._handler.aborted(self.peer, f"{why} before the response ended", None)
        elif not self._reader.idle and not self._reader.dead:
            self._handler.aborted(self.peer, why, self._reader)
        self._closing = True

    def _rest(self) -> None:
        if self._counted:
            self._counted = False
            self._handler.work.done("http:" + self.peer)
