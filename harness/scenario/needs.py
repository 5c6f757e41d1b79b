"""What a scenario needs of a bench: what it says, and what its steps imply."""

from __future__ import annotations

from harness.scenario.actuator_model import ActuatorModel
from harness.scenario.chaos_model import ClockJumpModel
from harness.scenario.expect_model import Kinds
from harness.scenario.file_model import ScenarioModel
from harness.scenario.report_model import ReportModel
from harness.scenario.steps_model import SecretModel, StepModel

_OF_STEP = {
    "power": {"power"},
    "cycle": {"power"},
    "radio": {"radio"},
    "publish": {"mqtt"},
    "downlink": {"uplink"},
    "foreign_sms": {"virtual-modem"},
    "advance": {"stepped-clock"},
    "response_fault": {"uplink"},
    "chaos": {"uplink"},
    "firmware": {"uplink", "firmware-update"},
    "line_fault": {"line-faults"},
    "certificate": {"internet"},
    "destination": {"uplink"},
}
_OF_OBSERVATION = {
    "uplink": {"uplink"},
    "response": {"observed"},
    "downlink": {"observed"},
    "sms_attempts": {"sms"},
    "sms_received": {"observed"},
    "sms_status": {"sms"},
    "traffic": {"capture"},
    "modem": {"virtual-modem"},
    "exit": {"firmware"},
    "tls": {"internet"},
}


def needs_of(model: ScenarioModel) -> frozenset[str]:
    """The capabilities without which the scenario is skipped."""
    needs: set[str] = set(model.needs)
    for step in model.steps:
        needs |= _of_step(step)
    if "internet" not in needs:
        needs.add("m2m")
    device = model.device
    if device.sim is not None:
        needs.add(f"sim-{device.sim}")
    if device.secret is not None or device.apn is not None:
        needs |= {"virtual-modem"}
    if device.secret is not None and device.secret.none:
        needs.add("scripted-uplink")
    return frozenset(needs)


def _of_step(step: StepModel) -> set[str]:
    action = step.action
    if isinstance(action, Kinds):
        observed = action.model_fields_set & set(_OF_OBSERVATION)
        return set().union(*(_OF_OBSERVATION[name] for name in observed))
    if isinstance(action, ReportModel):
        return _of_report(action)
    if isinstance(action, ClockJumpModel):
        return {"stepped-clock"}
    if step.kind == "sms":
        assert step.sms is not None
        return set() if step.sms.refused else {"sms"}
    if isinstance(action, ActuatorModel):
        return {"sms"} if action.via == "sms" and not action.refused else set()
    if isinstance(action, SecretModel):
        return {"token", "scripted-uplink"} if action.both else {"token"}
    return set(_OF_STEP.get(step.kind, ()))


def _of_report(report: ReportModel) -> set[str]:
    needs = {"uplink"}
    if report.records is not None:
        needs.add("chosen-records")
    if not report.plain:
        needs.add("scripted-uplink")
    if report.via == "http-client":
        needs.add("http-client")
    if not report.verify:
        needs.add("tls")
    return needs
