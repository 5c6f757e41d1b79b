"""The rules of registering a device (REG-M2M, REG-IP, TOKEN-SECRET), each with its reason.

What the documents forbid is refused; what they advise, or what only looks mistyped, is advice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from harness import urn
from harness.errors import UsageError
from harness.platform.destination.config import SPECIALS
from harness.platform.registry import SIM_TYPES, Registration
from harness.platform.sms_settings import SmsSettings
from harness.token import secret_problem

_SMS_SIMS = SmsSettings().sims
RATE_PLAN_LIMIT = 100


class Remark(NamedTuple):
    """Something about one field of a registration."""

    field: str
    message: str


def device_secret_problem(secret: str) -> str | None:
    """What is wrong with a device secret, contradictions of the documents explained, or None.

    The sentence never shows the secret.
    """
    problem = secret_problem(secret)
    if problem is not None and any(letter in SPECIALS for letter in secret):
        problem += (
            f". One of {SPECIALS} is what a destination's secret needs and a device's may not "
            "have: one secret never serves both"
        )
    return problem


_NO_SECRET = (
    "an Internet device is registered with a secret (REG-IP); without one, nobody can tell whose "
    "uplinks these are"
)
_PROBLEM_OF: dict[str, Callable[[str], str | None]] = {
    "imei": urn.imei_problem,
    "dvnuuid": urn.uuid_problem,
    "secret": device_secret_problem,
    "iccid": urn.iccid_problem,
    "msisdn": urn.msisdn_problem,
}


def problems(device: Registration) -> list[Remark]:
    """Everything that is wrong with a registration; none when it can be taken."""
    return [*_of_identity(device), *_of_fields(device)]


def _of_identity(device: Registration) -> Iterator[Remark]:
    if (device.imei is None) == (device.dvnuuid is None):
        yield Remark("imei", "a device has exactly one of imei (M2M) and dvnuuid (Internet)")


def _of_fields(device: Registration) -> Iterator[Remark]:
    for field, problem_of in _PROBLEM_OF.items():
        value = getattr(device, field)
        problem = problem_of(value) if value is not None else None
        if problem is not None:
            yield Remark(field, problem)
    if device.sim not in SIM_TYPES:
        yield Remark("sim", f"the SIM type is one of {', '.join(SIM_TYPES)}")
    if device.rate_plan is not None and not 1 <= len(device.rate_plan.strip()) <= RATE_PLAN_LIMIT:
        yield Remark("rate_plan", f"a rate plan is a name of 1 to {RATE_PLAN_LIMIT} characters")


def advice(device: Registration) -> list[Remark]:
    """What could be better about a registration that can be taken."""
    found: list[tuple[str, str | None]] = []
    if device.dvnuuid is not None:
        found.append(("dvnuuid", urn.uuid_advice(device.dvnuuid)))
        if device.secret is None:
            found.append(("secret", _NO_SECRET))
    if device.iccid is not None:
        found.append(("iccid", urn.iccid_advice(device.iccid)))
    if device.msisdn is not None:
        found.append(("msisdn", urn.msisdn_advice(device.msisdn)))
    if device.imei is not None and device.sim in _SMS_SIMS:
        missing = [name for name in ("iccid", "msisdn") if getattr(device, name) is None]
        if missing:
            names = " and ".join(name.upper() for name in missing)
            found.append(("sim", f"a {device.sim} SIM gets SMS, but not without its {names}"))
    return [Remark(field, message) for field, message in found if message is not None]


def refuse_wrong(device: Registration) -> Registration:
    """The registration itself. Raises :class:`UsageError` with everything that is wrong with it."""
    found = problems(device)
    if found:
        raise UsageError("; ".join(f"{field}: {message}" for field, message in found))
    return device
