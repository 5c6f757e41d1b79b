"""Capabilities: what a scenario needs and a rig offers. No match = skipped with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from harness.modem import driver_of
from harness.platform.registry import Registration
from harness.rig.models import FirmwareModel, ModemModel

Capability = Literal[
    "uplink",
    "scripted-uplink",
    "chosen-records",
    "token",
    "observed",
    "sms",
    "sim-plus",
    "sim-regular",
    "power",
    "radio",
    "capture",
    "stepped-clock",
    "device-timers",
    "line-faults",
    "virtual-modem",
    "http-client",
    "m2m",
    "internet",
    "tls",
    "tls-names",
    "tls-validity",
    "no-secret",
    "private-network",
    "firmware",
    "firmware-update",
    "mqtt",
]

EXPLAINED: Mapping[str, str] = {
    "uplink": "the device can be made to send an uplink",
    "scripted-uplink": "the harness plays the device, so an uplink can be made wrong on purpose",
    "chosen-records": "the records of an uplink can be chosen",
    "token": "the device is registered with a secret",
    "observed": "what the device did and received can be seen",
    "sms": "the bench can deliver an SMS to the device, which has an M2M+ SIM",
    "sim-plus": "the device has an M2M+ SIM",
    "sim-regular": "the device has a regular SIM",
    "power": "the bench can switch the device on and off",
    "radio": "the modem's radio can be switched off and on",
    "capture": "the packets between modem and platform can be captured",
    "stepped-clock": "the platform's clock can be stepped",
    "device-timers": "timers inside the device follow the scenario's clock",
    "line-faults": "the serial line can be disturbed on purpose",
    "virtual-modem": "the modem is virtual, so the network's side of it can be seen",
    "http-client": "the modem's built-in HTTP client can send the token and Host: m.m",
    "m2m": "the device is an M2M device (IMEI), whose uplinks are plain HTTP",
    "internet": "the device is an Internet device (DvnUUID), whose uplinks are HTTPS",
    "tls": "the harness can tell the modem which server certificates to trust",
    "tls-names": "the modem can see whom a server's certificate is made out for",
    "tls-validity": "the modem can see whether a server's certificate is valid now",
    "no-secret": "the device is registered without a secret",
    "private-network": "platform and modems sit in a network of their own",
    "firmware": "a firmware program is the device",
    "firmware-update": "the device fetches and installs the firmware that it is offered",
    "mqtt": "the rig has MQTT ingestion, which the documents do not describe",
}


def device_capabilities(
    registration: Registration, modem: ModemModel, firmware: FirmwareModel | None
) -> frozenset[Capability]:
    """What this device offers whatever the network is; the bench adds its own."""
    offers: set[Capability] = {"stepped-clock"}
    internet = registration.dvnuuid is not None
    offers.add("token" if registration.secret else "no-secret")
    offers.add("internet" if internet else "m2m")
    plus = registration.sim in ("plus", "early-access", "jasper")
    offers.add("sim-plus" if plus else "sim-regular")
    if firmware is None:
        able = driver_of(modem.family).abilities
        offers |= {"observed", "radio"}
        if able.tls:
            offers.add("tls")
            seen: dict[str, Capability] = {"wrong-name": "tls-names", "expired": "tls-validity"}
            offers |= {offer for fault, offer in seen.items() if fault not in able.tls_blind}
        if able.tls if internet else able.sockets:
            offers |= {"uplink", "scripted-uplink", "chosen-records"}
            if not internet:
                offers.add("firmware-update")
        http = able.http
        if http is not None and http.custom_header and (http.tls if internet else http.own_host):
            offers.add("http-client")
    else:
        # What its modem cannot see is the firmware's to know: a wrong certificate is a wrong one.
        offers |= {"firmware", "tls-names", "tls-validity"}
        if firmware.report is not None:
            offers.add("uplink")
            if "{order}" in firmware.report:
                offers.add("chosen-records")
        if firmware.console == "json":
            offers.add("observed")
        if firmware.updates:
            offers.add("firmware-update")
    if modem.virtual:
        offers |= {"power", "line-faults", "virtual-modem"}
        if plus and registration.iccid and registration.msisdn:
            offers.add("sms")
    elif firmware is None:
        offers.add("power")  # AT+CFUN, and QPOWD where the board brings the modem up again
    return frozenset(offers)
