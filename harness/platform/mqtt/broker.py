"""The broker between devices and platform: a program, a library, or one that runs already."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Protocol

from harness.errors import UsageError
from harness.network.loop import LoopThread
from harness.network.sockets import SocketFactory
from harness.platform.mqtt.errors import MqttMissing
from harness.platform.mqtt.settings import MqttSettings
from harness.platform.registry import Registry


class Broker(Protocol):
    """Takes connections until it is closed. ``words`` say which one it is."""

    @property
    def address(self) -> tuple[str, int]: ...

    @property
    def words(self) -> str: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who may connect: the platform itself, and devices as the settings say.

    A changed secret counts at once.
    """

    registry: Registry
    settings: MqttSettings
    own: tuple[str, str] = field(repr=False)

    @classmethod
    def of(cls, registry: Registry, settings: MqttSettings) -> Accounts:
        return cls(registry, settings, ("platform", secrets.token_hex(16)))

    def all(self) -> dict[str, str]:
        """Every password by its user name."""
        named = dict([self.own])
        if self.settings.credentials == "shared":
            named[self.settings.username or ""] = self.settings.password or ""
        elif self.settings.credentials == "device":
            for device in self.registry:
                if device.secret is not None:
                    named[device.identifier] = device.secret
        return named

    def allow(self, username: str | None, password: str | None) -> bool:
        """Whether somebody may connect; anybody may where no credentials are asked for."""
        if username == self.own[0]:
            return secrets.compare_digest((password or "").encode(), self.own[1].encode())
        if self.settings.credentials == "none":
            return True
        expected = self._expected(username or "")
        return expected is not None and secrets.compare_digest(
            (password or "").encode(), expected.encode()
        )

    def _expected(self, username: str) -> str | None:
        if self.settings.credentials == "shared":
            return self.settings.password if username == self.settings.username else None
        device = self.registry.by_imei(username) or self.registry.by_dvnuuid(username)
        return None if device is None else device.secret


@dataclass(frozen=True, slots=True)
class External:
    """A broker that somebody else runs."""

    address: tuple[str, int]
    words: str = "a broker of somebody else"

    def close(self) -> None:
        """It stays."""


def open_broker(
    accounts: Accounts, sockets: SocketFactory, loop: LoopThread, host: str, port: int
) -> Broker:
    """Start, or name, the broker that the settings ask for.

    Raises :class:`~harness.errors.UsageError` for an external one without a port,
    :class:`MqttMissing` when it is not installed, and
    :class:`~harness.platform.mqtt.errors.BrokerUnavailable` or
    :class:`~harness.network.sockets.AddressUnavailable` when it does not come up.
    """
    kind = accounts.settings.broker
    if kind == "external":
        if port == 0:
            raise UsageError(
                "MQTT: an external broker has a port, for example address: 192.0.2.7:1883"
            )
        return External((host, port))
    return _starter(kind, version_5=accounts.settings.token == "user-property")(
        accounts, sockets, loop, host, port
    )


Starter = Callable[[Accounts, SocketFactory, LoopThread, str, int], Broker]


def _starter(kind: str, *, version_5: bool) -> Starter:
    from harness.platform.mqtt.mosquitto import Mosquitto, mosquitto

    if kind in ("auto", "mosquitto") and mosquitto() is not None:
        return Mosquitto.start
    if kind == "mosquitto" or version_5:
        raise MqttMissing(
            "the program mosquitto is not installed: apt install mosquitto"
            + (" (user properties need MQTT 5)" if version_5 else "")
        )
    if find_spec("amqtt") is None:
        raise MqttMissing(
            "there is no MQTT broker: apt install mosquitto, or pip install 'things-hil[mqtt]'"
        )
    from harness.platform.mqtt.embedded import Embedded

    return Embedded.start
