"""Checks: compare what a scenario expects with what the bench has seen.

Each check is a function of the bench and one expectation; it returns None when it holds and a
:class:`~harness.scenario.verdict.Mismatch` otherwise. It never waits: the runner asks again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.scenario.checks.actuator import check_actuator, check_downlink_life
from harness.scenario.checks.chaos import check_chaos
from harness.scenario.checks.downlink import check_downlink, check_downlink_status
from harness.scenario.checks.firmware import check_firmware
from harness.scenario.checks.forwarded import check_forwarded
from harness.scenario.checks.network import check_modem, check_traffic, check_transcript
from harness.scenario.checks.response import check_exit, check_response
from harness.scenario.checks.sms import check_sms_attempts, check_sms_received, check_sms_status
from harness.scenario.checks.tls import check_tls
from harness.scenario.checks.uplink import check_uplink, check_uplinks
from harness.scenario.expect_model import Kinds
from harness.scenario.stage import Stage
from harness.scenario.verdict import Mismatch

_CHECKS: dict[str, Callable[[Stage, Any], Mismatch | None]] = {
    "uplink": check_uplink,
    "uplinks": check_uplinks,
    "response": check_response,
    "downlink": check_downlink,
    "downlink_status": check_downlink_status,
    "downlink_life": check_downlink_life,
    "actuator": check_actuator,
    "sms_attempts": check_sms_attempts,
    "sms_received": check_sms_received,
    "sms_status": check_sms_status,
    "traffic": check_traffic,
    "tls": check_tls,
    "forwarded": check_forwarded,
    "transcript": check_transcript,
    "modem": check_modem,
    "exit": check_exit,
    "chaos": check_chaos,
    "firmware": check_firmware,
}


def first_mismatch(stage: Stage, expectation: Kinds) -> Mismatch | None:
    """The first observation that differs from ``expectation``, or None."""
    for name, check in _CHECKS.items():
        if name in expectation.model_fields_set:
            mismatch = check(stage, getattr(expectation, name))
            if mismatch is not None:
                return mismatch
    return None


def first_match(stage: Stage, unwanted: Kinds) -> str | None:
    """Of the observations that must not be made, the name of the first that was."""
    for name, check in _CHECKS.items():
        if name in unwanted.model_fields_set and check(stage, getattr(unwanted, name)) is None:
            return name.replace("_", "-")
    return None
