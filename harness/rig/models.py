"""The rig file: what is on a bench."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from harness.files import Flag, Model, Span
from harness.rig.registration import (
    DestinationModel,
    DeviceName,
    DeviceRegistration,
    MqttModel,
)

ModemFamily = Literal[
    "3gpp",
    "quectel-bg",
    "quectel-ec",
    "simcom-7000",
    "simcom-7080",
    "simcom-7600",
    "simcom-800",
    "simcom-a76",
    "ublox-sara-r4",
    "ublox-sara-r5",
    "ublox-sara-u2",
    "telit-me910",
    "sierra-hl78",
    "nordic-slm",
]
NetworkKind = Literal["auto", "namespaces", "loopback", "lab"]


class NetworkModel(Model):
    """The network that platform and modems share."""

    kind: NetworkKind = "auto"
    bind: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+\.\d+:\d+$")] = "10.151.236.157:80"
    interface: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.@-]{1,15}$")] | None = None

    @field_validator("bind")
    @classmethod
    def _can_be_bound(cls, bind: str) -> str:
        host, _, port = bind.partition(":")
        try:
            IPv4Address(host)
        except AddressValueError:
            raise ValueError(f"{host} is no IPv4 address") from None
        if int(port) > 65_535:
            raise ValueError(f"a port is 0 to 65535, not {port}")
        return bind

    @model_validator(mode="after")
    def _lab(self) -> NetworkModel:
        if self.interface is not None and self.kind not in ("lab", "auto"):
            raise ValueError(f"an interface belongs to a lab network, not to kind: {self.kind}")
        return self


class ResponseCodesModel(Model):
    """HTTP status codes of the four outcomes; the documents do not give the numbers."""

    accepted: Annotated[int, Field(ge=200, le=299)] = 202
    malformed: Annotated[int, Field(ge=400, le=499)] = 400
    unverified: Annotated[int, Field(ge=400, le=499)] = 401
    unknown_device: Annotated[int, Field(ge=400, le=499)] = 404


class PlatformModel(Model):
    """What the documents leave open about the platform."""

    codes: ResponseCodesModel = ResponseCodesModel()
    sms_reading: Literal["discard-wins", "windows-run-out"] = "discard-wins"
    retry_minimum: Span | None = None


class ModemModel(Model):
    """A modem: a virtual one by family, or a real one by port."""

    family: ModemFamily = "quectel-bg"
    model: str | None = None
    port: str | None = None
    baud: Annotated[int, Field(ge=300, le=4_000_000)] = 115200
    rtscts: Flag = False
    pace: Flag = False

    @property
    def virtual(self) -> bool:
        return self.port is None


class FirmwareModel(Model):
    """A firmware under test as a program: its command line, and how to stimulate and observe it.

    ``{port}``, ``{imei}``, ``{dvnuuid}``, ``{apn}``, ``{name}``, ``{ca}`` (a file with the
    certificate to trust, for an Internet device), ``{flash}`` (an empty folder that survives the
    program, for a scenario) and ``{secret}`` (in ``env`` only) are filled in. ``updates``: it
    fetches and installs the firmware that it is offered.
    """

    command: Annotated[list[str], Field(min_length=1)]
    env: dict[str, str] = Field(default_factory=dict)
    report: str | None = None
    ready: str | None = None
    ready_within: Span | None = None
    console: Literal["json", "text"] = "text"
    stop_within: Span | None = None
    updates: Flag = False

    @field_validator("ready")
    @classmethod
    def _can_be_searched(cls, ready: str | None) -> str | None:
        try:
            re.compile(ready or "")
        except re.error as error:
            raise ValueError(f"{ready!r} is no regular expression: {error}") from None
        return ready

    @model_validator(mode="after")
    def _secret_stays_out_of_argv(self) -> FirmwareModel:
        if any("{secret}" in part for part in self.command):
            raise ValueError("pass the secret through env, not on the command line")
        return self


class RigDevice(DeviceRegistration):
    """One device on the bench: its registration, modem and firmware."""

    modem: ModemModel = ModemModel()
    firmware: FirmwareModel | None = None
    apn: str | None = None


class RigFile(Model):
    """A bench: the devices on it, how to reach them, and the network they share.

    ``mqtt``, even empty, gives it MQTT ingestion.
    """

    rig: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")]
    title: str = ""
    network: NetworkModel = NetworkModel()
    platform: PlatformModel = PlatformModel()
    firmware: FirmwareModel | None = None
    devices: dict[DeviceName, RigDevice] = Field(min_length=1)
    destinations: dict[DeviceName, DestinationModel] = Field(default_factory=dict)
    mqtt: MqttModel | None = None
