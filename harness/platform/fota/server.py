"""The file server: offers images, answers requests for their parts, keeps the account.

Requests come from the connections of the ingestion port, on the loop's thread; everything else may
be called from any.
"""

from __future__ import annotations

import threading
import uuid
import zlib
from collections import deque
from collections.abc import Callable
from typing import Any

from harness.clock import ScenarioClock
from harness.errors import HilError, UsageError
from harness.evidence import Recorder
from harness.platform.chaos import Chaos
from harness.platform.faults import (
    Delivery,
    ExpiredToken,
    Fault,
    FaultPlan,
    altered,
    deliver,
    fault_name,
)
from harness.platform.findings import Finding, error
from harness.platform.fota.answer import FileAnswer, part_response, refusal
from harness.platform.fota.check import (
    check_loop,
    check_report,
    check_reuse,
    check_token,
    examine_form,
    examine_range,
)
from harness.platform.fota.image import checked_version
from harness.platform.fota.offer import FirmwareOffer, Part, Tracked, shown_crc
from harness.platform.fota.ranges import Span
from harness.platform.fota.settings import FILES_PATH, FotaSettings, StatusForm
from harness.platform.fota.token import Hide, hide_token, new_token
from harness.platform.responses import Response
from harness.platform.settings import ResponseCodes
from harness.platform.uplink import Uplink
from harness.platform.wire import Request

SOURCE = "platform"
KEPT_OFFERS = 1_000

Queue = Callable[[str, list[dict[str, Any]]], str]
"""Queues a downlink for a device and gives its identifier."""


class UnknownFirmware(UsageError):
    """An order names an offer that there is not."""


