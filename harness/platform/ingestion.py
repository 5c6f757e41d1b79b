"""What happens to a request: judged, remembered, answered. Runs on the loop's thread."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

from harness.clock import ScenarioClock, WorkCounter
from harness.platform.behaviour import Behaviour
from harness.platform.chaos import Chaos
from harness.platform.check_token import Carried
from harness.platform.connection import Answer, Hold
from harness.platform.crowd import Crowd
from harness.platform.downlinks import Downlink, DownlinkQueue, DownlinkStatus, Transition
from harness.platform.evidence import Evidence
from harness.platform.faults import Fault, FaultPlan, altered, deliver, fault_name
from harness.platform.findings import Finding, Outcome
from harness.platform.fota.answer import FileAnswer
from harness.platform.fota.server import FileServer
from harness.platform.fota.settings import FILES_PATH
from harness.platform.judge import Judge
from harness.platform.message import Message
from harness.platform.registry import Registry
from harness.platform.responses import Response, empty_response
from harness.platform.secured import Secured, judge_channel
from harness.platform.settings import IP_PATH, M2M_PATH, PlatformSettings
from harness.platform.store import Aborted, UplinkStore
from harness.platform.uplink import Uplink, Verdict
from harness.platform.wire import Refused, Request, RequestReader

NOT_KEPT = "not-kept"
"""What an answer is marked with when its uplink could not be kept on disk."""


class Keeper(Protocol):
    """Keeps what is no uplink. Raises :class:`~harness.errors.HilError` for a new downlink that
    cannot be kept, which is then not taken."""

    def keep_downlink(self, downlink: Downlink, step: Transition) -> None: ...

    def keep_aborted(self, aborted: Aborted) -> None: ...


class Ingestion:
    """The :class:`~harness.platform.connection.Handler` behind all connections."""

    def __init__(
        self,
        registry: Registry,
        settings: PlatformSettings,
        clock: ScenarioClock,
        work: WorkCounter,
        evidence: Evidence,
    ) -> None:
        self.settings = settings
        self.work = work
        self.faults = FaultPlan()
        self.downlinks = DownlinkQueue(self._downlink_moved, clock.now_ns, settings.keep_downlinks)
        self.store = UplinkStore(settings.keep_uplinks, settings.keep_bytes)
        self.crowd = Crowd(settings.max_connections)
        self.forward: Callable[[Uplink], object] | None = None  # what is accepted goes on there
        self.chaos: Chaos | None = None  # set: standing rules about answers
        self.files: FileServer | None = None  # set: firmware is served on the same port
        self.hold: Hold | None = None  # set: no answer goes before its uplink is kept on disk
        self.keeper: Keeper | None = None  # the same for what else happens
        self._judge = Judge(registry, self.store.bodies)
        self._clock = clock
        self._evidence = evidence
        self._behaviour = Behaviour(settings)
        self._numbers = itertools.count(1)
        self._codes = {outcome: settings.codes.of(outcome) for outcome in Outcome}

    def answer(
        self, peer: str, request: Request, secured: Secured | None = None, nth: int = 1
    ) -> Uplink | FileAnswer:
        parsed = request.parsed
        files = self.files if secured is None else None  # firmware is for M2M devices
        if parsed is not None and files is not None and parsed.path.startswith(FILES_PATH):
            return files.answer(peer, request, nth)
        close = parsed is not None and not parsed.keep_alive
        now_ns = self._clock.now_ns()
        verdict = self._judge.request(request, now_ns)
        if secured is not None or parsed is not None or verdict.findings:
            path = M2M_PATH if parsed is None else parsed.path  # unparsed: as documented for M2M
            m2m = self._judge.is_m2m(verdict.device)
            verdict = judge_channel(verdict, path, secured, m2m)
        return self._answered(peer, request.head, request.body, verdict, now_ns, close, secured)

    def answer_refused(self, peer: str, refused: Refused, secured: Secured | None = None) -> Uplink:
        verdict = self._judge.refused(refused)
        if secured is not None:
            verdict = judge_channel(verdict, IP_PATH, secured)
        now_ns = self._clock.now_ns()
        return self._answered(peer, refused.head, refused.body, verdict, now_ns, True, secured)

    def answer_incomplete(
        self, peer: str, reader: RequestReader, waited_s: float, secured: Secured | None = None
    ) -> Uplink:
        head, body, parsed = reader.partial
        verdict = self._judge.incomplete(head, body, parsed, waited_s)
        if secured is not None or parsed is not None:
            path = parsed.path if parsed is not None else IP_PATH
            m2m = self._judge.is_m2m(verdict.device)
            verdict = judge_channel(verdict, path, secured, m2m)
        return self._answered(peer, head, body, verdict, self._clock.now_ns(), True, secured)

    def _answered(
        self,
        peer: str,
        head: bytes,
        body: bytes,
        verdict: Verdict,
        now_ns: int,
        close: bool,
        secured: Secured | None,
    ) -> Uplink:
        uplink = Uplink(next(self._numbers), peer, head, body, now_ns, verdict)
        uplink.tls = secured.session if secured is not None else None
        who = verdict.device or "@" + peer.partition(":")[0]
        repeated = self._behaviour.note(who, uplink)
        if repeated is not None:
            uplink.findings = (*uplink.findings, repeated)
        status = self._codes[verdict.outcome]
        uplink.close = close
        faults = self.faults.take(verdict.device)
        if self.chaos is not None and self.chaos.on:
            strikes = self.chaos.strike(verdict.device, now_ns)
            uplink.chaos = tuple(strike.says for strike in strikes)
            # What was ordered for this very response has the last word.
            faults = (*(fault for strike in strikes for fault in strike.faults), *faults)
        if faults or (self.downlinks.waiting and verdict.outcome is Outcome.ACCEPTED):
            self._shape(uplink, status, faults)
        else:
            uplink.status = status
            uplink.data = empty_response(status, close)
        if self.hold is None:
            self.settled(uplink)
        return uplink

    def message(
        self,
        message: Message,
        body: bytes,
        carried: Carried,
        findings: list[Finding],
        go: Callable[[Uplink], object],
    ) -> None:
        """An uplink that came in no request. ``go`` gets it once it is judged and, where uplinks
        are kept on disk, kept; it then says :meth:`finished`."""
        now_ns = self._clock.now_ns()
        verdict = self._judge.message(body, carried, findings, now_ns)
        uplink = Uplink(next(self._numbers), message.peer, b"", body, now_ns, verdict)
        uplink.message = message
        repeated = self._behaviour.note(verdict.device or message.peer, uplink)
        if repeated is not None:
            uplink.findings = (*uplink.findings, repeated)
        if self.hold is None:
            self.settled(uplink)
            go(uplink)
        else:
            self.hold(uplink, go)

    def downlink_after(self, uplink: Uplink) -> bytes | None:
        """The body of the downlink that follows an accepted uplink; it is in flight from now."""
        if not (uplink.taken and uplink.device and self.downlinks.waiting):
            return None
        downlink = self.downlinks.take(uplink.device, uplink.exchange, "mqtt")
        if downlink is None:
            return None
        uplink.downlink = downlink.id
        return downlink.body(self._judge.base_name(uplink.device))

    def settled(self, uplink: Uplink) -> None:
        """The uplink is taken: it may be seen, and forwarded, before its answer goes out."""
        self.store.add(uplink)  # first: whoever hears of it may look at it
        if self._evidence.on:
            self._evidence.answered(uplink)
        self.store.touched()
        files = self.files if self.files is not None and self.files.newest else None
        if (files is not None or self.forward is not None) and uplink.taken:
            if files is not None:
                files.uplink(uplink)
            if self.forward is not None:
                self.forward(uplink)

    def not_kept(self, uplink: Uplink) -> None:
        """The uplink could not be kept on disk. An accepted one is refused instead of accepted and
        lost; what is refused anyway keeps its answer, which tells more."""
        if uplink.outcome is Outcome.ACCEPTED:
            if uplink.downlink is not None:
                self.downlinks.settle(
                    uplink.downlink, None, f"exchange {uplink.exchange} {NOT_KEPT}"
                )
                uplink.downlink = None
            uplink.status = HTTPStatus.SERVICE_UNAVAILABLE.value
            uplink.data = empty_response(uplink.status, uplink.close)
            uplink.delivery = None
            uplink.faults = (*uplink.faults, NOT_KEPT)
        self.settled(uplink)

    def go_on(self, exchange: int) -> None:
        """Number requests from ``exchange`` on. Before the first of them."""
        self._numbers = itertools.count(exchange)

    def _shape(self, uplink: Uplink, status: int, faults: tuple[Fault, ...]) -> None:
        """The answer when it is not the plain one: a downlink, faults, or both."""
        codes = self.settings.codes
        response = altered(Response(status, close=uplink.close), faults, codes)
        device = uplink.device
        if uplink.outcome is Outcome.ACCEPTED and 200 <= response.status <= 299 and device:
            downlink = self.downlinks.take(device, uplink.exchange)
            if downlink is not None:
                uplink.downlink = downlink.id
                response = altered(
                    Response(
                        response.status,
                        downlink.body(self._judge.base_name(device)),
                        self.settings.downlink_content_type,
                        uplink.close,
                    ),
                    [fault for fault in faults if fault_name(fault) == "no-body"],
                    codes,
                )
        uplink.faults = tuple(fault_name(fault) for fault in faults)
        uplink.status = response.status
        uplink.turned_away = response.status >= 300
        uplink.data = response.wire()
        if faults:
            uplink.delivery = deliver(response, faults)
            if not uplink.delivery.data:
                uplink.status = None

    def finished(self, answer: Answer, whole: bool) -> None:
        if isinstance(answer, FileAnswer):
            if self.files is not None:
                self.files.finished(answer, whole)
            return
        assert isinstance(answer, Uplink)
        answer.whole = whole
        if answer.downlink is not None:
            self._settle(answer, answer.downlink, whole)
        if answer.delivery is not None and self._evidence.on:
            self._evidence.response(answer)
        answer.answered = True  # last: who waits for it may look at all of the above
        self.store.touched()

    def _downlink_moved(self, downlink: Downlink, step: Transition) -> None:
        if self.keeper is not None:
            self.keeper.keep_downlink(downlink, step)
        self._evidence.downlink(downlink, step)

    def _settle(self, answer: Uplink, ident: str, whole: bool) -> None:
        """What became of the downlink in an answer (assumed: no acknowledgement is documented)."""
        number, status = answer.exchange, None
        if not whole:
            reason = f"connection lost in exchange {number}: it goes with the next uplink"
        elif "no-body" in answer.faults:
            reason = f"exchange {number} was answered without it: it goes with the next uplink"
        elif self.settings.downlink_done == "manual":
            reason = f"sent in exchange {number}; done when somebody says so"
        else:
            reason, status = f"delivered in exchange {number}", DownlinkStatus.SUCCEEDED
        self.downlinks.settle(ident, status, reason)

    def aborted(self, peer: str, why: str, reader: RequestReader | None) -> None:
        head, body, parsed = reader.partial if reader is not None else (b"", b"", None)
        if parsed is not None and parsed.length is not None:
            why = f"{why} after {len(body)} of {parsed.length} body bytes"
        number = next(self._numbers)
        aborted = Aborted(number, peer, why, head, body)
        if self.keeper is not None:
            self.keeper.keep_aborted(aborted)
        self._evidence.aborted(number, peer, why)
        self.store.add_aborted(aborted)  # last: who waits for it finds it on the timeline
        self.store.touched()

    def swept(self) -> None:
        """Now and then: tell how many had to make room since the last time."""
        if self.crowd.sent_away:
            closed, self.crowd.sent_away = self.crowd.sent_away, 0
            self._evidence.crowded(closed, self.crowd.limit)
