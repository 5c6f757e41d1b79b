"""Numbers of the Quectel TCP/IP and HTTP manuals."""

from __future__ import annotations

from collections.abc import Mapping

HTTP: Mapping[int, str] = {
    701: "HTTP unknown error", 702: "HTTP timeout", 703: "HTTP busy", 705: "HTTP no get request",
    711: "HTTP URL error", 712: "HTTP empty URL", 714: "HTTP DNS error",
    706: "HTTP get request busy", 729: "HTTP no memory",
    715: "HTTP socket create error", 716: "HTTP socket connect error",
    717: "HTTP socket read error", 718: "HTTP socket write error",
    719: "HTTP socket closed", 722: "HTTP read timeout", 723: "HTTP response failed",
    726: "HTTP input timeout", 728: "HTTP wait response timeout", 730: "HTTP invalid parameter",
}  # fmt: skip

SOCKET: Mapping[int, str] = {
    0: "operate successfully", 550: "unknown error", 551: "operation blocked",
    552: "invalid parameters", 554: "create socket failed", 558: "socket write failed",
    559: "socket read failed", 561: "open PDP context failed", 563: "socket identity has been used",
    565: "DNS parse failed", 566: "socket connect failed", 567: "socket has been closed",
    568: "operation busy", 569: "operation timeout", 570: "PDP context broken down",
    572: "operation not allowed", 573: "APN not configured",
}  # fmt: skip
