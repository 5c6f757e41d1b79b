"""The plugin by which amqtt asks who may connect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amqtt.plugins.base import BaseAuthPlugin


class AccountsPlugin(BaseAuthPlugin):  # type: ignore[misc]  # amqtt has no types
    """Asks :meth:`~harness.platform.mqtt.broker.Accounts.allow`."""

    async def authenticate(self, *, session: Any) -> bool:
        return bool(self.config.allow(session.username, session.password))

    @dataclass
    class Config:
        """What the broker's configuration gives it: ``allow(username, password)``."""

        allow: Any = None
