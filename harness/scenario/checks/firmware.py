"""FOTA-*: what the device made of the firmware it was offered."""

from __future__ import annotations

from harness.platform.fota.offer import FirmwareOffer
from harness.platform.fota.ranges import shown
from harness.scenario.checks.refused import or_refused
from harness.scenario.firmware_model import FirmwareExpectation
from harness.scenario.stage import Stage
from harness.scenario.verdict import Mismatch


def check_firmware(stage: Stage, want: FirmwareExpectation) -> Mismatch | None:
    """One offer: what was fetched of it, how, and what was reported."""
    offers = stage.bench.platform.firmware.all(stage.bench.registration.name)
    number = want.number or len(offers)
    if not offers or number > len(offers):
        return Mismatch(f"firmware offer {number or 1}", f"{len(offers)} were made")
    offer = offers[number - 1]
    mismatch = _clean(offer, want) or _fetched(offer, want) or _counts(offer, want)
    if mismatch is None or offer.findings:
        return mismatch
    return or_refused(stage, mismatch)  # the offer, and the report, travel with accepted uplinks


def _clean(offer: FirmwareOffer, want: FirmwareExpectation) -> Mismatch | None:
    """What was found once stays found."""
    graver = tuple(dict.fromkeys(f.requirement for f in offer.findings if f.severity != "info"))
    if want.clean and graver:
        return Mismatch("nothing to object to", _progress(offer), graver, final=True)
    have = {finding.requirement for finding in offer.findings}
    if want.findings is not None and not set(want.findings) <= have:
        missing = ", ".join(sorted(set(want.findings) - have))
        return Mismatch(f"a finding for {missing}", _progress(offer))
    return None


def _fetched(offer: FirmwareOffer, want: FirmwareExpectation) -> Mismatch | None:
    """In the order in which a device goes: the bytes first, then the report."""
    if want.fetched is not None and offer.fetched is not want.fetched:
        wanted = "every byte of the firmware to be fetched"
        if not want.fetched:
            wanted = "the firmware not to be fetched"
        return Mismatch(wanted, _progress(offer), _errors(offer) or ("FOTA-RANGE",))
    if want.crc is not None and (not offer.fetched or offer.crc != want.crc):
        whole = f"an image with CRC {want.crc} to be fetched"
        seen = f"{_progress(offer)}; the image has CRC {offer.crc}"
        return Mismatch(whole, seen, _errors(offer) or ("FOTA-RANGE",))
    if want.reported is not None and offer.reported != want.reported:
        return Mismatch(
            f"version {want.reported} to be reported by an uplink",
            f"{offer.reported or 'none'} after it was offered; {_progress(offer)}",
            _errors(offer) or (("FOTA-REPORT",) if offer.fetched else ("FOTA-RANGE",)),
        )
    return None


def _counts(offer: FirmwareOffer, want: FirmwareExpectation) -> Mismatch | None:
    parts = len(offer.good_parts)
    if want.parts is not None and parts != want.parts:
        return Mismatch(f"{want.parts} different parts", f"{parts}; {_progress(offer)}")
    low, high = want.requests_at_least, want.requests_at_most
    for wanted, fits in (
        (want.requests, want.requests == offer.requests),
        (low and f"at least {low}", low is None or offer.requests >= low),
        (high is not None and f"at most {high}", high is None or offer.requests <= high),
    ):
        if wanted not in (None, False) and not fits:
            return Mismatch(f"{wanted} requests for firmware", f"{offer.requests}")
    return None


def _errors(offer: FirmwareOffer) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f.requirement for f in offer.findings if f.severity == "error"))


def _progress(offer: FirmwareOffer) -> str:
    what = f"{offer.requests} requests"
    if offer.fetched:
        what += ", all bytes fetched"
    elif offer.spoilt:
        what += f", bytes {shown(offer.spoilt)} came only with a fault"
    elif offer.missing:
        what += f", bytes {shown(offer.missing)} of {offer.size} not fetched"
    found = "; ".join(f"{finding.requirement}: {finding.message}" for finding in offer.findings)
    return what + (f" ({found})" if found else "")
