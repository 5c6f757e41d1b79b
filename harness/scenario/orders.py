"""What a device is asked to send: from the steps' models to plain values."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from harness.rig.dut import Record, RequestChanges, UplinkOrder
from harness.scenario.report_model import PackModel, RecordModel, ReportModel
from harness.scenario.stage import Stage

RESPONSE_WITHIN_S = 10.0


def record_of(model: RecordModel) -> Record:
    """The values of a record model."""
    return Record(**{name: getattr(model, name) for name in model.model_fields_set})


def pack_order(stage: Stage, model: PackModel) -> UplinkOrder:
    """The pack and its token; all else as documented."""
    base_time: float | None
    if model.base_time == "now":
        base_time = stage.bench.clock.now().timestamp()
    elif isinstance(model.base_time, datetime):
        base_time = model.base_time.timestamp()
    else:
        base_time = None if model.base_time is None else float(model.base_time)
    return UplinkOrder(
        records=None if model.records is None else [record_of(r) for r in model.records],
        base_name=None if model.base_name is None else stage.fill(model.base_name),
        base_time=base_time,
        base_unit=model.base_unit,
        base_value=model.base_value,
        merged=model.shape == "merged",
        spaces=model.spaces,
        body=None if model.body is None else stage.fill(model.body).encode("utf-8"),
        mistake=model.token,
        tamper=None
        if model.tamper is None
        else (model.tamper.find.encode(), model.tamper.put.encode()),
    )


def order_of(stage: Stage, model: ReportModel) -> UplinkOrder:
    """A whole uplink."""
    request = model.request
    within = model.response_within
    return replace(
        pack_order(stage, model),
        request=RequestChanges(
            method=request.method,
            path=request.path,
            version=request.version,
            host=request.host,
            headers=request.headers,
            drop=tuple(request.drop),
            duplicate=tuple(request.duplicate),
            bare_lf=request.line_ends == "lf",
            length_error=request.length_error,
        ),
        http_client=model.via == "http-client",
        keep_open=model.keep_open,
        verify=model.verify,
        to=_address(model.to),
        response_timeout_s=within.total_seconds() if within is not None else RESPONSE_WITHIN_S,
        tries=model.tries,
    )


def _address(text: str | None) -> tuple[str, int] | None:
    if text is None:
        return None
    host, _, port = text.rpartition(":")
    return host, int(port)
