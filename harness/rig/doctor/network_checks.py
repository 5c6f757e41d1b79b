"""The way to the platform: its address here, the APN, a connection through the modem; the disk."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from collections.abc import Callable
from errno import EADDRINUSE
from pathlib import Path

from harness.clock import Deadline, pause
from harness.line import EventTimeout
from harness.modem.errors import CannotDo, ModemError, PdpRefused, SocketError
from harness.modem.values import apn_of
from harness.network.kinds import Network
from harness.network.private import PLATFORM_ADDRESS, PLATFORM_PORT
from harness.network.sockets import AddressUnavailable
from harness.rig.doctor.findings import Finding, ok, unchecked, unfit, warning
from harness.rig.doctor.modem_checks import Subject
from harness.rig.doctor.settings import MEGABYTE, DoctorSettings

PLATFORM = (PLATFORM_ADDRESS, PLATFORM_PORT)
_ARRIVES_WITHIN_S = 3.0
_ROUTE = "is that address routed from the operator (VPN, APN) to this machine?"


class Door:
    """The platform's address, opened while a modem knocks on it, one modem after the other.

    Only for that long: another run may wait for it. Without a network (a bench's platform has the
    address already) every knock counts as heard.
    """

    def __init__(self, network: Network | None) -> None:
        self._network = network
        self._one_at_a_time = threading.Lock()

    def knock(self, subject: Subject) -> Finding:
        """Open a connection through the modem, see it arrive, and close it."""
        if subject.device.registration.dvnuuid:
            return unchecked("platform", "an Internet device's way is not the bench's to check")
        with self._one_at_a_time:
            if self._network is None:
                return _connect(subject, lambda: "")
            try:
                listener = self._network.platform_sockets.listener(*self._network.bind)
            except AddressUnavailable:
                return unchecked("platform", "this machine cannot listen on that address")
            with listener:
                return _connect(subject, lambda: _arrival(listener))


def _connect(subject: Subject, arrival: Callable[[], str | None]) -> Finding:
    where, modem = f"{PLATFORM[0]}:{PLATFORM[1]}", subject.modem
    try:
        number = modem.open_socket(*PLATFORM, timeout_s=subject.settings.connect_s)
    except CannotDo as error:
        return warning("platform", str(error), "uplinks need a family with sockets")
    except SocketError as error:
        return unfit("platform", str(error), _ROUTE)
    except EventTimeout as error:
        return unfit("platform", f"no connection to {where}: {error}", _ROUTE)
    came_from = arrival()
    with contextlib.suppress(ModemError):
        modem.close_socket(number)
    if came_from is None:
        return unfit(
            "platform", f"{where} answers, but that is not this machine",
            "a run would talk to somebody else's platform: correct the route or the APN",
        )  # fmt: skip
    return ok("platform", f"reached {where} through the modem" + came_from)


def _arrival(listener: socket.socket) -> str | None:
    """Where a connection came from, in words; None when none arrived."""
    if not select.select([listener], [], [], _ARRIVES_WITHIN_S)[0]:
        return None
    try:
        peer, (host, _) = listener.accept()
    except OSError:
        return None
    peer.close()
    return f", coming from {host}"


def check_address(network: Network, wait_s: float) -> Finding:
    """Can this machine listen on the platform's address? A run that has it gets ``wait_s``."""
    deadline = Deadline.after(wait_s)
    while True:
        try:
            with network.platform_sockets.listener(*network.bind) as listener:
                host, port = listener.getsockname()
            break
        except AddressUnavailable as error:
            taken = isinstance(error.__cause__, OSError) and error.__cause__.errno == EADDRINUSE
            if not taken or deadline.expired:
                return unfit("platform", str(error))
        pause(min(0.2, deadline.left()))  # nobody tells when an address gets free
    kind = {"lab": "", "loopback": " on loopback", "namespace": " in a private network"}
    shown = f"{host}:{port}" if network.bind[1] else f"{host}, any port"
    return ok("platform", f"can listen on {shown}{kind[network.kind]}")


def check_apn(subject: Subject) -> Finding:
    """Does the network accept the APN, and is it the one of this SIM type (NET-APN)?"""
    sim, apn = subject.device.registration.sim, subject.device.apn
    right = apn if subject.device.registration.dvnuuid else apn_of(sim)
    rule = f"a {sim} SIM uses {right} (NET-APN): correct `sim:` or `apn:`"
    if not subject.registered:
        return unchecked("apn", "not registered")
    before = subject.modem.configured_apn()
    if before and before.lower() != apn.lower():
        with contextlib.suppress(ModemError):
            subject.modem.deactivate()  # a context that is up says nothing about another APN
    try:
        address = subject.modem.activate(apn, timeout_s=subject.settings.connect_s)
    except PdpRefused as error:
        advice = rule if apn != right else "is `sim:` the type of this SIM? is its APN enabled?"
        return unfit("apn", f"the network refuses {apn}: {error}", advice)
    seen = f"{apn}, address {address or 'unknown'}"
    if apn != right:
        return warning("apn", seen, rule)
    if before and before.lower() != apn.lower():
        seen += f" (the modem had {before} before)"
    return ok("apn", seen)


def check_reach(subject: Subject, door: Door) -> Finding:
    """Does a connection through the modem arrive here?"""
    if not subject.registered:
        return unchecked("platform", "not registered")
    return door.knock(subject)


def check_disk(settings: DoctorSettings) -> Finding:
    """Is there room, and the right, to write evidence where reports go?"""
    folder = Path(os.path.abspath(settings.reports))
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    advice = "free some, or put reports elsewhere with --reports DIR"
    try:
        status = os.statvfs(folder)
    except OSError as error:
        return unfit("disk", f"{folder}: {error.strerror}", advice)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return unfit("disk", f"{folder} cannot be written to", "use --reports DIR")
    free = status.f_bavail * status.f_frsize
    seen = f"{free / MEGABYTE:,.0f} MB free for {settings.reports}"
    if free < settings.disk_unfit or (status.f_files and not status.f_favail):
        return unfit("disk", seen if free < settings.disk_unfit else "no file can be made", advice)
    return warning("disk", seen, advice) if free < settings.disk_low else ok("disk", seen)
