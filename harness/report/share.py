"""Masking for pages that leave the lab: IMEI, ICCID, IMSI and MSISDN keep their last digits.

What the contexts name is masked wherever it stands. Any other run of 14 to 20 digits (IMEI, IMSI,
ICCID) and any international number is masked too, since a modem may say one nobody registered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from harness.evidence import Event
from harness.report.model import ScenarioReport

KEPT = 3
_NAMES = ("imei", "iccid", "imsi", "msisdn", "dvnuuid")
_LONG = re.compile(r"(?<![0-9A-Za-z.])\d{14,20}F?(?![0-9A-Za-z])")
_PHONE = re.compile(r"(?<![0-9A-Za-z])\+[1-9]\d{8,14}(?!\d)")


def masked(value: str) -> str:
    """``•`` for each character but the last three."""
    return "•" * max(len(value) - KEPT, 0) + value[-KEPT:]


class Mask:
    """Masks text and events; made once for all identities of a run."""

    def __init__(self, identities: Iterable[str] = ()) -> None:
        self._pairs: dict[str, str] = {}
        for identity in identities:
            for form in _forms(identity):
                self._pairs[form] = masked(form)
        longest = sorted(self._pairs, key=lambda form: -len(form))
        self._known = re.compile("|".join(map(re.escape, longest)), re.I) if longest else None

    @classmethod
    def of(cls, reports: Iterable[ScenarioReport], more: Iterable[str] = ()) -> Mask:
        """For every identity that the contexts of these timelines name."""
        found = dict.fromkeys(more)
        for report in reports:
            for name in _NAMES:
                value = report.device.get(name)
                if isinstance(value, str) and len(value) > KEPT:
                    found[value] = None
        return cls(found)

    def known(self, text: str) -> str:
        """Only what the run itself named: safe on a whole page."""
        return self._known.sub(lambda m: masked(m[0]), text) if self._known else text

    def text(self, text: str) -> str:
        """Everything that looks like an identity."""
        text = self.known(text)
        text = _PHONE.sub(lambda m: masked(m[0]), text)
        return _LONG.sub(lambda m: masked(m[0]), text)

    def value(self, value: Any) -> Any:
        """A value of a timeline, masked in depth."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def report(self, report: ScenarioReport) -> ScenarioReport:
        """The same scenario without identities."""
        events = tuple(_with(event, self.value(dict(event.data))) for event in report.events)
        return replace(report, events=events, fallback=self.value(report.fallback))


def _with(event: Event, data: Mapping[str, Any]) -> Event:
    return Event(event.seq, event.host, event.wall, event.at, event.source, event.kind, data)


def _forms(identity: str) -> list[str]:
    """The identity as it may stand on a wire: as it is, without ``+``, and in PDU semi-octets
    (3GPP TS 23.040 §9.1.2.3: digits swapped in pairs, an odd one filled with F)."""
    plain = identity.removeprefix("+")
    forms = [identity, plain]
    if plain.isdigit():
        padded = plain + "F" * (len(plain) % 2)
        forms.append("".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2)))
        if len(plain) == 15:  # an IMEI is also said without its check digit, in IMEISV
            forms.append(plain[:14])
    return [form for form in dict.fromkeys(forms) if len(form) > KEPT + 3]
