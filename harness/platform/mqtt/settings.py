"""How MQTT uplinks look, and who may bring them. All of it is assumed (MQTT-INGEST)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from harness.errors import UsageError
from harness.platform.mqtt.topics import TOKEN, Template
from harness.platform.settings import TOKEN_HEADER, Assumption

BrokerKind = Literal["auto", "mosquitto", "embedded", "external"]
TokenPlace = Literal["payload", "topic", "user-property", "none"]
Credentials = Literal["none", "shared", "device"]
PASSWORD_LEAST = 8
NOT_DESCRIBED = "the documents say that MQTT ingestion exists, and nothing else about it"


@dataclass(frozen=True)
class MqttSettings:
    """Topics, token, credentials and broker.

    ``broker``: ``mosquitto`` (the program, when installed), ``embedded`` (amqtt), ``auto`` (the
    first that there is), or ``external``: one that runs already, in which ``username`` and
    ``password`` are the platform's own. ``token``: in an object around the pack (``token_key``,
    ``pack_key``), as a level of the topic, as a user property (MQTT 5, ``property_name``), or not
    at all. ``credentials`` of devices: none, one pair for all, or identifier and secret of each.
    ``qos`` is asked for in both directions, ``retain`` is for downlinks.

    Raises :class:`~harness.errors.UsageError` for what does not fit together.
    """

    broker: BrokerKind = "auto"
    uplink_topic: str = "things/{identifier}/uplink"
    downlink_topic: str | None = "things/{identifier}/downlink"
    token: TokenPlace = "payload"
    token_key: str = "token"
    pack_key: str = "pack"
    property_name: str = TOKEN_HEADER
    credentials: Credentials = "none"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    qos: Literal[0, 1, 2] = 1
    retain: bool = False

    def __post_init__(self) -> None:
        if self.uplinks.has_token != (self.token == "topic"):
            raise UsageError(
                f"MQTT: with the token in the topic, the uplink topic has a level {TOKEN}; "
                "otherwise it has none"
            )
        if self.downlinks is not None and self.downlinks.has_token:
            raise UsageError(f"MQTT: a downlink topic has no level {TOKEN}")
        if self.downlinks is not None and self.downlinks.filter == self.uplinks.filter:
            raise UsageError("MQTT: uplinks and downlinks need topics that can be told apart")
        if self.token_key == self.pack_key:
            raise UsageError("MQTT: token and pack need keys of their own in the payload")
        if self.token == "user-property" and self.broker == "embedded":
            raise UsageError(
                "MQTT: user properties are of MQTT 5, which the embedded broker (amqtt) does not "
                "speak; use broker: mosquitto or external"
            )
        if self.credentials == "shared" and not (self.username and self.password):
            raise UsageError("MQTT: shared credentials are a username and a password")
        if self.broker == "external" and self.credentials == "device":
            raise UsageError(
                "MQTT: an external broker has its own accounts; credentials: device is for a "
                "broker that the harness starts"
            )
        if self.password is not None and len(self.password) < PASSWORD_LEAST:
            raise UsageError(
                f"MQTT: a password has at least {PASSWORD_LEAST} characters, so that it can be "
                "kept out of whatever is written"
            )
        if (self.username is None) != (self.password is None):
            raise UsageError("MQTT: give username and password together")
        if self.username is not None and self.credentials != "shared" and self.broker != "external":
            raise UsageError("MQTT: username and password belong to credentials: shared")

    @cached_property
    def uplinks(self) -> Template:
        return Template(self.uplink_topic)

    @cached_property
    def downlinks(self) -> Template | None:
        return None if self.downlink_topic is None else Template(self.downlink_topic)

    def assumptions(self) -> list[Assumption]:
        """All of it, as reports print it."""
        places = {
            "payload": f'in the payload {{"{self.token_key}": …, "{self.pack_key}": …}}',
            "topic": "a level of the topic",
            "user-property": f"the MQTT 5 user property {self.property_name}",
            "none": "nowhere",
        }
        accounts = {
            "none": "none asked for",
            "shared": "one pair for all devices",
            "device": "identifier and secret of each device",
        }
        downlinks = self.downlink_topic or "none"
        if self.downlink_topic:
            downlinks += ", after an accepted uplink" + (", retained" if self.retain else "")
        return [
            Assumption(f"MQTT {name}", value, NOT_DESCRIBED)
            for name, value in (
                ("uplink topic", self.uplink_topic),
                ("token", places[self.token]),
                ("downlink topic", downlinks),
                ("credentials", accounts[self.credentials]),
                ("quality of service", str(self.qos)),
                ("security", "plain TCP"),
            )
        ]
