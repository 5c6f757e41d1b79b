"""What is told of applications and SMS."""

from __future__ import annotations

from typing import Any

import pytest

from harness.cli.serve_words import Told, told
from harness.evidence import Event

REQUEST = {"method": "POST", "path": "/actuator/downlinks"}
UPLINK = {"exchange": 7, "device": "tracker-1", "outcome": "accepted", "findings": []}
SMS = {"id": 3, "device": "tracker-1"}


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("uplink", UPLINK, Told("accepted", "tracker-1", "#7")),
        (
            "uplink",
            {**UPLINK, "fault": "not-kept"},
            Told("accepted, its answer spoilt: not-kept", "tracker-1", "#7"),
        ),
        ("actuator.request", {**REQUEST, "status": 201, "reason": None}, None),
        (
            "actuator.request",
            {**REQUEST, "status": 400, "reason": "the body is no JSON"},
            Told("POST /actuator/downlinks: 400, the body is no JSON", "an application", bad=True),
        ),
        ("sms.status", {**SMS, "status": "PENDING", "from": None, "reason": "submitted"}, None),
        (
            "sms.status",
            {**SMS, "status": "FAILED", "from": "PENDING", "reason": "discarded after 48 h"},
            Told("SMS 3 is FAILED: discarded after 48 h", "tracker-1", bad=True),
        ),
        (
            "sms.status",
            {**SMS, "status": "DELIVERED", "from": "PENDING", "reason": "delivered at attempt 2"},
            Told("SMS 3 is DELIVERED: delivered at attempt 2", "tracker-1"),
        ),
    ],
)
def test_refusals_and_ends_are_told(kind: str, data: dict[str, Any], expected: Told | None) -> None:
    """What was taken shows up otherwise; what was refused, and how an SMS ended, is said."""
    assert told(Event(1, 0.0, "", "", "x", kind, data)) == expected
