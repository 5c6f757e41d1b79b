"""The seeded faults: small deliberate defects, each wired at one place, to prove scenarios bite.

``FAULTS`` maps a name to the requirement it breaks and one sentence. In the code, a defect is an
``if "name" in faults`` next to the right way of doing it. A fault may take a parameter after ``=``;
only ``sleeps-through-retries=EVERY:ON`` does, in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One defect: ``requirements`` are the IDs it breaks, the most telling first."""

    name: str
    requirements: tuple[str, ...]
    sentence: str

    @property
    def requirement(self) -> str:
        """The requirement that a verdict should blame."""
        return self.requirements[0]


_LIST = (
    # token
    Fault("hash-stripped-body", ("TOKEN-EXACT", "TOKEN-FORMULA"),
          "Hashes the body without white space, but sends it with spaces."),
    Fault("hash-trailing-nul", ("TOKEN-EXACT", "TOKEN-FORMULA"),
          "Hashes the terminating NUL of its C string, which it does not send."),
    Fault("token-previous-body", ("TOKEN-EXACT", "TOKEN-FORMULA"),
          "Sends the token of the body before (of an empty one at first)."),
    Fault("token-upper-case", ("TOKEN-HEADER",),
          "Writes the token in upper-case hex."),
    Fault("token-missing", ("TOKEN-HEADER",),
          "Leaves the Things-Message-Token header out."),
    Fault("secret-before-body", ("TOKEN-FORMULA",),
          "Hashes the secret before the body."),
    Fault("secret-newline", ("TOKEN-FORMULA",),
          "Hashes the line feed at the end of its secret file as well."),
    Fault("spaced-body", ("TOKEN-SPACE",),
          "Sends and hashes a body with white space: valid, but advised against."),
    # pack
    Fault("wrong-imei", ("SENML-BN-M2M",),
          "Puts an IMEI that is not registered (last digit changed) into bn."),
    Fault("missing-colon", ("SENML-BN-M2M",),
          "Leaves out the colon at the end of bn."),
    Fault("value-missing", ("SENML-VALUE",),
          "Sends measurements without their value."),
    Fault("bt-1970", ("BT-CLOCKLESS",),
          "Sends the seconds since power-up as bt, a moment in January 1970."),
    Fault("bt-milliseconds", ("BT-CLOCKLESS",),
          "Sends bt in milliseconds instead of seconds."),
    # request
    Fault("content-length-short", ("HTTP-LENGTH",),
          "Announces one byte less than the body has."),
    Fault("content-length-long", ("HTTP-LENGTH",),
          "Announces one byte more than the body has."),
    Fault("wrong-host", ("HTTP-HOST",),
          "Writes the address instead of m.m into the Host header."),
    Fault("wrong-path", ("HTTP-M2M", "SENML-BN-IP"),
          "Posts to the path for Internet devices."),
    Fault("wrong-content-type", ("HTTP-TYPE",),
          "Declares the body as text/plain."),
    # network
    Fault("wrong-apn", ("NET-APN",),
          "Uses the APN internet.m2m, whatever the SIM is."),
    Fault("dns-lookup", ("NET-NODNS",),
          "Looks up m.m and opens the socket by name, before it falls back to the address."),
    Fault("takes-any-certificate", ("NET-TLS",),
          "As an Internet device, does not verify who the server is."),
    # response
    Fault("resends-accepted", ("RESP-ACCEPTED",),
          "Sends every accepted uplink a second time."),
    Fault("tight-retry", ("RESP-MALFORMED", "RESP-UNVERIFIED", "RESP-UNKNOWN"),
          "Sends the same bytes again at once, without end, when they are refused."),
    Fault("never-retries", ("RESP-ROBUST",),
          "Gives up and forgets the reading when the first try gets no response."),
    Fault("first-segment-only", ("RESP-ROBUST", "DL-RESPONSE"),
          "Reads the socket once and takes the first segment for the whole response."),
    Fault("needs-reason-phrase", ("RESP-ROBUST",),
          "Takes a status line without a reason phrase for no response."),
    Fault("case-sensitive-headers", ("RESP-ROBUST", "DL-RESPONSE"),
          "Knows Content-Length in this spelling only, and reads no body without it."),
    # downlink and SMS
    Fault("acts-twice", ("DL-RESPONSE",),
          "Acts twice on every downlink."),
    Fault("ignores-downlink", ("DL-RESPONSE",),
          "Never looks into the body of a response."),
    Fault("first-record-is-base", ("DL-SENML",),
          "Takes the first record for a mere base record, so a merged one is lost."),
    Fault("obeys-any-sender", ("SMS-SENDER",),
          "Obeys SMS commands whoever sent them."),
    Fault("sleeps-through-retries", ("SMS-POWER",),
          "Has its radio off except for a rare short window (=EVERY:ON, default 86400:20 s)."),
    # firmware over the air
    Fault("firmware-ignores-crc", ("FOTA-RANGE",),
          "Takes parts of firmware whatever their CRC is."),
    Fault("firmware-no-token", ("FOTA-OFFER",),
          "Asks for firmware without the token of the offer."),
    Fault("firmware-one-connection", ("FOTA-REUSE",),
          "Fetches all parts of firmware over one connection, however many they are."),
    Fault("firmware-never-reports", ("FOTA-REPORT",),
          "Never tells that it runs a new version."),
    Fault("firmware-loops-on-bad-part", ("FOTA-RANGE",),
          "Asks for a bad part again and again, without end."),
    Fault("firmware-wrong-offset", ("FOTA-RANGE",),
          "Counts the bytes of an image from 1, so that it never asks for the first one."),
)  # fmt: skip

FAULTS: dict[str, Fault] = {fault.name: fault for fault in _LIST}


class UnknownFault(ValueError):
    """A name that is not in ``FAULTS``, or a parameter that cannot be read."""


class Faults:
    """The faults that are switched on: ``"name" in faults``.

    A misspelt name is an ``UnknownFault`` both on the command line and in the code, so that no
    fault can be silently without effect.
    """

    def __init__(self, chosen: Iterable[str] = ()) -> None:
        self._on: dict[str, str] = {}
        for item in chosen:
            name, _, parameter = item.strip().partition("=")
            if name not in FAULTS:
                raise UnknownFault(f"no fault is called {name!r}: see --list-faults")
            self._on[name] = parameter
        if "sleeps-through-retries" in self:
            self.radio_window()

    def __contains__(self, name: str) -> bool:
        if name not in FAULTS:
            raise UnknownFault(f"no fault is called {name!r}")
        return name in self._on

    def radio_window(self) -> tuple[float, float] | None:
        """``(every_s, on_s)`` of ``sleeps-through-retries``; None when it is off."""
        if "sleeps-through-retries" not in self:
            return None
        every, _, on = (self._on["sleeps-through-retries"] or "86400:20").partition(":")
        try:
            window = float(every), float(on)
        except ValueError:
            window = 0.0, 0.0
        if not window[0] > window[1] > 0:
            raise UnknownFault("write sleeps-through-retries=EVERY:ON, seconds, EVERY > ON > 0")
        return window
