"""The firmware's main loop: attach, report, obey downlinks and SMS, survive its modem.

Stimuli, one per line on stdin: ``report`` (a made-up temperature), ``report {"records": […],
"bt": …}`` (``bt`` may be left out), ``ping``, ``quit``.

Events, one JSON object per line on stdout; more keys may come:

====================  ============================================================================
event                 keys
====================  ============================================================================
``ready``             ``attach``: 1 after power-up, counting every new attach
``uplink``            ``result`` and ``attempt``; with ``accepted`` and ``refused`` the ``status``,
                      with ``no-response`` a ``detail`` and ``retry_in_s`` (null: given up; then
                      ``kept`` says whether the reading goes along with the next report)
``downlink``          ``records`` (names without the device's URN), ``acted``, ``did`` (a list of
                      sentences)
``sms``               ``sender``, ``text``, ``obeyed``, ``why`` when not obeyed
``firmware``          ``state``: ``resumed`` (``have`` bytes), ``bad-part`` (``at``, ``detail``,
                      ``retry_in_s``), ``gave-up`` (``at``, ``detail``), ``refused`` (``detail``),
                      ``spoilt`` (``detail``), ``installed`` (``version``)
``radio``             ``on`` (only with the fault ``sleeps-through-retries``)
``pong``              answer to ``ping``
``error``             ``what`` (``attach``, ``modem``, ``stimulus``, ``reading``, ``refused``,
                      ``downlink``, ``sms``, ``port``) and ``detail``; also on stderr
``stopped``           the last one of a clean exit
====================  ============================================================================

Downlink records it knows: ``interval`` (``v``, seconds between reports, 0 stops them), ``led``
(``vb``), ``report`` (``vb`` true: one report), ``reboot`` (``vb`` true: AT+CFUN=1,1), ``url`` and
``token`` together (``vs``: new firmware to be fetched).
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from dataclasses import dataclass
from pathlib import Path

from . import attach, senml
from .at import Modem, ModemError, ModemLost
from .console import Console
from .exchange import NoResponse, Response
from .faults import Faults
from .firmware import Policy, Updater, offer_of
from .flash import Flash
from .outbox import Outbox
from .sms import Inbox
from .uplink import Uplink
from .way import INTERNET, M2M, trust

SMS_CENTRE = "5277"  # SMS-SENDER
_ATTACH_PAUSE_S = (1.0, 60.0)  # first and longest pause between tries to attach


class Quit(Exception):
    """Somebody wants a clean end."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line sets; times in seconds. With an ``authority`` (PEM) it is an Internet
    device, which trusts servers of that authority only; ``identifier`` is its DvnUUID then."""

    identifier: str
    secret: bytes
    apn: str
    faults: Faults
    every_s: float = 0.0
    response_s: float = 10.0
    retry_base_s: float = 0.5
    boot_s: float = 30.0
    register_s: float = 60.0
    clock: str = "none"
    sms_mode: str = "pdu"
    authority: bytes | None = None
    flash: Path | None = None
    version: str = "1.0.0"
    part: int = 256


class Device:
    """The firmware. ``run`` ends with Quit (or ``at.PortGone``) only."""

    def __init__(self, modem: Modem, console: Console, settings: Settings) -> None:
        self._modem, self._console, self._settings = modem, console, settings
        self._faults = settings.faults
        way = M2M if settings.authority is None else INTERNET
        self._uplink = Uplink(modem, settings.secret, settings.response_s, self._faults, way)
        self._outbox = Outbox(
            settings.identifier, self._uplink.request, settings.retry_base_s, self._faults
        )
        self._inbox = Inbox(modem, settings.sms_mode)
        policy = Policy(settings.part, settings.response_s, settings.retry_base_s)
        flash = Flash(settings.flash, settings.version)
        self._updater = Updater(modem, console, flash, policy, self._faults)
        self._attached = False
        self._attaches = 0
        self._attach_at = 0.0
        self._attach_pause_s = _ATTACH_PAUSE_S[0]
        self._measured = 0
        self._interval_s = settings.every_s
        self._report_at = time.monotonic() + settings.every_s
        self._window = self._faults.radio_window()
        self._switch_at: float | None = None  # when the radio goes on or off next
        self._asleep = False
        self._report_firmware()

    def run(self) -> None:
        """Do what is due, then wait for the modem, the console or the next moment."""
        while True:
            try:
                self._work()
                self._listen()
            except ModemLost as error:
                self._attached = self._asleep = False
                self._updater.lost_modem()
                self._switch_at = None
                self._attach_at = time.monotonic()
                self._console.error("modem", error)

    def _work(self) -> None:
        now = time.monotonic()
        if self._interval_s and now >= self._report_at:
            self._report_at = now + self._interval_s
            self._queue_report(self._measure())
        self._switch_radio(now)
        due = self._outbox.due_s()
        if self._asleep and due is not None and due <= now:
            self._wake_radio(now)
        if not self._attached and not self._asleep and now >= self._attach_at:
            self._attach()
        if self._attached:
            self._read_codes()
        if self._attached and due is not None:
            self._deliver()
        self._update(now)

    def _update(self, now: float) -> None:
        """The next part of new firmware, when it is time for one."""
        due = self._updater.due_s()
        if not self._attached or due is None or due > now:
            return
        self._updater.step(now)
        if self._updater.due_s() is None:
            self._report_firmware()

    def _report_firmware(self) -> None:
        if self._updater.report:
            self._queue_report(self._updater.report)

    def _listen(self) -> None:
        """Sleep until something comes or is due; stimuli are taken here."""
        moments = [
            self._report_at if self._interval_s else None,
            self._switch_at,
            None if self._attached or self._asleep else self._attach_at,
            self._outbox.due_s() if self._attached or self._asleep else None,
            self._updater.due_s() if self._attached else None,
        ]
        wake_at = min((m for m in moments if m is not None), default=time.monotonic() + 60.0)
        if not self._modem.urcs or not self._attached:
            self._modem.pump(max(0.0, wake_at - time.monotonic()), self._console.descriptor)
        for line in self._console.lines():
            self._stimulus(line)

    # -- modem ------------------------------------------------------------------------------

    def _attach(self) -> None:
        settings = self._settings
        try:
            attach.bring_up(
                self._modem, settings.apn, settings.boot_s, settings.register_s, self._faults
            )
            if settings.authority is not None:
                trust(self._modem, settings.authority, self._faults)
            self._inbox.enable()
        except (attach.NotAttached, ModemError, ModemLost) as error:
            self._attach_at = time.monotonic() + self._attach_pause_s
            self._attach_pause_s = min(2 * self._attach_pause_s, _ATTACH_PAUSE_S[1])
            self._console.error("attach", error)
            return
        self._attached = True
        self._attach_pause_s = _ATTACH_PAUSE_S[0]
        self._attaches += 1
        self._console.event("ready", attach=self._attaches)
        if self._window and self._switch_at is None:
            self._switch_at = time.monotonic() + self._window[1]
        self._modem.urcs.clear()  # from the boot; an SMS among them is listed as stored, too
        try:
            stored = self._inbox.stored()
        except ModemError as error:
            self._console.error("sms", error)
            return
        for index in stored:
            self._read_sms(index)

    def _read_codes(self) -> None:
        """Act on the unsolicited codes; the ones without meaning for us are dropped."""
        while self._modem.urcs:
            line = self._modem.urcs.popleft()
            if match := re.fullmatch(r'\+CMTI: ?"(\w+)",(\d+)', line):
                self._read_sms(int(match[2]), match[1])
            elif line.startswith('+QIURC: "pdpdeact"'):
                raise ModemLost("the network dropped the context")
            elif line.endswith(("POWERED DOWN", "POWER DOWN")):
                raise ModemLost(f"the modem says {line}")

    def _switch_radio(self, now: float) -> None:
        """The fault sleeps-through-retries: SMS find nobody at home outside of the window."""
        if self._window is None or self._switch_at is None or now < self._switch_at:
            return
        every_s, on_s = self._window
        if self._asleep:
            self._wake_radio(now)
        elif self._attached:
            with contextlib.suppress(ModemError):
                self._modem.command("AT+CFUN=0", 15.0)
            self._attached, self._asleep = False, True
            self._switch_at = now + every_s - on_s
            self._console.event("radio", on=False)

    def _wake_radio(self, now: float) -> None:
        self._asleep = False
        self._attach_at = now
        self._switch_at = None
        self._console.event("radio", on=True)

    # -- uplink and downlink ----------------------------------------------------------------

    def _measure(self) -> tuple[senml.Record, ...]:
        """A made-up temperature; no two in a row are alike, as no two sent bodies should be."""
        self._measured += 1
        return ({"n": "temperature", "u": "Cel", "v": round(21.4 + self._measured % 50 / 10, 1)},)

    def _queue_report(self, records: tuple[senml.Record, ...], bt: float | None = None) -> None:
        """Give the reading its time, if there is a clock to trust, and queue it."""
        try:
            if bt is None and self._settings.clock == "modem" and self._attached:
                bt = attach.trusted_time(self._modem)
        finally:
            self._outbox.add(senml.Reading(records, time.monotonic(), bt))

    def _deliver(self) -> None:
        try:
            delivery = self._outbox.take(time.monotonic())
        except ValueError as error:
            self._console.error("reading", error)
            return
        if delivery is None:
            return
        try:
            response = self._uplink.exchange(delivery.request)
            if response.status >= 500:
                raise NoResponse(f"the platform is in trouble: {response.status}")
        except (NoResponse, ModemLost) as error:
            pause_s = self._outbox.unanswered(time.monotonic())
            facts = {} if pause_s is not None else {"kept": "never-retries" not in self._faults}
            self._uplink_event(
                "no-response", delivery.attempt, detail=str(error), retry_in_s=pause_s, **facts
            )
            if isinstance(error, ModemLost) or not attach.has_context(self._modem):
                raise ModemLost(str(error)) from error
            return
        if 200 <= response.status < 300:
            self._outbox.accepted(time.monotonic())
            if self._updater.report and delivery.tells(self._updater.report[0]):
                self._updater.reported()
            self._uplink_event("accepted", delivery.attempt, status=response.status)
            self._downlink(response)
        else:
            self._outbox.refused(time.monotonic())
            self._uplink_event("refused", delivery.attempt, status=response.status)
            self._console.error("refused", f"the platform answered {response.status}")

    def _uplink_event(self, result: str, attempt: int, **facts: object) -> None:
        self._console.event("uplink", result=result, attempt=attempt, **facts)

    def _downlink(self, response: Response) -> None:
        body = response.body.strip()
        if not body or "ignores-downlink" in self._faults:
            return
        if not response.complete:
            self._console.error("downlink", f"cut off after {len(body)} bytes: not acted on")
            return
        try:
            records = senml.read_downlink(body, self._settings.identifier, self._faults)
        except ValueError as error:
            self._console.error("downlink", error)
            return
        if not records:
            return
        for _ in range(2 if "acts-twice" in self._faults else 1):
            did = [sentence for record in records if (sentence := self._act(record))]
            offer = offer_of(records) if self._settings.authority is None else None
            if offer is not None:
                did.append(self._updater.offered(offer))
            shown = [r | {"vs": "…"} if r["n"] == "token" else r for r in records]
            self._console.event("downlink", records=shown, acted=bool(did), did=did)
            if "restarts the modem" in did:
                self._restart_modem()

    def _restart_modem(self) -> None:
        try:
            self._modem.restart(self._settings.boot_s)
        except ModemError as error:
            self._console.error("modem", error)
            return
        self._attached = False
        self._updater.lost_modem()
        self._attach_at = time.monotonic()

    def _act(self, record: senml.Record) -> str | None:
        """Do what one record asks; None for one that this device does not know."""
        name = record["n"]
        value: object = record.get("v", record.get("vb"))
        if name == "interval" and type(value) in (int, float) and record["v"] >= 0:
            self._interval_s = float(record["v"])
            self._report_at = time.monotonic() + self._interval_s
            return f"reports every {self._interval_s:g} s" if value else "reports no more by itself"
        if name == "led" and isinstance(value, bool):
            return f"LED {'on' if value else 'off'}"
        if name == "report" and value is True:
            self._queue_report(self._measure())
            return "queues a report"
        if name == "reboot" and value is True:
            return "restarts the modem"
        return None

    # -- SMS and console --------------------------------------------------------------------

    def _read_sms(self, index: int, memory: str = "") -> None:
        try:
            if memory:
                self._inbox.choose(memory)
            sms = self._inbox.take(index)
        except (ValueError, ModemError) as error:
            self._console.error("sms", error)
            return
        if sms is None:
            return
        facts: dict[str, object] = {}
        if sms.sender != SMS_CENTRE and "obeys-any-sender" not in self._faults:
            facts = {"why": f"ignored: the sender is not {SMS_CENTRE}"}
        elif sms.text.strip().lower() != "report":
            facts = {"why": "no command of this device"}
        else:
            self._queue_report(self._measure())
        self._console.event("sms", sender=sms.sender, text=sms.text, obeyed=not facts, **facts)

    def _stimulus(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "quit":
            raise Quit
        if word == "ping":
            self._console.event("pong")
        elif word == "report":
            self._stimulated_report(rest)
        else:
            self._console.error("stimulus", f"{word!r} is not report, ping or quit")

    def _stimulated_report(self, text: str) -> None:
        try:
            order = json.loads(text or "{}")
            records = tuple(dict(record) for record in order.get("records") or self._measure())
            bt = order.get("bt")
        except (ValueError, TypeError, AttributeError) as error:
            self._console.error("stimulus", f"report wants a JSON object with records: {error}")
            return
        self._queue_report(records, bt)
