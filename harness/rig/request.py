"""What a scripted device puts on the wire: body, token, HTTP request."""

from __future__ import annotations

import json
from dataclasses import dataclass

from harness.platform.registry import Registration
from harness.rig.dut import Record, UplinkOrder
from harness.rig.endpoints import endpoint_of
from harness.rig.mistakes import TokenInput, token_for
from harness.urn import dvnuuid_base_name, imei_base_name

DEFAULT_RECORDS = (Record(n="temperature", u="Cel", v=21.5),)
DECOY = Registration(
    name="another-device", imei="867530912345673", secret="AnotherDevicesSecret0123456789ABCD"
)
"""Registered beside the device under test, so that a device which takes another's identity or
secret is told so."""


@dataclass(frozen=True, slots=True)
class SignedUplink:
    """An uplink ready to send: the body as sent, its headers, and the request around it."""

    body: bytes
    signed_body: bytes
    headers: tuple[tuple[str, str], ...]
    request_line: str
    bare_lf: bool

    def to_bytes(self) -> bytes:
        """The whole request as bytes."""
        end = "\n" if self.bare_lf else "\r\n"
        head = end.join([self.request_line, *(f"{n}: {v}" for n, v in self.headers), "", ""])
        return head.encode("latin-1") + self.body


def build_body(order: UplinkOrder, registration: Registration) -> bytes:
    """The SenML pack of an order (SENML-PACK, SENML-BN-M2M, SENML-BN-IP), compact unless told
    otherwise."""
    if order.body is not None:
        return order.body
    base_name = order.base_name
    if base_name is None:
        base_name = (
            dvnuuid_base_name(registration.dvnuuid)
            if registration.dvnuuid
            else imei_base_name(registration.imei or "")
        )
    base: dict[str, object] = {"bn": base_name} if base_name else {}
    if order.base_time is not None:
        base["bt"] = _number(order.base_time)
    if order.base_unit is not None:
        base["bu"] = order.base_unit
    if order.base_value is not None:
        base["bv"] = _number(order.base_value)
    records = [
        record.labels() for record in (DEFAULT_RECORDS if order.records is None else order.records)
    ]
    if order.merged and records:
        pack = [base | records[0], *records[1:]]
    else:
        pack = [base, *records] if base else records
    separators = (", ", ": ") if order.spaces else (",", ":")
    return json.dumps(pack, separators=separators, ensure_ascii=False).encode("utf-8")


def _number(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value


def build_uplink(
    order: UplinkOrder, registration: Registration, previous_body: bytes
) -> SignedUplink:
    """Body, token and request of an order (HTTP-M2M or HTTP-IP, HTTP-HOST, HTTP-TYPE,
    TOKEN-HEADER)."""
    signed = body = build_body(order, registration)
    if order.tamper is not None:
        find, put = order.tamper
        if find not in body:
            raise ValueError(f"nothing to tamper with: {find!r} is not in the body")
        body = body.replace(find, put)
    token = None
    if registration.secret is not None or order.mistake is not None:
        token = token_for(
            TokenInput(signed, registration.secret or "", DECOY.secret or "", previous_body),
            order.mistake,
        )
    changes = order.request
    endpoint = endpoint_of(registration)
    headers = [
        (name, changes.host if changes.host and name == "Host" else value)
        for name, value in endpoint.headers
    ]
    if token is not None:
        headers.append(("Things-Message-Token", token))
    headers.append(("Content-Length", str(len(body) + changes.length_error)))
    for name, value in changes.headers.items():
        headers = [pair for pair in headers if pair[0].lower() != name.lower()]
        headers.append((name, value))
    headers += [pair for pair in tuple(headers) if pair[0] in changes.duplicate]
    dropped = {name.lower() for name in changes.drop}
    headers = [pair for pair in headers if pair[0].lower() not in dropped]
    method, path = changes.method or "POST", changes.path or endpoint.path
    return SignedUplink(
        body=body,
        signed_body=signed,
        headers=tuple(headers),
        request_line=f"{method} {path} {changes.version or 'HTTP/1.1'}",
        bare_lf=changes.bare_lf,
    )
