"""What the step ``actuator`` does."""

from __future__ import annotations

from harness.errors import HilError
from harness.platform.actuator.model import network_id
from harness.rig.dut import Record
from harness.scenario.actuator_model import ActuatorModel
from harness.scenario.stage import Stage
from harness.scenario.verdict import ExpectationFailed, Mismatch


def submit(stage: Stage, action: ActuatorModel) -> None:
    """Submit it, and see that it is taken or refused as it must be."""
    bench = stage.bench
    target = network_id(bench.registration) if action.to is None else stage.fill(action.to)
    message: object = None if action.message is None else stage.fill(action.message)
    if action.records is not None:
        message = [
            Record(**{name: getattr(record, name) for name in record.model_fields_set}).labels()
            for record in action.records
        ]
    order = {"networkId": target, "message": message}
    if action.tag is not None:
        order["tagValue"] = action.tag
    actuator = bench.platform.actuator
    try:
        if action.via == "actuator":
            actuator.submit(order)
        else:
            actuator.submit_raw(action.via, order)
    except HilError as error:
        must_refuse("the downlink", action.refused, action.says, error)
        return
    must_take("the downlink", action.refused)


def must_refuse(
    what: str, refused: bool, says: str | None, error: HilError, *requirements: str
) -> None:
    """It was refused. Raises :class:`ExpectationFailed` unless that, and why, was expected."""
    if not refused:
        raise ExpectationFailed(
            Mismatch(f"the platform to take {what}", str(error)), requirements
        ) from error
    if says is not None and says not in str(error):
        raise ExpectationFailed(
            Mismatch(f"{what} to be refused because of {says!r}", str(error)), requirements
        ) from error


def must_take(what: str, refused: bool, *requirements: str) -> None:
    """It was taken. Raises :class:`ExpectationFailed` when it should have been refused."""
    if refused:
        raise ExpectationFailed(
            Mismatch(f"the platform to refuse {what}", "it took it"), requirements
        )
