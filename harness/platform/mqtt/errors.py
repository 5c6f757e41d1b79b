"""What can be wrong with the MQTT side of a bench."""

from __future__ import annotations

from harness.errors import RigError


class MqttMissing(RigError):
    """A package or program that MQTT needs is not installed."""


class BrokerUnavailable(RigError):
    """The broker does not come up, cannot be reached, or does not let us in."""
