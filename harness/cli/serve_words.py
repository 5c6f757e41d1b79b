"""Events of the timeline in a few words, for the lines and the live table of ``hil serve``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.evidence import Event
from harness.platform.findings import Outcome

_ACCEPTED = Outcome.ACCEPTED.value
Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """``said`` of or about ``who``; ``number`` is the exchange's. ``bad``: it went wrong."""

    said: str
    who: str = ""
    number: str = ""
    bad: bool = False


def told(event: Event) -> Told | None:
    """What a person would want to know of ``event``; None for the kinds that are only evidence."""
    words = _WORDS.get(event.kind)
    return None if words is None else words(event, event.data)


def is_told(kind: str) -> bool:
    """Whether :func:`told` says something about events of this kind."""
    return kind in _WORDS


def _uplink(_: Event, data: Data) -> Told:
    outcome = said = str(data["outcome"])
    if data.get("fault"):  # the verdict is the platform's; the device was told something else
        said += f", its answer spoilt: {data['fault']}"
    return Told(said, data["device"] or "unknown", _exchange(data), outcome != _ACCEPTED)


def _attempt(_: Event, data: Data) -> Told:
    why = f" ({data['why']})" if data["why"] else ""
    said = f"to {data['destination']}: {data['outcome']}{why}"
    return Told(said, data["device"] or "", _exchange(data), data["outcome"] != "delivered")


def _exchange(data: Data) -> str:
    return f"#{data['exchange']}"


def _part(_: Event, data: Data) -> Told | None:
    """Parts that come as they should are too many to be told one by one."""
    if data.get("good") and not data.get("fault") and not data["findings"]:
        return None
    asked = data.get("range") or "refused"
    said = f"firmware {asked}: {data['status'] or 'no answer'}"
    said += f", fault {data['fault']}" if data.get("fault") else ""
    return Told(said, data["device"] or data["peer"], bad=True)


def _refused(_: Event, data: Data) -> Told | None:
    """What was submitted shows up as a downlink or an SMS."""
    if data["reason"] is None:
        return None
    said = f"{data['method']} {data['path']}: {data['status']}, {data['reason']}"
    return Told(said, "an application", bad=True)


def _sms(_: Event, data: Data) -> Told | None:
    """How it ended; that it began is what somebody here ordered."""
    if data.get("from") is None:
        return None
    said = f"SMS {data['id']} is {data['status']}: {data['reason']}"
    return Told(said, data["device"], bad=not str(data["reason"]).startswith("delivered"))


_WORDS: Mapping[str, Callable[[Event, Data], Told | None]] = {
    "uplink": _uplink,
    "destination.attempt": _attempt,
    "fota.offer": lambda _, data: Told(
        f"is {data['action']} firmware {data['version']}, {data['size']:,} bytes", data["device"]
    ),
    "fota.part": _part,
    "fota.done": lambda _, data: Told(
        f"has fetched firmware {data['version']} in {data['requests']} requests", data["device"]
    ),
    "fota.reported": lambda _, data: Told(
        f"reports firmware {data['version']}",
        data["device"],
        _exchange(data),
        bad=bool(data["findings"]),
    ),
    "http.aborted": lambda _, data: Told(
        f"aborted: {data['why']}", data["peer"], _exchange(data), bad=True
    ),
    "http.crowded": lambda _, data: Told(
        f"{data['closed']:,} idle connections made room for new ones", bad=True
    ),
    "tls.handshake": lambda _, data: Told(
        f"TLS {data['outcome']} ({data['certificate']} certificate)", data["peer"]
    ),
    "store.failed": lambda _, data: Told(
        f"{data['why']}; uplinks turned away: {data['uplinks']:,}", "store", bad=True
    ),
    "store.recovered": lambda _, data: Told("can be written again", "store"),
    "actuator.request": _refused,
    "sms.status": _sms,
    "device.registered": lambda _, data: Told(
        f"registered as {data['identifier']}", data["device"]
    ),
    "device.secret-changed": lambda _, data: Told("has a new secret", data["device"]),
    "device.removed": lambda _, data: Told("is no longer registered", data["device"]),
    "chaos": lambda _, data: Told(f"{data['action']}: {data['says']}", "chaos"),
    "clock.jump": lambda _, data: Told(f"moved to {data['to']}", "clock"),
    "note": lambda event, data: Told(str(data["text"]), event.source),
}
