"""Error results (27.007 §9.2, 27.005 §3.2.5, Quectel TCP/IP and HTTP manuals)."""

from __future__ import annotations

from collections.abc import Mapping

CME: Mapping[int, str] = {
    0: "phone failure", 3: "operation not allowed", 4: "operation not supported",
    10: "SIM not inserted", 11: "SIM PIN required", 12: "SIM PUK required", 13: "SIM failure",
    14: "SIM busy", 15: "SIM wrong", 16: "incorrect password", 20: "memory full",
    21: "invalid index", 22: "not found", 23: "memory failure", 30: "no network service",
    31: "network timeout", 50: "incorrect parameters", 100: "unknown",
    133: "requested service option not subscribed", 148: "unspecified GPRS error",
    701: "HTTP unknown error", 702: "HTTP timeout", 703: "HTTP busy", 705: "HTTP no get request",
    711: "HTTP URL error", 712: "HTTP empty URL", 714: "HTTP DNS error",
    706: "HTTP get request busy", 729: "HTTP no memory",
    715: "HTTP socket create error", 716: "HTTP socket connect error",
    717: "HTTP socket read error", 718: "HTTP socket write error",
    719: "HTTP socket closed", 722: "HTTP read timeout", 723: "HTTP response failed",
    726: "HTTP input timeout", 728: "HTTP wait response timeout", 730: "HTTP invalid parameter",
}  # fmt: skip

CMS: Mapping[int, str] = {
    300: "ME failure", 302: "operation not allowed", 303: "operation not supported",
    304: "invalid PDU mode parameter", 305: "invalid text mode parameter",
    310: "SIM not inserted", 311: "SIM PIN required", 320: "memory failure",
    321: "invalid memory index", 322: "memory full", 330: "SMSC address unknown",
    331: "no network service", 332: "network timeout",
    340: "no +CNMA acknowledgement expected", 500: "unknown error",
}  # fmt: skip

SOCKET: Mapping[int, str] = {
    0: "operate successfully", 550: "unknown error", 551: "operation blocked",
    552: "invalid parameters", 554: "create socket failed", 558: "socket write failed",
    559: "socket read failed", 561: "open PDP context failed", 563: "socket identity has been used",
    565: "DNS parse failed", 566: "socket connect failed", 567: "socket has been closed",
    568: "operation busy", 569: "operation timeout", 570: "PDP context broken down",
    572: "operation not allowed", 573: "APN not configured",
}  # fmt: skip


class AtError(Exception):
    """Ends a command with an error result; plain ``ERROR`` when there is no ``code``."""

    def __init__(self, code: int | None = None, kind: str = "CME") -> None:
        super().__init__(code)
        self.code = code
        self.kind = kind

    def result(self, cmee: int) -> str:
        """The final result by AT+CMEE. SMS errors keep their number when CMEE is 0."""
        if self.code is None or (cmee == 0 and self.kind == "CME"):
            return "ERROR"
        texts = CME if self.kind == "CME" else CMS
        shown = texts.get(self.code, "unknown") if cmee == 2 else self.code
        return f"+{self.kind} ERROR: {shown}"


def cms(code: int) -> AtError:
    return AtError(code, "CMS")


class Unknown(Exception):
    """The modem does not know the command, this form of it, or this value of a selector."""
