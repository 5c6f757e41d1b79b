"""The SMS back-off drawn over time: every attempt, and when the device was on (SMS-RETRY-1 to -4).

The axis gives each phase of the schedule room of its own, linear inside the phase: on one linear
axis of 48 hours the first hour, with its eleven attempts, would be a single stroke.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.backoff import KPN, Reading, attempts, discard_after, with_reading
from harness.evidence import Event
from harness.report.model import ScenarioReport, items
from harness.report.text import as_utf8, esc, moment, plural, span

_WIDTH, _LEFT, _RIGHT = 760, 16, 16
_SHARES = (0.17, 0.21, 0.29, 0.33)
_BAND, _AXIS, _HEIGHT = 66, 118, 176


@dataclass(frozen=True, slots=True)
class _Axis:
    """From seconds after submission to a place on the drawing."""

    edges: tuple[float, ...]

    def x(self, at_s: float) -> float:
        room = _WIDTH - _LEFT - _RIGHT
        x: float = _LEFT
        for index, share in enumerate(_SHARES):
            start, end = self.edges[index], self.edges[index + 1]
            if at_s <= end or index == len(_SHARES) - 1:
                return x + share * room * min(max((at_s - start) / (end - start), 0), 1)
            x += share * room
        return x


def backoff_html(report: ScenarioReport) -> str:
    """One figure per SMS that was submitted."""
    return "".join(_figure(report, event) for event in report.of("sms.submit")[:10])


def _figure(report: ScenarioReport, submit: Event) -> str:
    start = moment(submit.at)
    if start is None:
        return ""
    ident = submit.data.get("id")
    tried = [e for e in report.of("sms.attempt") if e.data.get("id") == ident]
    schedule = [float(s) for s in items(submit.data.get("schedule")) if isinstance(s, int | float)]
    reading: Reading = (
        "windows-run-out"
        if schedule == list(attempts(with_reading("windows-run-out")))
        else "discard-wins"
    )
    discard_s = discard_after(with_reading(reading))
    ends = [0.0]
    for phase in KPN.phases:
        ends.append(ends[-1] + phase.length_s)
    axis = _Axis((*ends[:-1], max(ends[-1], float(discard_s)) + 1_800))
    done = [(float(e.data.get("elapsed_s") or 0), str(e.data.get("outcome", "?"))) for e in tried]
    windows = _on_windows(report, submit)
    status = [
        str(e.data.get("status")) for e in report.of("sms.status") if e.data.get("id") == ident
    ]
    parts = _phases(axis) + _windows(axis, windows) + _marks(axis, schedule, done)
    parts += _discard(axis, discard_s)
    text = as_utf8(str(submit.data.get("text", "")))
    reached = next((s for s, outcome in done if outcome == "delivered"), None)
    ending = f"delivered after {span(reached)}" if reached is not None else (
        f"not delivered, status {status[-1]}" if status else "not delivered")  # fmt: skip
    what = f"{plural(len(done), 'attempt')} of {len(schedule)}, {ending}"
    title = f"Back-off of SMS {esc(ident)}"
    return (
        f'<figure class="h-figure"><figcaption><strong>SMS {esc(ident)}</strong> “{esc(text)}”: '
        f'{esc(what)}. Reading in force: {esc(reading)}.</figcaption><div class="h-scroll" '
        f'tabindex="0" role="group" aria-label="{title}"><svg class="h-backoff" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" role="img">'
        f"<title>{title}</title><desc>{esc(what)}</desc>{''.join(parts)}</svg></div>"
        f"{_table(done)}</figure>"
    )


def _phases(axis: _Axis) -> list[str]:
    parts: list[str] = []
    start = 0.0
    names = ("every minute", "every 10 min", "every hour", "every 4 hours")
    for index, (phase, name) in enumerate(zip(KPN.phases, names, strict=True)):
        end = axis.edges[index + 1]
        x1, x2 = axis.x(start), axis.x(end)
        parts.append(
            f'<rect class="b-phase b-phase{index % 2}" x="{x1:.1f}" y="22" '
            f'width="{x2 - x1:.1f}" height="{_AXIS - 22}"/>'
            f'<text class="b-name" x="{(x1 + x2) / 2:.1f}" y="15" text-anchor="middle">{name}'
            f"<title>{esc(phase.requirement)}</title></text>"
        )
        step = (60, 1_200, 3 * 3_600, 8 * 3_600)[index]
        tick = start + (step if index else 0)
        ticks = [0.0] if index == 0 else []
        while tick <= end - step * 0.4:
            ticks.append(tick)
            tick += step
        for at_s in dict.fromkeys(ticks):
            parts.append(_tick(axis.x(at_s), _hours(at_s)))
        start = end
    return parts


def _tick(x: float, text: str) -> str:
    return (
        f'<path class="b-tick" d="M{x:.1f} {_AXIS}v5"/>'
        f'<text class="b-time" x="{x:.1f}" y="{_AXIS + 18}" text-anchor="middle">{text}</text>'
    )


def _hours(at_s: float) -> str:
    minutes = round(at_s / 60)
    if minutes < 60:
        return f"{minutes}m" if minutes else "0"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}" if minutes else f"{hours}h"


def _windows(axis: _Axis, windows: list[tuple[float, float]]) -> list[str]:
    parts = []
    for start, end in windows:
        x = axis.x(start)
        wide = max(axis.x(end) - x, 1.5)
        parts.append(
            f'<rect class="b-on" x="{x:.1f}" y="{_BAND + 28}" width="{wide:.1f}" height="18">'
            f"<title>device on from {_hours(start)} for {span(end - start)}</title></rect>"
        )
    label = "device on" if windows else "device off all the time"
    y = _HEIGHT - 12
    swatch = f'<rect class="b-on" x="{_LEFT}" y="{y - 10}" width="14" height="11"/>'
    return [
        *parts,
        f"{swatch}<text class='b-key' x='{_LEFT + 20}' y='{y}'>{label}</text>"
        f"{_cross(_LEFT + 186, y - 4)}<text class='b-key' x='{_LEFT + 196}' y='{y}'>unreachable"
        f"</text><circle class='b-hit' cx='{_LEFT + 292}' cy='{y - 4}' r='5'/>"
        f"<text class='b-key' x='{_LEFT + 303}' y='{y}'>delivered</text>"
        f"<circle class='b-plan' cx='{_LEFT + 386}' cy='{y - 4}' r='3.5'/>"
        f"<text class='b-key' x='{_LEFT + 396}' y='{y}'>planned, not made</text>",
    ]


def _marks(axis: _Axis, schedule: list[float], done: list[tuple[float, str]]) -> list[str]:
    made = {round(at_s) for at_s, _ in done}
    parts = [
        f'<circle class="b-plan" cx="{axis.x(at_s):.1f}" cy="{_BAND}" r="3.5">'
        f"<title>planned at {_hours(at_s)}</title></circle>"
        for at_s in schedule
        if round(at_s) not in made
    ]
    for number, (at_s, outcome) in enumerate(done, 1):
        x = axis.x(at_s)
        title = f"<title>attempt {number} at {_hours(at_s)}: {esc(outcome)}</title>"
        if outcome == "delivered":
            parts.append(
                f'<path class="b-drop" d="M{x:.1f} {_BAND}V{_AXIS}"/>'
                f'<circle class="b-hit" cx="{x:.1f}" cy="{_BAND}" r="6">{title}</circle>'
            )
        else:
            parts.append(f"<g>{_cross(x, _BAND)}{title}</g>")
    return parts


def _cross(x: float, y: float) -> str:
    return f'<path class="b-miss" d="M{x - 3.5:.1f} {y - 3.5:.1f}l7 7m0 -7l-7 7"/>'


def _discard(axis: _Axis, discard_s: float) -> list[str]:
    x = axis.x(discard_s)
    return [
        f'<path class="b-discard" d="M{x:.1f} 22V{_AXIS + 6}"/><text class="b-bad" '
        f'x="{x - 5:.1f}" y="36" text-anchor="end">discard {_hours(discard_s)}</text>'
    ]


def _on_windows(report: ScenarioReport, submit: Event) -> list[tuple[float, float]]:
    """On-windows in seconds after submission; the first one may have begun before it."""
    start = moment(submit.at)
    if start is None:
        return []
    windows: list[tuple[float, float]] = []
    since: float | None = None
    for event in report.of("power"):
        at = moment(event.at)
        if at is None:
            continue
        elapsed = (at - start).total_seconds()
        if event.data.get("state") == "off":
            if since is not None and elapsed > 0:
                windows.append((max(since, 0.0), elapsed))
            since = None
        elif since is None:
            since = elapsed
    if since is not None:
        last = moment(report.events[-1].at)
        end = (last - start).total_seconds() if last else since
        if end > max(since, 0.0):
            windows.append((max(since, 0.0), end))
    return windows[:2_000]


def _table(done: list[tuple[float, str]]) -> str:
    rows = "".join(
        f"<tr><td>{number}</td><td>{span(at_s)}</td><td>{esc(outcome)}</td></tr>"
        for number, (at_s, outcome) in enumerate(done, 1)
    )
    return (
        f"<details><summary>The {plural(len(done), 'attempt')} as a table</summary><table><thead>"
        '<tr><th scope="col">attempt</th><th scope="col">after submission</th>'
        f'<th scope="col">outcome</th></tr></thead><tbody>{rows}</tbody></table></details>'
    )
