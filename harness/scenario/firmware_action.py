"""What the steps ``firmware`` and ``firmware-fault`` do."""

from __future__ import annotations

from typing import Any

from harness.errors import UsageError
from harness.platform.faults import make_fault
from harness.platform.fota.image import made_up_image
from harness.scenario.firmware_model import FirmwareFaultModel, FirmwareModel
from harness.scenario.stage import Stage


def offer(stage: Stage, action: FirmwareModel) -> None:
    """URL and token go with the device's next uplink."""
    bench = stage.bench
    platform, device = bench.platform, bench.registration.name
    life_s = None if action.token_life is None else action.token_life.total_seconds()
    if action.renew:
        offers = platform.firmware.all(device)
        if not offers:
            raise UsageError("there is no firmware offer to renew")
        platform.firmware.renew(offers[-1].id, life_s)
        return
    version = action.version or ""
    platform.offer_firmware(
        device, _image(stage, action), version, status_form=action.status, token_life_s=life_s
    )


def _image(stage: Stage, action: FirmwareModel) -> bytes:
    if action.file is None:
        return made_up_image(action.version or "", action.size or 0, action.seed)
    path = stage.case.file.parent / action.file
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the firmware {path}: {error.strerror}") from error


def spoil(stage: Stage, action: FirmwareFaultModel) -> None:
    """Put a fault on answers of the file server."""
    values: dict[str, Any] = {
        "seconds": None if action.by is None else action.by.total_seconds(),
        "gap": None if action.gap is None else action.gap.total_seconds(),
        "pieces": action.pieces,
        "missing": action.missing,
        "code": action.status,
    }
    given = {name: value for name, value in values.items() if value is not None}
    stage.bench.platform.firmware.faults.add(
        make_fault(action.kind, given),
        device=stage.bench.registration.name,
        count=action.times,
        skip=action.after,
    )
