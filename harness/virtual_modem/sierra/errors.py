"""Numbers of the AirPrime HL interface guides."""

from __future__ import annotations

from collections.abc import Mapping

BAD_SESSION, RUNNING, ALL_USED = 910, 911, 912
#: 910 is in the interface guide; 911 and 912 follow the order of +KTCP_NOTIF (assumed).
SESSION: Mapping[int, str] = {
    BAD_SESSION: "bad session ID", RUNNING: "session is already running",
    ALL_USED: "all sessions are used",
}  # fmt: skip
