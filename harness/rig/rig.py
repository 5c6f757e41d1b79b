"""A rig as the harness uses it: loaded, checked, secrets read, capabilities known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.evidence import Redactor
from harness.files import load_document, validate
from harness.modem.values import apn_of
from harness.platform.destination.config import Destination
from harness.platform.registry import Registration
from harness.rig.capabilities import Capability, device_capabilities
from harness.rig.destinations import read_destinations
from harness.rig.endpoints import INTERNET_APN
from harness.rig.models import FirmwareModel, ModemModel, NetworkModel, PlatformModel, RigFile
from harness.rig.mqtt import MqttPlan, read_mqtt
from harness.rig.registration import SecretSource, redactor_for, refuse_twins, register


@dataclass(frozen=True, slots=True)
class Device:
    """One device under test on a rig."""

    registration: Registration
    modem: ModemModel
    firmware: FirmwareModel | None
    apn: str
    capabilities: frozenset[Capability]

    @property
    def name(self) -> str:
        return self.registration.name


@dataclass(frozen=True, slots=True)
class Rig:
    """A checked rig file."""

    name: str
    title: str
    file: str
    network: NetworkModel
    platform: PlatformModel
    devices: tuple[Device, ...]
    destinations: tuple[Destination, ...] = ()
    mqtt: MqttPlan | None = None

    @property
    def registrations(self) -> list[Registration]:
        return [device.registration for device in self.devices]

    def redactor(self) -> Redactor:
        redactor = redactor_for(self.registrations)
        for destination in self.destinations:
            for name, value in destination.secrets():
                redactor.add(name, value)
        if self.mqtt is not None:
            redactor.add("the MQTT password", self.mqtt.settings.password or "")
        return redactor


def load_rig(
    path: Path, read_secret: Callable[[SecretSource, Path], str | None] = SecretSource.read
) -> Rig:
    """Read a rig file. Raises :class:`~harness.errors.FileError` with its place."""
    document = load_document(path)
    file = validate(document, RigFile, document.data)
    devices = []
    for name, device in file.devices.items():
        place = ("devices", name)
        registration = register(
            name,
            device,
            document=document,
            path=place,
            read_secret=read_secret,
            literal_secrets=device.modem.virtual,
        )
        firmware = device.firmware or file.firmware
        devices.append(
            Device(
                registration=registration,
                modem=device.modem,
                firmware=firmware,
                apn=device.apn or (INTERNET_APN if device.dvnuuid else apn_of(device.sim)),
                capabilities=device_capabilities(registration, device.modem, firmware),
            )
        )
    refuse_twins([device.registration for device in devices], document)
    return Rig(
        file.rig,
        file.title,
        document.file,
        file.network,
        file.platform,
        tuple(devices),
        tuple(read_destinations(file.destinations, document, read_secret)),
        None if file.mqtt is None else read_mqtt(file.mqtt, document, read_secret),
    )
