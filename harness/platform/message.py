"""An uplink that came as a message of a broker instead of a request."""

from __future__ import annotations

from typing import Any, NamedTuple


class Message(NamedTuple):
    """One message as it was published. ``properties`` are MQTT 5's user properties."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    properties: tuple[tuple[str, str], ...] = ()

    @property
    def peer(self) -> str:
        """Stands where a request's address stands: who published is not known to a subscriber."""
        return f"mqtt:{self.topic}"

    def as_dict(self) -> dict[str, Any]:
        """Plain data; bytes are text with one character per byte (latin-1)."""
        return {
            "topic": self.topic,
            "payload": self.payload.decode("latin-1"),
            "qos": self.qos,
            "retain": self.retain,
            "properties": [list(pair) for pair in self.properties],
        }
