"""What client code in the field is known to put on the wire, as requests."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.token import compute
from tests.platform.bench import BODY, SECRET, UUID, request

IP = b"POST /ingestion/ip/senml/v1 HTTP/1.1"
BAD_LUHN = "356726104408423"
SHORT_IMEI = "35672610440842"
WEAK_SECRET = "MYKEY2"
WEAK_IMEI = "356938035643809"


@dataclass(frozen=True)
class Habit:
    """One deviation: ``findings`` are all that is to be said about it."""

    name: str
    raw: bytes
    findings: set[tuple[str, str]] = field(default_factory=set)
    outcome: str = "accepted"


def pack(first: str, *more: str) -> bytes:
    """A pack of the tracker; ``first`` follows the base name in the first record."""
    records = [f'{{"bn":"urn:dev:IMEI:356726104408422:"{first}}}', *more]
    return f"[{','.join(records)}]".encode()


def named(imei: str) -> bytes:
    return BODY.replace(b"356726104408422", imei.encode())


def internet() -> bytes:
    return f'[{{"bn":"urn:dev:DVNUUID:{UUID}:","n":"x","v":1}}]'.encode()


def reordered(raw: bytes) -> bytes:
    """The same headers, the other way round."""
    head, _, body = raw.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    return b"\r\n".join([line, *reversed(headers), b"", body])


def lowered(raw: bytes) -> bytes:
    """Header names in lower case."""
    head, _, body = raw.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    names = [name.lower() + b":" + value for name, _, value in (h.partition(b":") for h in headers)]
    return b"\r\n".join([line, *names, b"", body])


TOKEN = compute(BODY, SECRET)
IN_PLAIN = ("NET-TLS", "error")  # these go to the plain port; test_curl.py has the HTTPS one

TAKEN = [
    Habit("documented", request()),
    Habit("bare-lf", request(eol=b"\n"), {("HTTP-M2M", "warning")}),
    Habit("other-header-order", reordered(request())),
    Habit("lower-case-header-names", lowered(request())),
    Habit("user-agent-and-accept", request(extra=b"User-Agent: x/1\r\nAccept: */*")),
    Habit("address-as-host", request(host=b"10.151.236.157"), {("HTTP-HOST", "error")}),
    Habit(
        "no-host-on-the-internet-path",
        request(internet(), line=IP, drop="Host"),
        {("HTTP-IP", "info"), IN_PLAIN},
    ),
    Habit(
        "white-space",
        request(pack(', "n": "x", "v": 1')),
        {("TOKEN-SPACE", "warning")},
    ),
    Habit("base-record-separate", request(pack("", '{"n":"x","v":1}'))),
    Habit("base-record-merged", request(pack(',"n":"x","v":1', '{"n":"y","v":2}'))),
    Habit(
        "base-name-last-in-its-record",
        request(b'[{"n":"x","v":1,"u":"Cel","bn":"urn:dev:IMEI:356726104408422:"}]'),
    ),
    Habit("base64-without-padding", request(pack(',"n":"x","vd":"aG9paG9pAA"'))),
    Habit("connection-close", request(extra=b"Connection: close")),
]

FLAGGED = [
    Habit(
        "content-type-twice",
        request(extra=b"content-type: application/json"),
        {("HTTP-TYPE", "warning")},
    ),
    Habit("host-twice", request(extra=b"host: m.m"), {("HTTP-HOST", "warning")}),
    Habit("no-content-type", request(drop="Content-Type"), {("HTTP-TYPE", "error")}),
    Habit("upper-case-token", request(token=TOKEN.upper()), {("TOKEN-HEADER", "warning")}),
    Habit(
        "nul-sent-and-hashed",
        request(BODY + b"\x00"),
        {("SENML-PACK", "warning")},
    ),
    Habit(
        "nul-sent-not-hashed",
        request(BODY + b"\x00", token=TOKEN),
        {("SENML-PACK", "warning"), ("TOKEN-EXACT", "error")},
        "unverified",
    ),
    Habit("cr-lf-sent-and-hashed", request(BODY + b"\r\n"), {("SENML-PACK", "warning")}),
    Habit(
        "lf-sent-not-hashed",
        request(BODY + b"\n", token=TOKEN),
        {("SENML-PACK", "warning"), ("TOKEN-EXACT", "error")},
        "unverified",
    ),
    Habit(
        "length-too-small", request(length=len(BODY) - 1), {("HTTP-LENGTH", "error")}, "malformed"
    ),
    Habit(
        "line-end-behind-the-length",
        request(BODY + b"\r\n", length=len(BODY), token=TOKEN),
        {("HTTP-LENGTH", "warning")},
    ),
    Habit("thingsml-index", request(pack(',"i_":-24,"v":1')), {("SENML-PACK", "warning")}),
    Habit(
        "no-colon-after-the-identifier",
        request(BODY.replace(b"422:", b"422")),
        {("SENML-BN-M2M", "error")},
    ),
    Habit("base-only-pack", request(pack("")), {("SENML-VALUE", "warning")}),
    Habit(
        "secret-that-the-rule-forbids",
        request(named(WEAK_IMEI), token=compute(named(WEAK_IMEI), WEAK_SECRET)),
        {("TOKEN-SECRET", "warning")},
    ),
    Habit(
        "dvnuuid-on-the-m2m-path",
        request(internet()),
        {("SENML-BN-M2M", "error"), ("HTTP-IP", "error")},
    ),
    Habit(
        "imei-on-the-internet-path",
        request(line=IP),
        {("SENML-BN-IP", "error"), ("HTTP-M2M", "error")},
    ),
    Habit("imei-with-a-wrong-check-digit", request(named(BAD_LUHN)), {("SENML-BN-M2M", "error")}),
    Habit("imei-too-short", request(named(SHORT_IMEI)), {("SENML-BN-M2M", "error")}),
]

SDK_PACK = pack(',"bt":1700000000,"n":"temperature","u":"Cel","v":21.500000')
SDK = b"\n".join(
    [
        b"POST /ingestion/m2m/senml/v1 HTTP/1.1",
        b"Host: m.m",
        b"Content-Type: application/json",
        b"Things-Message-Token: " + compute(SDK_PACK, SECRET).encode(),
        b"Content-Length: " + str(len(SDK_PACK)).encode(),
        b"",
        SDK_PACK,
    ]
)
SPACED = pack(', "n": "temperature", "v": 21.5')

WHOLE = [
    Habit("sdk-in-c", SDK, {("HTTP-M2M", "warning")}),
    Habit(
        "http-client-of-a-modem-with-headers-of-its-own",
        request(SPACED, extra=b"content-type: application/json\r\nhost: m.m"),
        {("HTTP-TYPE", "warning"), ("HTTP-HOST", "warning"), ("TOKEN-SPACE", "warning")},
    ),
    Habit(
        "the-same-with-the-terminator-of-a-c-string",
        request(SPACED + b"\x00", token=compute(SPACED, SECRET)),
        {("TOKEN-SPACE", "warning"), ("SENML-PACK", "warning"), ("TOKEN-EXACT", "error")},
        "unverified",
    ),
    Habit(
        "probe-with-an-empty-pack-and-a-token-of-zeroes",
        request(b"[]", line=IP, token="0" * 64, extra=b"Connection: close"),
        {("SENML-PACK", "error"), ("SENML-BN-IP", "error"), IN_PLAIN},
        "malformed",
    ),
]
"""Requests of public clients as a whole: the vendor's SDK, a sketch for a u-blox modem's HTTP
client (with and without the byte too many), and an app that asks whether the platform is there."""