class FileServer:
    """All offers of all devices.

    ``touched`` wakes who waits for something to change; ``hide`` keeps tokens out of evidence.
    """

    def __init__(
        self,
        settings: FotaSettings,
        codes: ResponseCodes,
        clock: ScenarioClock,
        recorder: Recorder | None,
        queue: Queue,
        touched: Callable[[], object],
        hide: Hide = lambda name, value: None,
    ) -> None:
        self.settings = settings
        self.faults = FaultPlan()
        self.chaos: Chaos | None = None  # set: standing rules about answers
        self._codes = codes
        self._clock = clock
        self._recorder = recorder
        self._queue = queue
        self._touched = touched
        self._hide = hide
        self._lock = threading.RLock()
        self._offers: deque[Tracked] = deque()
        self._by_path: dict[str, Tracked] = {}
        self.newest: dict[str, Tracked] = {}  # of each device that was offered any
        self._count = 0

    # -- orders, from any thread --------------------------------------------------------------

    def offer(
        self,
        device: str,
        image: bytes,
        version: str,
        *,
        status_form: StatusForm | None = None,
        token_life_s: float | None = None,
    ) -> FirmwareOffer:
        """Offer ``image`` to a device: a URL and a token of its own go there (FOTA-OFFER).

        Raises :class:`UsageError`.
        """
        checked_version(version)
        limit = self.settings.image_limit
        if not 0 < len(image) <= limit:
            raise UsageError(f"an image has 1 to {limit} bytes, not {len(image)}")
        life_s = self.settings.token_life_s if token_life_s is None else token_life_s
        if life_s <= 0:
            raise UsageError(f"a token lives longer than {life_s:g} s")
        with self._lock:
            self._count += 1
            path = f"{FILES_PATH}{uuid.uuid4()}"
            offer = Tracked(
                f"fw-{self._count}", device, version, bytes(image), path,
                self.settings.base_url + path, "", self._clock.now_ns(), 0,
                status_form or self.settings.status_form, zlib.crc32(image),
            )  # fmt: skip
            # Known before the downlink: the device may be quicker than we are.
            before = self.newest.get(device)
            self._offers.append(offer)
            self._by_path[path] = self.newest[device] = offer
        try:
            return self._issue(offer, life_s, "offered")
        except HilError:
            with self._lock:
                self._offers.remove(offer)
                del self._by_path[path], self.newest[device]
                if before is not None:
                    self.newest[device] = before
            raise

    def renew(self, ident: str, token_life_s: float | None = None) -> FirmwareOffer:
        """A new token for the same URL, in a new downlink; the old token opens nothing more.

        Raises :class:`UnknownFirmware`.
        """
        life_s = self.settings.token_life_s if token_life_s is None else token_life_s
        with self._lock:
            offer = self._known(ident)
            old, expired_ns = offer.token, offer.expires_ns
            offer.old_tokens.append(old)
        try:
            return self._issue(offer, life_s, "offered again")
        except HilError:
            with self._lock:
                offer.old_tokens.remove(old)
                offer.token, offer.expires_ns = old, expired_ns
            raise

    def _issue(self, offer: Tracked, life_s: float, action: str) -> FirmwareOffer:
        token = new_token(self.settings.token_length)
        hide_token(token, offer.device, self._hide)
        with self._lock:
            offer.token = token
            offer.expires_ns = self._clock.now_ns() + round(life_s * 1e9)
        records = [{"n": "url", "vs": offer.url}, {"n": "token", "vs": token}]
        downlink = self._queue(offer.device, records)  # without our lock: it may wait for a disk
        with self._lock:
            offer.downlink, offer.again = downlink, ("", 0)
            self._forget()
            self._record("fota.offer", offer, action=action, version=offer.version,
                         size=len(offer.image), crc=shown_crc(offer.crc), url=offer.url,
                         downlink=downlink, token_life_s=life_s)  # fmt: skip
            return offer.view()

    def withdraw(self, device: str) -> None:
        """The device is no more: its URLs lead nowhere, what it did stays readable."""
        with self._lock:
            self.newest.pop(device, None)
            for offer in self._offers:
                if offer.device == device:
                    self._by_path.pop(offer.path, None)

    def all(self, device: str | None = None) -> tuple[FirmwareOffer, ...]:
        """The offers, or those of one device, oldest first."""
        with self._lock:
            return tuple(o.view() for o in self._offers if device in (None, o.device))

    def get(self, ident: str) -> FirmwareOffer:
        """Raises :class:`UnknownFirmware`."""
        with self._lock:
            return self._known(ident).view()

    def _known(self, ident: str) -> Tracked:
        for offer in self._offers:
            if offer.id == ident:
                return offer
        raise UnknownFirmware(f"there is no firmware offer {ident!r}")

    def _forget(self) -> None:
        while len(self._offers) > KEPT_OFFERS:
            old = self._offers.popleft()
            self._by_path.pop(old.path, None)
            if self.newest.get(old.device) is old:
                del self.newest[old.device]

    # -- requests, on the loop's thread -------------------------------------------------------

    def answer(self, peer: str, request: Request, nth: int) -> FileAnswer:
        """The answer to a request whose path is one of ours; ``nth`` on its connection."""
        head = request.lines()
        with self._lock:
            offer = self._by_path.get(head.path)
            if offer is None:
                missing = error("FOTA-OFFER", f"{head.path[:120]} was never offered")
                response = refusal(self.settings.unknown_file, 0, self.settings, True)
                return FileAnswer(
                    None, 0, peer, nth, request.head, response.status, None, (missing,),
                    response.wire(), True,
                )  # fmt: skip
            offer.requests += 1
            late = check_reuse(nth, self.settings)
            if late is not None:
                offer.object([late])
                return FileAnswer(
                    offer, offer.requests, peer, nth, request.head, None, None, (late,), b"", True,
                    Delivery((), "close", False),
                )  # fmt: skip
            faults, struck = self._disturbed(offer.device)
            if any(isinstance(fault, ExpiredToken) for fault in faults):
                offer.expires_ns = min(offer.expires_ns, self._clock.now_ns())
            answer = self._judged(peer, request, nth, offer, faults)
            answer.chaos = struck
        self._touched()  # the answer itself may be long in coming
        return answer

    def _disturbed(self, device: str) -> tuple[tuple[Fault, ...], tuple[str, ...]]:
        """The faults on this answer, and which rules of chaos put some there."""
        faults = self.faults.take(device)
        if self.chaos is None or not self.chaos.on:
            return faults, ()
        strikes = self.chaos.strike(device, self._clock.now_ns())
        said = tuple(strike.says for strike in strikes)
        # What was ordered for this very answer has the last word.
        return (*(fault for strike in strikes for fault in strike.faults), *faults), said

    def _judged(
        self, peer: str, request: Request, nth: int, offer: Tracked, faults: tuple[Fault, ...]
    ) -> FileAnswer:
        head, settings = request.lines(), self.settings
        refused, findings = examine_form(head, settings)
        span: Span | None = None
        response: Response
        close = not head.keep_alive or (
            settings.last_request == "announced" and nth >= settings.requests_per_connection
        )
        others = (other for other in self._offers if other is not offer)
        token = check_token(head, offer, others, self._clock.now_ns())
        findings += token
        if refused is None and token:
            refused = settings.unauthorized
        if refused is None:
            status, span, remarks = examine_range(head, offer, settings)
            findings += remarks
            if status < 300:
                span = span or Span(0, len(offer.image) - 1)
                body = offer.image[span.first : span.last + 1]
                crc = shown_crc(zlib.crc32(body))
                response = part_response(offer, status, span, body, crc, close)
            else:
                refused = status
        if refused is not None:
            response = refusal(refused, len(offer.image), settings, close)
        asked = head.first("Range") or "the whole image"
        loop = check_loop(offer, asked[:80], bool(token), settings.tries)
        if loop is not None:
            findings.append(loop)
        offer.object(findings)
        said = altered(response, faults, self._codes)
        delivery = deliver(said, faults) if faults else None
        answered = said.status if delivery is None or delivery.data else None
        return FileAnswer(
            offer, offer.requests, peer, nth, request.head, answered, span, tuple(findings),
            said.wire(), close, delivery, tuple(map(fault_name, faults)), sound=said == response,
        )  # fmt: skip

    def finished(self, answer: FileAnswer, whole: bool) -> None:
        """The answer is over: written in full, or not."""
        offer = answer.offer
        if offer is None:
            self._record_part(answer, None, whole)
            self._touched()
            return
        with self._lock:
            span = answer.span
            crc = None if span is None else zlib.crc32(offer.image[span.first : span.last + 1])
            part = Part(
                answer.number, answer.peer, answer.nth, span, crc, answer.status, whole,
                whole and answer.sound and span is not None, answer.faults, answer.findings,
            )  # fmt: skip
            last = offer.note(part)
            self._record_part(answer, part, whole)
            if last:
                offer.fetched_ns = self._clock.now_ns()
                view = offer.view()
                self._record("fota.done", offer, version=offer.version, size=view.size,
                             crc=view.crc, requests=offer.requests,
                             parts=len(view.good_parts))  # fmt: skip
        self._touched()

    def _record_part(self, answer: FileAnswer, part: Part | None, whole: bool) -> None:
        if self._recorder is None:
            return
        offer = answer.offer
        told = (
            part.as_dict()
            if part is not None
            else {"peer": answer.peer, "nth": answer.nth, "status": answer.status, "whole": whole,
                  "findings": [finding.as_dict() for finding in answer.findings]}
        )  # fmt: skip
        self._recorder.record(
            SOURCE,
            "fota.part",
            offer=None if offer is None else offer.id,
            device=None if offer is None else offer.device,
            **told,
            **({"chaos": list(answer.chaos)} if answer.chaos else {}),
            head=answer.head,
        )

    # -- what uplinks say ---------------------------------------------------------------------

    def uplink(self, uplink: Uplink) -> None:
        """FOTA-REPORT: an uplink was taken; does it tell the firmware's version?"""
        offer = self.newest.get(uplink.device or "")
        if offer is None or offer.reported is not None:
            return
        version = self._version(uplink)
        if version is None:
            return
        with self._lock:
            findings = check_report(offer, version)
            if not findings and version != offer.version:
                return  # what it runs before the update
            offer.object(findings)
            if version == offer.version:
                offer.reported, offer.reported_ns = version, self._clock.now_ns()
            self._report(offer, uplink, version, findings)
        self._touched()

    def _version(self, uplink: Uplink) -> str | None:
        if self.settings.version_record.encode() not in uplink.body or uplink.resolved is None:
            return None
        for record in uplink.resolved.records:
            if record.n == self.settings.version_record and record.vs is not None:
                return record.vs
        return None

    def _report(
        self, offer: Tracked, uplink: Uplink, version: str, findings: list[Finding]
    ) -> None:
        self._record("fota.reported", offer, version=version, offered=offer.version,
                     exchange=uplink.exchange,
                     findings=[finding.as_dict() for finding in findings])  # fmt: skip

    def _record(self, kind: str, offer: Tracked, **data: Any) -> None:
        if self._recorder is not None:
            self._recorder.record(SOURCE, kind, offer=offer.id, device=offer.device, **data)
