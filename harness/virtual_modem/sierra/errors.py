"""Numbers of the AirPrime HL interface guides."""

from __future__ import annotations

from collections.abc import Mapping

BAD_SESSION, RUNNING, ALL_USED = 910, 911, 912
SSL_OPTION, CERTIFICATE_SIZE, CERTIFICATE_INVALID = 918, 930, 931
#: 910 is in the interface guide; 911 and 912 follow the order of +KTCP_NOTIF (assumed). 918, 930
#: and 931 are in the vendor's test scripts; their texts are assumed.
ERRORS: Mapping[int, str] = {
    BAD_SESSION: "bad session ID", RUNNING: "session is already running",
    ALL_USED: "all sessions are used", SSL_OPTION: "SSL option not supported",
    CERTIFICATE_SIZE: "size of data does not match", CERTIFICATE_INVALID: "invalid certificate",
}  # fmt: skip
