"""Who is known to the platform: device registrations and how they are found.

REG-M2M: IMEI, secret, ICCID; MSISDN and rate plan as further data. REG-IP: DvnUUID and secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
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

    @property
    def identifier(self) -> str:
        """The IMEI or DvnUUID that names the device towards the platform."""
        return self.imei or self.dvnuuid or ""


class Registry:
    """Registrations by name, IMEI, DvnUUID and MSISDN; every lookup is one dict access.

    Raises :class:`~harness.errors.UsageError` when two devices share a name or an identifier.
    """

    def __init__(self, registrations: Iterable[Registration] = ()) -> None:
        self._names: dict[str, Registration] = {}
        self._imeis: dict[str, Registration] = {}
        self._dvnuuids: dict[str, Registration] = {}
        self._msisdns: dict[str, Registration] = {}
        for registration in registrations:
            self.add(registration)

    def add(self, registration: Registration) -> None:
        """Make a device known."""
        dvnuuid = registration.dvnuuid.lower() if registration.dvnuuid else None
        keys: list[tuple[str, dict[str, Registration], str | None]] = [
            ("name", self._names, registration.name),
            ("IMEI", self._imeis, registration.imei),
            ("DvnUUID", self._dvnuuids, dvnuuid),
            ("MSISDN", self._msisdns, registration.msisdn),
        ]
        for what, table, key in keys:
            if key and key in table:
                raise UsageError(
                    f"the devices {table[key].name!r} and {registration.name!r} have the same "
                    f"{what} {key}; every device needs its own"
                )
        for _, table, key in keys:
            if key:
                table[key] = registration

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
        return {name: known.secret for name, known in self._names.items() if known.secret}

    def __iter__(self) -> Iterator[Registration]:
        return iter(self._names.values())

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names
