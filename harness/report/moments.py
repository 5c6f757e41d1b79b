"""From a timeline to the rows of its sequence diagram: what happened, grouped to stay readable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from harness.evidence import Event
from harness.report.firmware import wrong_with
from harness.report.model import ScenarioReport, items, mapping
from harness.report.text import as_utf8, clock, moment, plural, shorten, span
from harness.report.transcript import dialogue

Lane = Literal["device", "modem", "platform", "sms", "endpoint"]
Shape = Literal["step", "jump", "arrow", "box"]
Tone = Literal["", "good", "bad", "warn", "dim"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a step's heading, a jump in time, an arrow between lanes, or a box on a lane.

    ``count`` is how many alike moments it stands for; ``lost``: the arrow does not arrive.
    """

    shape: Shape
    at: str
    text: str
    source: Lane = "device"
    target: Lane = "device"
    tone: Tone = ""
    lost: bool = False
    count: int = 1
    group: str = ""
    until: str = ""


def rows_of(report: ScenarioReport) -> list[Row]:
    """All rows, in order."""
    builder = _Builder(report)
    for event in report.events:
        builder.take(event)
    builder.flush()
    return builder.rows


class _Builder:
    def __init__(self, report: ScenarioReport) -> None:
        self.rows: list[Row] = []
        self._talk: list[Event] = []
        self._good_parts: list[Event] = []
        self._takers: dict[str, Callable[[Event], None]] = {
            "step.start": self._step,
            "clock.jump": self._jump,
            "power": self._power,
            "line.fault": self._line_fault,
            "chaos": self._chaos,
            "modem.state": self._modem_state,
            "modem.unknown": self._unknown,
            "modem.sms": self._modem_sms,
            "http.request": self._request,
            "http.response": self._response,
            "mqtt.uplink": self._published,
            "mqtt.downlink": self._published,
            "http.aborted": self._aborted,
            "tls.handshake": self._handshake,
            "destination.attempt": self._forwarded,
            "destination.status": self._settled,
            "fota.offer": self._offered,
            "fota.part": self._part,
            "fota.done": self._fetched,
            "fota.reported": self._reported,
            "device.firmware": self._device_firmware,
            "uplink": self._uplink,
            "downlink": self._downlink,
            "sms.submit": self._submit,
            "sms.attempt": self._attempt,
            "sms.status": self._status,
            "device.uplink": self._device_uplink,
            "device.downlink": self._device_downlink,
            "device.sms": self._device_sms,
            "device.exit": self._exit,
        }

    def take(self, event: Event) -> None:
        if event.kind in ("serial", "urc"):
            self._talk.append(event)
            return
        if event.kind == "fota.part" and event.data.get("good") and not wrong_with(event.data):
            self._good_parts.append(event)
            return
        taker = self._takers.get(event.kind)
        if taker is not None:
            self.flush()
            taker(event)

    def flush(self) -> None:
        """Turn the AT dialogue since the last other event into at most a few rows."""
        talk, self._talk = tuple(self._talk), []
        lines = dialogue(talk)
        found: list[tuple[float, Row]] = []
        commands = [line for line in lines if line.sent and line.text.strip()]
        if commands:
            words = [shorten(line.text.strip(), 30) for line in commands]
            text = words[0] if len(words) == 1 else f"{len(words)} commands: {words[0]}"
            text += f" … {words[-1]}" if len(words) > 1 else ""
            found.append(
                (commands[0].host, Row("arrow", commands[0].at, text, "device", "modem", "dim"))
            )
        finals = [line for line in lines if not line.sent and line.text.strip() and not line.urc]
        errors = [line for line in finals if "ERROR" in line.text]
        if errors:
            text = shorten(errors[0].text.strip(), 44)
            more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
            found.append(
                (errors[0].host, Row("arrow", errors[0].at, text + more, "modem", "device", "bad"))
            )
        elif finals and commands:
            text = shorten(finals[-1].text.strip(), 44)
            found.append(
                (finals[-1].host, Row("arrow", finals[-1].at, text, "modem", "device", "dim"))
            )
        urcs = [event for event in talk if event.kind == "urc"]
        if urcs:
            names = ", ".join(shorten(str(u.data.get("text", "")).strip(), 26) for u in urcs[:3])
            more = f" and {len(urcs) - 3} more" if len(urcs) > 3 else ""
            row = Row("arrow", urcs[0].at, f"URC {names}{more}", "modem", "device", "warn")
            found.append((urcs[0].host, row))
        if self._good_parts:
            found.append((self._good_parts[-1].host, self._parts_row()))
        self.rows += [row for _, row in sorted(found, key=lambda pair: pair[0])]

    def _parts_row(self) -> Row:
        """Parts of firmware that came as they should are one row: there may be thousands."""
        parts, self._good_parts = self._good_parts, []
        count, last = plural(len(parts), "part"), parts[-1]
        first = str(parts[0].data.get("range")).partition("-")[0]
        end = str(last.data.get("range")).rpartition("-")[2]
        text = f"{count} of firmware, bytes {first}-{end}"
        return Row("arrow", last.at, text, "platform", "device", "good", count=len(parts))

    def _box(self, event: Event, lane: Lane, text: str, tone: Tone = "") -> None:
        self.rows.append(Row("box", event.at, text, lane, lane, tone))

    def _arrow(
        self, event: Event, source: Lane, target: Lane, text: str, tone: Tone, *, lost: bool = False
    ) -> None:
        self.rows.append(Row("arrow", event.at, text, source, target, tone, lost))

    def _step(self, event: Event) -> None:
        text = " ".join(str(event.data.get("text", "")).split()).removeprefix("- ")
        number = event.data.get("index")
        number = number + 1 if isinstance(number, int) else "?"
        line = f" (line {event.data['line']})" if event.data.get("line") else ""
        self.rows.append(Row("step", event.at, f"step {number}{line}: {shorten(text, 84)}"))

    def _jump(self, event: Event) -> None:
        before, after = str(event.data.get("from", "")), str(event.data.get("to", ""))
        start, end = moment(before), moment(after)
        if start is None or end is None:
            return
        if self.rows and self.rows[-1].shape == "jump":
            earlier = moment(self.rows[-1].at) or start
            self.rows[-1] = replace(self.rows[-1], text=f"{span(end - earlier)} later", until=after)
        elif (end - start).total_seconds() >= 0.5:
            self.rows.append(Row("jump", before, f"{span(end - start)} later", until=after))

    def _power(self, event: Event) -> None:
        state = str(event.data.get("state", "?"))
        self._box(event, "device", f"power {state}", "good" if state == "on" else "dim")

    def _line_fault(self, event: Event) -> None:
        self._box(event, "modem", f"line fault: {event.data.get('fault')}", "warn")

    def _chaos(self, event: Event) -> None:
        data = event.data
        if data.get("action") != "jumped":  # the clock tells of its jumps itself
            text = shorten(f"chaos {data.get('action')}: {data.get('says')}", 60)
            self._box(event, "platform", text, "dim" if data.get("action") == "removed" else "warn")

    def _modem_state(self, event: Event) -> None:
        data = event.data
        text = str(data.get("state", "?"))
        if data.get("registered"):
            text = "registered"
        if data.get("pdp"):
            text = f"online, {data['pdp']}"
        bad = "refused" in str(data.get("reason") or "") or "wrong" in str(data.get("reason") or "")
        if bad:
            text = str(data["reason"])
        row = Row("box", event.at, shorten(text, 34), "modem", "modem", "bad" if bad else "dim")
        if not self.rows or (self.rows[-1].text, self.rows[-1].source) != (row.text, "modem"):
            self.rows.append(row)

    def _unknown(self, event: Event) -> None:
        text = shorten(f"unknown: {event.data.get('command')}", 34)
        self._box(event, "modem", text, "warn")

    def _modem_sms(self, event: Event) -> None:
        self._box(event, "modem", f"SMS stored from {event.data.get('sender')}")

    def _request(self, event: Event) -> None:
        first = str(event.data.get("head", "")).splitlines()[:1]
        size = plural(len(str(event.data.get("body", ""))), "byte")
        text = f"{shorten(first[0] if first else '?', 52)}, {size}"
        self._arrow(event, "device", "platform", text, "")

    def _offered(self, event: Event) -> None:
        data = event.data
        text = f"firmware {data.get('version')} {data.get('action')}, {data.get('size')} bytes"
        self._box(event, "platform", shorten(text, 44))

    def _part(self, event: Event) -> None:
        data, status = event.data, event.data.get("status")
        text = f"firmware {data.get('range') or 'refused'}: {status or 'no answer'}"
        text += f", {wrong_with(data)}"
        tone: Tone = "warn" if data.get("fault") else "bad"
        self._arrow(event, "platform", "device", shorten(text, 60), tone, lost=status is None)

    def _fetched(self, event: Event) -> None:
        self._box(event, "platform", f"firmware {event.data.get('version')} fetched", "good")

    def _reported(self, event: Event) -> None:
        data = event.data
        tone: Tone = "bad" if data.get("findings") else "good"
        self._box(event, "platform", f"reported: firmware {data.get('version')}", tone)

    def _device_firmware(self, event: Event) -> None:
        data = event.data
        told = data.get("version") or data.get("detail") or ""
        tone: Tone = "good" if data.get("state") in ("installed", "resumed") else "warn"
        self._box(event, "device", shorten(f"firmware {data.get('state')} {told}", 36), tone)

    def _uplink(self, event: Event) -> None:
        outcome = str(event.data.get("outcome", "?"))
        broken = [
            str(mapping(f).get("requirement"))
            for f in items(event.data.get("findings"))
            if mapping(f).get("severity") == "error"
        ]
        why = f": {', '.join(dict.fromkeys(broken))}" if broken else ""
        tone: Tone = "good" if outcome == "accepted" else "bad"
        self._box(event, "platform", shorten(outcome + why, 36), tone)

    def _response(self, event: Event) -> None:
        status = event.data.get("status")
        fault = event.data.get("fault")
        text = f"HTTP {status}" if status else "no status"
        text += f", fault: {fault}" if fault else ""
        good = isinstance(status, int) and 200 <= status < 300
        tone: Tone = "warn" if fault else "good" if good else "bad"
        self._arrow(event, "platform", "device", text, tone, lost=not event.data.get("bytes"))

    def _published(self, event: Event) -> None:
        data, down = event.data, event.kind == "mqtt.downlink"
        text = f"MQTT {data.get('topic')}, {plural(len(str(data.get('payload', ''))), 'byte')}"
        ends: tuple[Lane, Lane] = ("platform", "device") if down else ("device", "platform")
        self._arrow(event, *ends, shorten(text, 52), "", lost=data.get("taken") is False)

    def _aborted(self, event: Event) -> None:
        text = shorten(f"connection lost: {event.data.get('why')}", 60)
        self._arrow(event, "device", "platform", text, "bad", lost=True)

    def _handshake(self, event: Event) -> None:
        data = event.data
        said = f", alert {data['alert']}" if data.get("alert") else ""
        said = f", {data['version']}" if data.get("version") else said
        text = f"TLS {data.get('outcome')}{said} ({data.get('certificate')} certificate)"
        right, made = data.get("certificate") == "right", data.get("outcome") == "established"
        tone: Tone = "good" if right == made else "bad"
        self._arrow(event, "device", "platform", shorten(text, 60), tone, lost=not made)

    def _forwarded(self, event: Event) -> None:
        data = event.data
        good = data.get("outcome") == "delivered"
        text = f"attempt {data.get('number')} {data.get('outcome')}"
        text += f" {data['status']}" if data.get("status") else ""
        tone: Tone = "good" if good else "bad"
        self._arrow(event, "platform", "endpoint", text, tone, lost=not data.get("status"))

    def _settled(self, event: Event) -> None:
        status = str(event.data.get("status", "?"))
        text = shorten(f"{event.data.get('destination')}: {status}", 36)
        self._box(event, "platform", text, "good" if status == "delivered" else "bad")

    def _downlink(self, event: Event) -> None:
        what = event.data.get("status")
        if event.data.get("from") == what:  # on its way, or lost on it
            what = event.data.get("reason", what)
        text = f"downlink {event.data.get('id')} {what}"
        self._box(event, "platform", shorten(text, 36))

    def _submit(self, event: Event) -> None:
        text = f"SMS {event.data.get('id')}: {as_utf8(str(event.data.get('text', '')))}"
        self._box(event, "sms", shorten(text, 30))

    def _status(self, event: Event) -> None:
        status = str(event.data.get("status", "?"))
        tone: Tone = "bad" if status == "FAILED" else "good" if status == "DELIVERED" else "dim"
        self._box(event, "sms", f"SMS {event.data.get('id')} {status}", tone)

    def _attempt(self, event: Event) -> None:
        """Attempts in a row that reach nobody become one row, with the jumps between them."""
        number, outcome = event.data.get("number"), str(event.data.get("outcome", "?"))
        group = f"{event.data.get('id')}/{outcome}"
        index = len(self.rows) - 1
        while index >= 0 and self.rows[index].shape == "jump":
            index -= 1
        last = self.rows[index] if index >= 0 else None
        if outcome != "delivered" and last is not None and last.group == group:
            del self.rows[index:]
            count = last.count + 1
            start = last.text.split()[1].partition("–")[0]
            text = f"attempts {start}–{number} {outcome}, until {clock(event.at)[:8]}"
            self.rows.append(replace(last, text=text, count=count, until=event.at))
            return
        tone: Tone = "good" if outcome == "delivered" else "bad"
        lost = outcome != "delivered"
        text = f"attempt {number} {outcome}"
        row = Row("arrow", event.at, text, "sms", "modem", tone, lost, group=group)
        self.rows.append(row)

    def _device_uplink(self, event: Event) -> None:
        result: Any = mapping(event.data.get("result"))
        if result.get("status"):
            self._box(event, "device", f"device read status {result['status']}", "dim")
        elif result.get("error"):
            self._box(event, "device", shorten(f"device: {result['error']}", 32), "bad")

    def _device_downlink(self, event: Event) -> None:
        self._box(event, "device", "acts on the downlink", "good")

    def _device_sms(self, event: Event) -> None:
        did = "obeys" if event.data.get("obeyed") else "ignores"
        self._box(event, "device", f"{did} SMS from {event.data.get('sender')}")

    def _exit(self, event: Event) -> None:
        code, signal = event.data.get("code"), event.data.get("signal")
        text = f"program ended, {f'signal {signal}' if signal else f'code {code}'}"
        self._box(event, "device", text, "bad" if signal or code else "dim")
