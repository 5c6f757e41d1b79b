"""The steps that do something, one function each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.errors import UsageError
from harness.files import Model
from harness.platform.downlinks import TransitionRefused
from harness.platform.sms import SmsRefused
from harness.rig.forwarding import EndpointOrder
from harness.scenario import (
    actuator_action,
    chaos_action,
    firmware_action,
    registration_action,
)
from harness.scenario.actuator_action import must_refuse, must_take
from harness.scenario.actuator_model import ActuatorModel
from harness.scenario.chaos_model import ClearChaosModel, ClockJumpModel
from harness.scenario.firmware_model import FirmwareFaultModel, FirmwareModel
from harness.scenario.orders import order_of, pack_order, record_of
from harness.scenario.registration_model import RegisterModel, UnregisterModel
from harness.scenario.report_model import PublishModel, ReportModel
from harness.scenario.stage import Stage
from harness.scenario.steps_model import (
    AdvanceModel,
    CertificateModel,
    CycleModel,
    DestinationStepModel,
    DownlinkModel,
    DownlinkStatusModel,
    ForeignSmsModel,
    LineFaultModel,
    NoteModel,
    PowerModel,
    RadioModel,
    ResponseFaultModel,
    SecretModel,
    SmsModel,
)
from harness.scenario.verdict import ExpectationFailed, Mismatch


def perform(stage: Stage, action: Model) -> None:
    """Do one step."""
    _ACTIONS[type(action)](stage, action)


def _power(stage: Stage, action: PowerModel) -> None:
    dut = stage.bench.dut
    match action.state:
        case "on":
            dut.power_on(attach=action.attach)
        case "off":
            dut.power_off()
        case "cut":
            dut.power_off(abrupt=True)
        case "reset":
            dut.reset()


def _radio(stage: Stage, action: RadioModel) -> None:
    stage.bench.dut.radio(on=action.state == "on")


def _report(stage: Stage, action: ReportModel) -> None:
    try:
        order = order_of(stage, action)
        stage.bench.dut.report(order)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _publish(stage: Stage, action: PublishModel) -> None:
    identifier = None if action.identifier is None else stage.fill(action.identifier)
    try:
        stage.bench.publish(pack_order(stage, action), identifier)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _downlink(stage: Stage, action: DownlinkModel) -> None:
    bench = stage.bench
    bench.platform.queue_downlink(
        bench.registration.name,
        [record_of(record).labels() for record in action.records],
        status=action.status,
        shape=action.shape,
    )


def _downlink_status(stage: Stage, action: DownlinkStatusModel) -> None:
    bench = stage.bench
    queued = bench.platform.downlinks(bench.registration.name)
    if action.number > len(queued):
        raise UsageError(f"there is no downlink {action.number}; {len(queued)} were queued")
    ident = queued[action.number - 1].id
    try:
        bench.platform.set_downlink_status(ident, action.status, stage.fill(action.reason))
    except TransitionRefused as error:
        must_refuse("the new status", action.refused, None, error)
        return
    must_take("the new status", action.refused)


def _sms(stage: Stage, action: SmsModel) -> None:
    bench = stage.bench
    try:
        bench.platform.submit_sms(bench.registration.name, stage.fill(action.text))
    except SmsRefused as error:
        if action.refused:
            return
        raise ExpectationFailed(
            Mismatch("the platform to take the SMS", str(error)), ("SMS-PLUS",)
        ) from error
    if action.refused:
        raise ExpectationFailed(
            Mismatch("the platform to refuse the SMS", "it took it"), ("SMS-PLUS",)
        )


def _foreign_sms(stage: Stage, action: ForeignSmsModel) -> None:
    stage.bench.deliver_foreign_sms(action.sender, action.text)


def _advance(stage: Stage, action: AdvanceModel) -> None:
    clock, drain = stage.bench.clock, stage.bench.dut.drain
    if action.by is not None:
        clock.advance(action.by.total_seconds(), drain)
    elif action.to is not None:
        clock.advance_to(action.to, drain)


def _cycle(stage: Stage, action: CycleModel) -> None:
    clock, dut = stage.bench.clock, stage.bench.dut
    on_s, every_s = action.on.total_seconds(), action.every.total_seconds()
    for _ in range(action.times):
        stage.check_time()
        dut.power_on()
        clock.advance(on_s, dut.drain)
        dut.power_off()
        clock.advance(every_s - on_s, dut.drain)


def _response_fault(stage: Stage, action: ResponseFaultModel) -> None:
    stage.bench.platform.faults.add(action.fault(), count=action.times)


def _line_fault(stage: Stage, action: LineFaultModel) -> None:
    by = action.by
    stage.bench.inject_line_fault(
        action.kind,
        count=action.count,
        after=action.after,
        seconds=None if by is None else by.total_seconds(),
        text=action.text,
        place=action.place,
    )


def _destination(stage: Stage, action: DestinationStepModel) -> None:
    order = EndpointOrder(
        certificate=action.certificate,
        answers=action.answers,
        url=action.url,
        secret=action.secret,
        method=action.method,
        headers=action.headers,
        expected=action.expected_code,
        shape=action.shape,
        numbers=action.numbers,
    )
    try:
        stage.bench.add_endpoint(order)
    except UsageError as error:
        if action.refused:
            return
        raise ExpectationFailed(
            Mismatch("the platform to take the destination", str(error)), ("DEST-CONFIG",)
        ) from error
    if action.refused:
        raise ExpectationFailed(
            Mismatch("the platform to refuse the destination", "it took it"), ("DEST-CONFIG",)
        )


def _certificate(stage: Stage, action: CertificateModel) -> None:
    stage.bench.platform.present_certificate(action.kind)


def _note(stage: Stage, action: NoteModel) -> None:
    stage.bench.timeline.record("scenario", "note", text=stage.fill(action.text))


_ACTIONS: dict[type[Model], Callable[[Stage, Any], None]] = {
    PowerModel: _power,
    RadioModel: _radio,
    ReportModel: _report,
    DownlinkModel: _downlink,
    DownlinkStatusModel: _downlink_status,
    SmsModel: _sms,
    ForeignSmsModel: _foreign_sms,
    AdvanceModel: _advance,
    CycleModel: _cycle,
    ResponseFaultModel: _response_fault,
    LineFaultModel: _line_fault,
    CertificateModel: _certificate,
    DestinationStepModel: _destination,
    NoteModel: _note,
    PublishModel: _publish,
    ActuatorModel: actuator_action.submit,
    RegisterModel: registration_action.register,
    UnregisterModel: registration_action.unregister,
    SecretModel: registration_action.change_secret,
    ClockJumpModel: chaos_action.jump,
    ClearChaosModel: chaos_action.clear,
    FirmwareModel: firmware_action.offer,
    FirmwareFaultModel: firmware_action.spoil,
    **dict.fromkeys(chaos_action.RULE_MODELS, chaos_action.add_rule),
}
