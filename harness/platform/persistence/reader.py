"""What a store file holds, as the platform takes it up again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from harness.platform.downlinks import Downlink
from harness.platform.persistence.errors import NotAStore
from harness.platform.persistence.rows import AbortedRow, DownlinkRow, SmsRow, UplinkRow
from harness.platform.persistence.schema import opening_failed
from harness.platform.sms_model import Sms
from harness.platform.store import Aborted
from harness.platform.uplink import Uplink

_Row = TypeVar("_Row", UplinkRow, AbortedRow)


@dataclass(frozen=True, slots=True)
class Kept:
    """Oldest first."""

    uplinks: list[Uplink]
    aborted: list[Aborted]
    downlinks: list[Downlink]
    sms: list[Sms]
    next_exchange: int


class StoreReader:
    """Reads through an open connection. Raises :class:`NotAStore` for what cannot be read, and
    :class:`~harness.platform.persistence.errors.StoreFailed`."""

    def __init__(self, store: sqlite3.Connection, path: Path) -> None:
        self._store = store
        self._path = path

    def kept(self, newest: int, newest_bytes: int, sms_failed: str) -> Kept:
        """The newest uplinks, and no more than have ``newest_bytes`` of heads and bodies; the same
        of aborted requests. ``sms_failed``: the status of an SMS that cannot be sent any more."""
        try:
            return Kept(
                [row.uplink() for row in self._newest("uplink", UplinkRow, newest, newest_bytes)],
                [
                    Aborted(*row)
                    for row in self._newest("aborted", AbortedRow, newest, newest_bytes)
                ],
                [DownlinkRow(*row).downlink() for row in self._all("downlink")],
                [SmsRow(*row).sms(sms_failed) for row in self._all("sms")],
                1 + self._last_exchange(),
            )
        except sqlite3.DatabaseError as error:
            raise opening_failed(self._path, error) from error
        except (ValidationError, ValueError, TypeError, KeyError) as error:
            raise NotAStore(f"the store {self._path} holds what cannot be read: {error}") from error

    def state(self, name: str) -> int | None:
        """A number that was kept under ``name``."""
        found = self._store.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
        return None if found is None else int(found[0])

    def due(self, destination: str) -> list[Uplink]:
        """The uplinks whose packs still have to go there, oldest first."""
        try:
            found = self._store.execute(
                "SELECT uplink.* FROM due JOIN uplink USING (exchange) WHERE destination = ? "
                "ORDER BY exchange",
                (destination,),
            )
            return [UplinkRow(*row).uplink() for row in found]
        except sqlite3.DatabaseError as error:
            raise opening_failed(self._path, error) from error

    def _last_exchange(self) -> int:
        found = self._store.execute(
            "SELECT max(coalesce((SELECT max(exchange) FROM uplink), 0), "
            "coalesce((SELECT max(exchange) FROM aborted), 0))"
        )
        return int(found.fetchone()[0])

    def _newest(self, table: str, make: Callable[..., _Row], count: int, size: int) -> list[_Row]:
        rows: list[_Row] = []
        for found in self._store.execute(
            f"SELECT * FROM {table} ORDER BY exchange DESC LIMIT {count}"
        ):
            row = make(*found)
            size -= len(row.head) + len(row.body)
            if size < 0:
                break
            rows.append(row)
        return rows[::-1]

    def _all(self, table: str) -> list[Any]:
        return self._store.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()
