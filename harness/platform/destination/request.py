"""The request that a destination gets, byte for byte (DEST-REQUEST, DEST-TOKEN)."""

from __future__ import annotations

from harness.platform.destination.config import Destination
from harness.senml import ResolvedPack, dump, forward
from harness.senml.exponent import dump_exponent
from harness.token import compute


def body_of(pack: ResolvedPack, destination: Destination) -> bytes:
    """The pack with device identifier and measurements, in the destination's output form."""
    records = forward(pack, destination.shape)
    return dump_exponent(records) if destination.numbers == "exponent" else dump(records)


def request_of(destination: Destination, body: bytes, *, token: str | None = None) -> bytes:
    """Head and body. The token is over exactly these body bytes and the destination's secret.

    The documented headers stand in the documented order and spelling; ``Content-Length`` and
    ``Connection: close`` behind them are assumed, since no body can be read without the former.
    """
    lines = [
        f"{destination.method} {destination.target} HTTP/1.1",
        f"Host: {destination.host}",
        f"Things-Plug-UUID: {destination.plug_uuid}",
        f"Things-Message-Token: {token or compute(body, destination.secret)}",
        "Content-type: application/json",
        *(f"{name}: {value}" for name, value in destination.headers),
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
