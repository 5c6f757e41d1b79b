"""Who is known to the platform: device registrations and how they are found.

REG-M2M: IMEI, secret, ICCID; MSISDN and rate plan as further data. REG-IP: DvnUUID and secret.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from harness.errors import UsageError

SimType = Literal["regular", "comarch", "plus", "early-access", "jasper"]
SIM_TYPES: tuple[SimType, ...] = ("regular", "comarch", "plus", "early-access", "jasper")


@dataclass(frozen=True, slots=True)
class Registration:
    """One device as the platform knows it. ``repr()`` does not show the secret.

    ``imei``: 15 digits, for M2M devices. ``dvnuuid``: lower case, for Internet devices. ``secret``
    is None for the M2M device types that have none (TOKEN-OPTIONAL).
    """

    name: str
    imei: str | None = None
    dvnuuid: str | None = None
    secret: str | None = field(default=None, repr=False)
    iccid: str | None = None
    msisdn: str | None = None
    sim: SimType = "regular"
    rate_plan: str | None = None

    @property
    def identifier(self) -> str:
        """The IMEI or DvnUUID that names the device towards the platform."""
        return self.imei or self.dvnuuid or ""

    @property
    def connection(self) -> Literal["m2m", "internet"]:
        """Which of the two kinds of device it is."""
        return "m2m" if self.imei else "internet"


class DeviceTaken(UsageError):
    """A new device has a name or an identifier that another one has."""


class Registry:
    """Registrations by name, IMEI, DvnUUID, ICCID and MSISDN; every lookup is one dict access.

    Any thread may look up while another one changes something; ``generation`` grows with every
    change, after it was made, so that whoever keeps what it looked up can tell when to look again.

    Raises :class:`DeviceTaken` when two devices share a name or an identifier.
    """

    def __init__(self, registrations: Iterable[Registration] = ()) -> None:
        self._names: dict[str, Registration] = {}
        self._imeis: dict[str, Registration] = {}
        self._dvnuuids: dict[str, Registration] = {}
        self._iccids: dict[str, Registration] = {}
        self._msisdns: dict[str, Registration] = {}
        self._former: dict[str, str] = {}
        self._lock = threading.Lock()
        self.generation = 0
        for registration in registrations:
            self.add(registration)

    def _keys(
        self, registration: Registration
    ) -> list[tuple[str, dict[str, Registration], str | None]]:
        dvnuuid = registration.dvnuuid.lower() if registration.dvnuuid else None
        return [
            ("name", self._names, registration.name),
            ("IMEI", self._imeis, registration.imei),
            ("DvnUUID", self._dvnuuids, dvnuuid),
            ("ICCID", self._iccids, registration.iccid),
            ("MSISDN", self._msisdns, registration.msisdn),
        ]

    def add(self, registration: Registration) -> None:
        """Make a device known."""
        with self._lock:
            keys = self._keys(registration)
            for what, table, key in keys:
                if key and key in table:
                    raise DeviceTaken(
                        f"the devices {table[key].name!r} and {registration.name!r} have the same "
                        f"{what} {key}; every device needs its own"
                    )
            for _, table, key in keys:
                if key:
                    table[key] = registration
            self.generation += 1

    def remove(self, name: str) -> Registration | None:
        """Forget a device; returns it, or None when there is none of that name."""
        with self._lock:
            registration = self._names.get(name)
            if registration is None:
                return None
            for _, table, key in self._keys(registration):
                if key:
                    table.pop(key, None)
            self._former.pop(name, None)
            self.generation += 1
            return registration

    def change_secret(self, name: str, secret: str | None) -> Registration | None:
        """Give a device another secret; None when there is no device of that name.

        The one it had is kept for explaining tokens.
        """
        with self._lock:
            before = self._names.get(name)
            if before is None:
                return None
            registration = replace(before, secret=secret)
            for _, table, key in self._keys(registration):
                if key:
                    table[key] = registration
            if before.secret is not None and before.secret != secret:
                self._former[name] = before.secret
            self.generation += 1
            return registration

    def by_name(self, name: str) -> Registration | None:
        return self._names.get(name)

    def by_imei(self, imei: str) -> Registration | None:
        return self._imeis.get(imei)

    def by_dvnuuid(self, dvnuuid: str) -> Registration | None:
        """Letter case does not matter (RFC 9562 §4)."""
        return self._dvnuuids.get(dvnuuid.lower())

    def by_msisdn(self, msisdn: str) -> Registration | None:
        return self._msisdns.get(msisdn)

    def secrets(self) -> dict[str, str]:
        """The secret of each device that has one, by device name: for explaining tokens."""
        return {known.name: known.secret for known in self if known.secret}

    def former_secret(self, name: str) -> str | None:
        """The secret that a device had before its present one, since the platform began."""
        return self._former.get(name)

    def __iter__(self) -> Iterator[Registration]:
        return iter(list(self._names.values()))

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names
