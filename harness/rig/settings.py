"""The platform's settings as a rig file states them."""

from __future__ import annotations

from dataclasses import replace

from harness.backoff import Reading
from harness.platform.settings import PlatformSettings, ResponseCodes
from harness.rig.models import PlatformModel


def platform_settings(model: PlatformModel, sms_reading: Reading | None = None) -> PlatformSettings:
    """What the rig says, with the scenario's own wish for the SMS schedule on top."""
    codes = model.codes
    settings = PlatformSettings(
        codes=ResponseCodes(codes.accepted, codes.malformed, codes.unverified, codes.unknown_device)
    )
    if model.retry_minimum is not None:
        settings = replace(settings, tight_retry_s=model.retry_minimum.total_seconds())
    return replace(settings, sms_reading=sms_reading or model.sms_reading)
