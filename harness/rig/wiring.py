"""Puts a bench's parts together: its virtual modem, and the device in front of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.clock import NO_WORK, WorkCounter
from harness.network.kinds import Address, NamespaceNetwork, Network
from harness.network.loop import LoopThread
from harness.network.private import PLATFORM_ADDRESS
from harness.platform.settings import PLATFORM_NAME
from harness.rig.dut import Dut
from harness.rig.endpoints import INTERNET_APN, INTERNET_PORT
from harness.rig.firmware import FirmwareDut
from harness.rig.scripted import ScriptedDut
from harness.urn import luhn_digit
from harness.virtual_modem import (
    ModemIdentity,
    ModemNetwork,
    ModemSettings,
    Subscription,
    VirtualModem,
)

if TYPE_CHECKING:
    from harness.rig.bench import Bench

_IMSI_PREFIX = "20408"  # KPN's network code; the rest is made of the IMEI's last digits


def make_modem(
    bench: Bench, bound: Address, secured: Address | None, loop: LoopThread, work: WorkCounter
) -> VirtualModem:
    """The virtual modem of the bench's device, not powered yet.

    ``secured`` is where the platform takes uplinks of Internet devices, if this is one: only then
    does its network know a name.
    """
    device, registration = bench.device, bench.registration
    name = device.name
    address = bench.network.address_of(name) or "127.0.0.1"
    imei = registration.imei or _own_imei(registration.dvnuuid or "")
    identity = ModemIdentity(
        imei=imei,
        iccid=registration.iccid or (ModemIdentity().iccid if secured else ""),
        imsi=_IMSI_PREFIX + imei[-10:],
        msisdn=registration.msisdn or "",
        model=device.modem.model,
    )
    routes = dict(bench.network.routes(bound))
    subscription = Subscription.of(registration.sim, address)
    if secured is not None:
        subscription = replace(subscription, apns=subscription.apns | {INTERNET_APN})
        if not bench.network.private:
            routes[PLATFORM_ADDRESS, INTERNET_PORT] = secured
    return VirtualModem(
        name,
        device.modem.family,
        identity=identity,
        subscription=subscription,
        clock=bench.clock,
        recorder=bench.timeline,
        loop=loop,
        network=ModemNetwork(
            routes=routes,
            sockets=bench.network.modem_sockets(name),
            private=bench.network.private,
            lookup=_lookup(bench.network, name),
            names={PLATFORM_NAME: PLATFORM_ADDRESS} if secured is not None else {},
        ),
        # A firmware program does not count the bytes it reads, so its line is not counted.
        work=work,
        settings=ModemSettings(
            power_on=False,
            witness=device.firmware is not None,
            counted=device.firmware is None,
            baud=device.modem.baud,
            pace=device.modem.pace,
        ),
    )


def _own_imei(dvnuuid: str) -> str:
    """An Internet device's modem has an IMEI too, which nobody registered: made of its UUID."""
    body = f"35672610{int(dvnuuid.replace('-', '') or '0', 16) % 1_000_000:06d}"
    return f"{body}{luhn_digit(body)}"


def _lookup(network: Network, modem: str) -> Callable[[str], None]:
    """Really sends the query, so that a capture sees it; nobody answers (NET-NODNS)."""

    def ask(name: str) -> None:
        if isinstance(network, NamespaceNetwork):
            network.inner.dns_query(modem, name, timeout_s=0)

    return ask


def make_dut(bench: Bench, work: WorkCounter) -> Dut:
    """The device: a firmware program when the rig names one, else played by the harness."""
    device, registration = bench.device, bench.registration
    port = bench.modem.start() if bench.modem is not None else str(device.modem.port)
    if device.firmware is not None:
        modem = bench.modem
        return FirmwareDut(
            device.name,
            device.firmware,
            {
                "port": port,
                "imei": registration.imei or "",
                "dvnuuid": registration.dvnuuid or "",
                "ca": bench.authority_file(),
                "apn": bench.apn,
                "name": device.name,
                "flash": bench.flash_folder(),
                "secret": registration.secret or "",
            },
            recorder=bench.timeline,
            modem_power=(lambda on: None) if modem is None else modem.power,
        )
    return ScriptedDut(
        registration,
        port=port,
        model=device.modem,
        apn=bench.apn,
        recorder=bench.timeline,
        # A real modem does not count what it writes.
        work=work if bench.modem is not None else NO_WORK,
        virtual=bench.modem,
        now=bench.clock.now,
        anchor=bench.anchor,
        # A real modem would resolve the documented name to the real platform.
        reach=None if bench.modem is not None else bench.network.bind[0],
    )
