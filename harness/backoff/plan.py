"""Does a device's power cycle meet the retries (SMS-POWER)? Exact over all phases.

The device is on for ``on`` out of ``every``; after power-up it needs ``attach`` before an SMS can
reach it, so it is reachable during ``[attach, on)`` of each cycle. An SMS may be submitted at any
phase of the cycle, ``[0, every)``. Attempt ``τ`` reaches the phases ``[attach - τ, on - τ)`` modulo
``every``: intervals, whose union is computed in whole microseconds. Nothing is sampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from harness.backoff.duration import format_duration
from harness.backoff.schedule import KPN, BackoffSettings, attempts, discard_after
from harness.errors import UsageError

US = timedelta(microseconds=1)
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PhaseRange:
    """Submission phases ``[start, end)`` within the cycle (0 = the moment of power-up)."""

    start: timedelta
    end: timedelta

    @property
    def length(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one attempt adds: the phases that it is the first to reach."""

    number: int
    at: timedelta
    phases: tuple[PhaseRange, ...]
    share: float


@dataclass(frozen=True, slots=True)
class SmsPlan:
    """The answer for one power cycle.

    ``worst_delay``: the longest wait from submission to delivery over all phases that are reached
    (None when none is); ``worst_phases``: those that wait so long. ``missed``: phases that no
    attempt reaches, ``missed_share`` of all. ``mean_delay`` is over the reached phases.
    ``on_needed`` is the shortest on-time, with this ``every`` and ``attach``, that misses none.
    """

    on: timedelta
    every: timedelta
    attach: timedelta
    settings: BackoffSettings
    deliveries: tuple[Delivery, ...]
    missed: tuple[PhaseRange, ...]
    missed_share: float
    worst_delay: timedelta | None
    worst_phases: tuple[PhaseRange, ...]
    mean_delay: timedelta | None
    on_needed: timedelta

    @property
    def always_met(self) -> bool:
        """Whether every phase is reached by some attempt."""
        return not self.missed


def plan(
    on: timedelta,
    every: timedelta,
    attach: timedelta = timedelta(0),
    settings: BackoffSettings = KPN,
) -> SmsPlan:
    """Work out which submission phases are reached, when, and which are missed.

    ``on`` equal to ``every`` means always on. Raises :class:`~harness.errors.UsageError` unless
    ``0 < on <= every`` and ``attach >= 0``.
    """
    on_us, every_us, attach_us = on // US, every // US, attach // US
    if not 0 < on_us <= every_us or attach_us < 0:
        raise UsageError(
            "a power cycle needs 0 < on <= every and attach >= 0; got "
            f"on {format_duration(on)}, every {format_duration(every)}, "
            f"attach {format_duration(attach)}"
        )
    window: Span = (0, every_us) if on_us == every_us else (attach_us, on_us)
    open_spans: list[Span] = [(0, every_us)]
    deliveries: list[Delivery] = []
    weighted_us = 0
    for number, at_s in enumerate(attempts(settings), start=1):
        at_us = at_s * 1_000_000
        reached, open_spans = _split(open_spans, _shifted(window, at_us, every_us))
        if reached:
            length_us = sum(end - start for start, end in reached)
            weighted_us += length_us * at_us
            deliveries.append(Delivery(number, at_us * US, _ranges(reached), length_us / every_us))
        if not open_spans:
            break
    missed_us = sum(end - start for start, end in open_spans)
    reached_us = every_us - missed_us
    return SmsPlan(
        on,
        every,
        attach,
        settings,
        tuple(deliveries),
        _ranges(open_spans),
        missed_us / every_us,
        deliveries[-1].at if deliveries else None,
        deliveries[-1].phases if deliveries else (),
        (weighted_us // reached_us) * US if reached_us else None,
        _on_needed(every_us, attach_us, settings),
    )


def _shifted(window: Span, at_us: int, every_us: int) -> list[Span]:
    """The phases from which an attempt ``at_us`` later falls into ``window``; at most two spans."""
    start, end = window
    if end <= start:
        return []
    if end - start >= every_us:
        return [(0, every_us)]
    first = (start - at_us) % every_us
    last = first + end - start
    if last <= every_us:
        return [(first, last)]
    return [(0, last - every_us), (first, every_us)]


def _split(spans: list[Span], cuts: list[Span]) -> tuple[list[Span], list[Span]]:
    """What of ``spans`` lies inside ``cuts``, and what outside; all sorted and disjoint."""
    inside: list[Span] = []
    outside: list[Span] = []
    for start, end in spans:
        position = start
        for cut_start, cut_end in cuts:
            low, high = max(position, cut_start), min(end, cut_end)
            if low >= high:
                continue
            if position < low:
                outside.append((position, low))
            inside.append((low, high))
            position = high
        if position < end:
            outside.append((position, end))
    return inside, outside


def _on_needed(every_us: int, attach_us: int, settings: BackoffSettings) -> timedelta:
    """The widest gap between attempts on the circle of the cycle must fit into the on-time."""
    marks = sorted({at_s * 1_000_000 % every_us for at_s in attempts(settings)})
    gap_us = max(b - a for a, b in zip(marks, [*marks[1:], marks[0] + every_us], strict=True))
    return min(gap_us + attach_us, every_us) * US


def _ranges(spans: list[Span]) -> tuple[PhaseRange, ...]:
    return tuple(PhaseRange(start * US, end * US) for start, end in spans)


def describe(result: SmsPlan) -> list[str]:
    """The plan in sentences, for a terminal or a report."""
    settings = result.settings
    moments = attempts(settings)
    last, discard = timedelta(seconds=moments[-1]), timedelta(seconds=discard_after(settings))
    lines = [
        f"On for {format_duration(result.on)} every {format_duration(result.every)}, reachable "
        f"{format_duration(result.attach)} after power-up.",
        f"Schedule ({settings.reading}): {len(moments)} attempts, the last after "
        f"{format_duration(last)}; discarded after {format_duration(discard)}.",
    ]
    if result.always_met:
        lines.append("Every SMS is delivered, whenever it is submitted.")
    else:
        lines.append(
            f"{_percent(result.missed_share)} of the submission moments are missed: such an SMS "
            "is discarded and reads FAILED."
        )
        lines += [
            f"  missed when submitted {format_duration(span.start)} to {format_duration(span.end)} "
            "after power-up"
            for span in result.missed[:8]
        ]
        if len(result.missed) > 8:
            lines.append(f"  … and {len(result.missed) - 8} more such ranges")
    if result.worst_delay is not None and result.mean_delay is not None:
        lines.append(
            f"Of those delivered, the slowest waits {format_duration(result.worst_delay)} "
            f"(attempt {result.deliveries[-1].number}); the mean is "
            f"{format_duration(timedelta(seconds=round(result.mean_delay.total_seconds())))}."
        )
    if not result.always_met:
        needed = result.on_needed
        advice = "always on" if needed >= result.every else f"at least {format_duration(needed)} on"
        lines.append(f"To miss none with this cycle: {advice} (or switch on more often).")
    return lines


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else "less than 0.1%"
