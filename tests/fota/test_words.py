"""What `hil serve` says about firmware."""

from __future__ import annotations

from typing import Any

import pytest

from harness.cli.serve_words import told
from harness.evidence import Event

PART = {"device": "tracker-1", "peer": "10.0.0.2:4", "range": "0-255", "status": 206, "good": True,
        "fault": None, "findings": []}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("fota.offer", {"device": "t", "action": "offered", "version": "2", "size": 5000},
         "is offered firmware 2, 5,000 bytes"),
        ("fota.part", PART, None),
        ("fota.part", PART | {"good": False, "fault": "wrong-crc"},
         "firmware 0-255: 206, fault wrong-crc"),
        ("fota.part", PART | {"good": False, "range": None, "status": 401, "device": None},
         "firmware refused: 401"),
        ("fota.done", {"device": "t", "version": "2", "requests": 20},
         "has fetched firmware 2 in 20 requests"),
        ("fota.reported", {"device": "t", "version": "2", "exchange": 3, "findings": []},
         "reports firmware 2"),
    ],
)  # fmt: skip
def test_firmware_in_a_few_words(kind: str, data: dict[str, Any], said: str | None) -> None:
    """Offers, ends and what goes wrong are told; parts that come as they should are not."""
    words = told(Event(1, 0.0, "", "", "platform", kind, data))
    assert (words.said if words is not None else None) == said
