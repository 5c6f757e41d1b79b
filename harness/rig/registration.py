"""Device registrations as people write them: in rig files and for ``hil serve --devices``."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from harness import urn
from harness.errors import FileError, Location, UsageError
from harness.evidence import Redactor
from harness.files import Document, Flag, Model, load_document, validate
from harness.platform.mqtt.settings import BrokerKind, Credentials, MqttSettings, TokenPlace
from harness.platform.registration import RATE_PLAN_LIMIT, Remark, advice, device_secret_problem
from harness.platform.registry import Registration

SimType = Literal["regular", "comarch", "plus", "early-access", "jasper"]
DeviceName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")]


class SecretSource(Model):
    """Where a secret comes from: an environment variable or a file beside the rig file."""

    env: str | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _one(self) -> SecretSource:
        if (self.env is None) == (self.file is None):
            raise ValueError("give exactly one of {env: NAME} and {file: PATH}")
        return self

    def read(self, folder: Path) -> str:
        """The secret. Raises :class:`~harness.errors.UsageError` when it is not there."""
        if self.env is not None:
            value = os.environ.get(self.env)
            if value is None:
                raise UsageError(
                    f"the environment variable {self.env} is not set; it holds a device's secret"
                )
            return value
        path = folder / str(self.file)
        try:
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise UsageError(f"the secret file {path} is not text in UTF-8") from error
        except OSError as error:
            raise UsageError(f"cannot read the secret file {path}: {error.strerror}") from error


def _imei(value: object) -> object:
    if isinstance(value, str):
        problem = urn.imei_problem(value)
        if problem:
            raise ValueError(problem)
    return value


def _iccid(value: object) -> object:
    if isinstance(value, str):
        problem = urn.iccid_problem(value)
        if problem:
            raise ValueError(problem)
    return value


def _msisdn(value: object) -> object:
    if isinstance(value, str):
        problem = urn.msisdn_problem(value)
        if problem:
            raise ValueError(problem)
    return value


Imei = Annotated[str, BeforeValidator(_imei)]
Iccid = Annotated[str, BeforeValidator(_iccid)]


class DeviceRegistration(Model):
    """One device as the platform knows it (REG-M2M, REG-IP)."""

    imei: Imei | None = None
    dvnuuid: (
        Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
        | None
    ) = None
    secret: SecretSource | str | None = None
    iccid: Iccid | None = None
    msisdn: Annotated[str, Field(pattern=r"^\+?[0-9]{7,15}$"), BeforeValidator(_msisdn)] | None = (
        None
    )
    sim: SimType = "regular"
    rate_plan: Annotated[str, Field(pattern=r"\S", max_length=RATE_PLAN_LIMIT)] | None = None

    @model_validator(mode="after")
    def _identified(self) -> DeviceRegistration:
        if (self.imei is None) == (self.dvnuuid is None):
            raise ValueError("a device has exactly one of imei (M2M) and dvnuuid (Internet)")
        return self


class DestinationModel(Model):
    """An HTTPS destination (DEST-CONFIG, DEST-SECRET): accepted packs are forwarded there.

    ``connect`` leads to another address than the URL's; ``ca`` is a file with further authorities
    to trust, beside this one.
    """

    url: str
    secret: SecretSource | str
    method: Literal["GET", "POST"] = "POST"
    description: str = ""
    headers: dict[str, str] = Field(default_factory=dict)
    expected_code: Annotated[int, Field(ge=200, le=299)] | None = None
    plug_uuid: str | None = None
    shape: Literal["separate", "merged"] = "separate"
    numbers: Literal["plain", "exponent"] = "plain"
    devices: list[DeviceName] | None = None
    connect: Annotated[str, Field(pattern=r"^[^\s:]+:\d{1,5}$")] | None = None
    ca: str | None = None


NO_TOPIC = "none"


class MqttModel(Model):
    """MQTT ingestion (MQTT-INGEST). The documents describe nothing of it: all of this is assumed.

    ``address``: where the bench's broker listens, or where the ``external`` one is. ``auto`` takes
    mosquitto when it is installed, else the ``embedded`` one. ``username`` and ``password``: those
    of ``credentials: shared``, or the platform's own at an external broker. ``downlink-topic:
    none`` publishes no downlinks.
    """

    address: Annotated[str, Field(pattern=r"^[^\s:]+:\d{1,5}$")] = "127.0.0.1:0"
    broker: BrokerKind = MqttSettings.broker
    uplink_topic: str = MqttSettings.uplink_topic
    downlink_topic: str = MqttSettings.downlink_topic or NO_TOPIC
    token: TokenPlace = MqttSettings.token
    token_key: Annotated[str, Field(min_length=1)] = MqttSettings.token_key
    pack_key: Annotated[str, Field(min_length=1)] = MqttSettings.pack_key
    property_name: Annotated[str, Field(min_length=1)] = MqttSettings.property_name
    credentials: Credentials = MqttSettings.credentials
    username: str | None = None
    password: SecretSource | str | None = None
    qos: Annotated[int, Field(ge=0, le=2)] = MqttSettings.qos
    retain: Flag = MqttSettings.retain


class DevicesFile(Model):
    """The file that ``hil serve --devices`` reads. ``mqtt`` is how; ``--mqtt`` starts it."""

    devices: dict[DeviceName, DeviceRegistration] = Field(min_length=1)
    destinations: dict[DeviceName, DestinationModel] = Field(default_factory=dict)
    mqtt: MqttModel = MqttModel()


def register(
    name: str,
    device: DeviceRegistration,
    *,
    document: Document,
    path: tuple[str | int, ...],
    read_secret: Callable[[SecretSource, Path], str | None] = SecretSource.read,
    literal_secrets: bool = True,
) -> Registration:
    """The registration with its secret read and checked (TOKEN-SECRET).

    ``read_secret`` may leave secrets where they are, to check a file on a machine without them.

    Raises :class:`~harness.errors.FileError` at the secret's place in ``document``.
    """

    def refused(problem: str) -> FileError:
        return FileError(document.locate((*path, "secret")), f"{name}: {problem}")

    secret: str | None = None
    if isinstance(device.secret, SecretSource):
        try:
            secret = read_secret(device.secret, Path(document.file).parent)
        except UsageError as error:
            raise refused(str(error)) from error
    elif device.secret is not None:
        if not literal_secrets:
            raise refused(
                "a literal secret is only for virtual devices; use {env: NAME} or {file: PATH}"
            )
        secret = device.secret
    problem = device_secret_problem(secret) if secret is not None else None
    if problem is not None:
        raise refused(f"{problem} (TOKEN-SECRET)")
    return Registration(
        name=name,
        imei=device.imei,
        dvnuuid=device.dvnuuid.lower() if device.dvnuuid else None,
        secret=secret,
        iccid=device.iccid,
        msisdn=device.msisdn,
        sim=device.sim,
        rate_plan=device.rate_plan,
    )


def leave_secret(source: SecretSource, folder: Path) -> None:
    """Do not read a secret that comes from the environment or a file."""
    del source, folder


def load_registrations(
    path: Path, read_secret: Callable[[SecretSource, Path], str | None] = SecretSource.read
) -> list[Registration]:
    """Read a devices file (or the devices of a rig file).

    Raises :class:`~harness.errors.FileError` or :class:`~harness.errors.UsageError`.
    """
    return read_registrations(load_document(path), read_secret)


def read_registrations(
    document: Document, read_secret: Callable[[SecretSource, Path], str | None] = SecretSource.read
) -> list[Registration]:
    """The same for a document that was read already."""
    data: Any = document.data
    if isinstance(data, dict) and isinstance(data.get("devices"), dict) and "rig" in data:
        known = {field.alias for field in DeviceRegistration.model_fields.values()}
        data = {
            "devices": {
                name: {key: value for key, value in device.items() if key in known}
                if isinstance(device, dict)
                else device
                for name, device in data["devices"].items()
            }
        }
    file = validate(document, DevicesFile, data)
    registrations = [
        register(name, device, document=document, path=("devices", name), read_secret=read_secret)
        for name, device in file.devices.items()
    ]
    refuse_twins(registrations, document)
    return registrations


def refuse_twins(registrations: list[Registration], document: Document) -> None:
    """Raises :class:`~harness.errors.FileError` at an identity that another device has too."""
    for field in ("imei", "dvnuuid", "iccid", "msisdn"):
        seen: dict[str, str] = {}
        for registration in registrations:
            value = getattr(registration, field)
            if value is not None and value in seen:
                raise FileError(
                    document.locate(("devices", registration.name, field)),
                    f"{registration.name} and {seen[value]} have the same {field} {value}",
                )
            if value is not None:
                seen[value] = registration.name


def advice_on(path: Path, registrations: list[Registration]) -> list[tuple[Location, str]]:
    """What could be better about the devices of a file that was found good, and where."""
    document = load_document(path)
    found: list[tuple[Location, str]] = []
    for registration in registrations:
        written = document.data["devices"][registration.name]
        for remark in advice(registration):
            if remark.field == "secret" and "secret" in written:
                continue  # it was left where it is
            found.append((_place_of(document, registration, remark), remark.message))
    return found


def _place_of(document: Document, registration: Registration, remark: Remark) -> Location:
    place = ("devices", registration.name)
    written = document.data["devices"][registration.name]
    return document.locate((*place, remark.field) if remark.field in written else place)


def redactor_for(registrations: list[Registration]) -> Redactor:
    """A redaction list with every device's secret on it."""
    return Redactor(
        (f"secret of {registration.name}", registration.secret or "")
        for registration in registrations
    )
