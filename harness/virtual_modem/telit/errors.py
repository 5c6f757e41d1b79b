"""Numbers of Telit's IP commands (AT Commands Reference Guide, "Mobile Equipment errors")."""

from __future__ import annotations

from collections.abc import Mapping

IP: Mapping[int, str] = {
    550: "generic undocumented error", 551: "wrong state", 552: "wrong mode",
    553: "context already activated", 554: "stack already active", 555: "activation failed",
    556: "context not opened", 557: "cannot setup socket", 558: "cannot resolve DN",
    559: "timeout in opening socket", 560: "cannot open socket",
    561: "remote disconnected or timeout", 562: "connection failed", 563: "tx error",
    564: "already listening", 566: "can not resume socket", 567: "wrong APN", 568: "wrong PDP",
    569: "service not supported", 570: "QOS not accepted", 571: "NSAPI already used",
    572: "LLC or SNDCP failure", 573: "network reject",
}  # fmt: skip
