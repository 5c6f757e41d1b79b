"""MQTT ingestion as people write it: ``mqtt:`` in a rig file or for ``hil serve --devices``.

Nothing of it is described by the documents (MQTT-INGEST), so each key is a choice; the defaults are
those of :class:`~harness.platform.mqtt.settings.MqttSettings`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import FileError, UsageError
from harness.files import Document, Model, validate
from harness.platform.mqtt.settings import MqttSettings
from harness.rig.registration import NO_TOPIC, MqttModel, SecretSource


@dataclass(frozen=True, slots=True)
class MqttPlan:
    """How, and where: the broker's address, or the one that it is to listen on."""

    settings: MqttSettings
    address: tuple[str, int]


class _Part(Model):
    mqtt: MqttModel = MqttModel()


def mqtt_of(
    document: Document, read_secret: Callable[[SecretSource, Path], str | None] = SecretSource.read
) -> MqttPlan:
    """What a devices file says, or the defaults.

    Raises :class:`~harness.errors.FileError` at what does not fit together.
    """
    data: Any = document.data
    named = data.get("mqtt", {}) if isinstance(data, dict) else {}
    return read_mqtt(validate(document, _Part, {"mqtt": named}).mqtt, document, read_secret)


def read_mqtt(
    model: MqttModel,
    document: Document,
    read_secret: Callable[[SecretSource, Path], str | None] = SecretSource.read,
) -> MqttPlan:
    """The same for a model that is validated already."""
    given = {name: getattr(model, name) for name in model.model_fields_set - {"address"}}
    if model.downlink_topic == NO_TOPIC:
        given["downlink_topic"] = None
    if isinstance(model.password, SecretSource):
        try:
            secret = read_secret(model.password, Path(document.file).parent)
        except UsageError as error:
            raise FileError(document.locate(("mqtt", "password")), str(error)) from error
        given["password"] = secret or "left unread"
    try:
        settings = MqttSettings(**given)
    except UsageError as error:
        raise FileError(document.locate(("mqtt",)), str(error)) from error
    host, _, port = model.address.rpartition(":")
    return MqttPlan(settings, (host, int(port)))
