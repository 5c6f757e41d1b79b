"""What the steps ``registration``, ``unregister`` and ``secret`` do."""

from __future__ import annotations

from typing import Any

from harness.errors import HilError, UsageError
from harness.platform.registration import advice
from harness.platform.registry import Registration
from harness.rig.scripted import ScriptedDut
from harness.scenario.actuator_action import must_refuse, must_take
from harness.scenario.registration_model import RegisterModel, UnregisterModel
from harness.scenario.stage import Stage
from harness.scenario.steps_model import SecretModel
from harness.scenario.verdict import ExpectationFailed, Mismatch

_FIELDS = ("name", "imei", "dvnuuid", "secret", "iccid", "msisdn", "sim", "rate_plan")
_LENGTH = 32
_LETTERS = "zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA9876543210"


def register(stage: Stage, action: RegisterModel) -> None:
    """Register it, and see that it is taken or refused as it must be."""
    device = _registration(stage, action)
    requirement = "REG-IP" if device.dvnuuid else "REG-M2M"
    try:
        stage.bench.platform.register(device)
    except HilError as error:
        must_refuse("the registration", action.refused, action.says, error, requirement)
        return
    must_take("the registration", action.refused, requirement)
    if action.advice is None:
        return
    given = "; ".join(remark.message for remark in advice(device))
    if action.advice not in given or (not action.advice and given):
        wanted = f"advice about {action.advice!r}" if action.advice else "no advice"
        raise ExpectationFailed(Mismatch(wanted, given or "none"), (requirement,))


def _registration(stage: Stage, action: RegisterModel) -> Registration:
    fields: dict[str, Any] = {
        name: stage.fill(getattr(action, name))
        for name in _FIELDS
        if getattr(action, name) is not None
    }
    if not action.model_fields_set & set(_FIELDS):
        return stage.bench.registration
    return Registration(**fields)


def unregister(stage: Stage, action: UnregisterModel) -> None:
    """Raises :class:`~harness.errors.UsageError` when there is no such device."""
    stage.bench.platform.remove(stage.fill(action.name))


def change_secret(stage: Stage, action: SecretModel) -> None:
    """At once on the platform, and in the device when ``both``."""
    bench = stage.bench
    secret = None if action.none else (_LETTERS * 2)[: action.length or _LENGTH]
    if action.both and not isinstance(bench.dut, ScriptedDut):
        raise UsageError("only a device that the harness plays can be given another secret")
    if action.both and isinstance(bench.dut, ScriptedDut):
        bench.dut.take_secret(secret)
    bench.platform.change_secret(bench.registration.name, secret)
