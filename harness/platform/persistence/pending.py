"""What waits for the next commit."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from harness.platform.persistence.rows import AbortedRow, DownlinkRow, SmsRow, UplinkRow

_UPLINK = "INSERT OR REPLACE INTO uplink VALUES (?,?,?,?,?,?,?,?,?,?)"
_ABORTED = "INSERT OR REPLACE INTO aborted VALUES (?,?,?,?,?)"
_DUE = "INSERT OR REPLACE INTO due VALUES (?,?)"
_DONE = "DELETE FROM due WHERE exchange = ? AND destination = ?"
_STATE = "INSERT OR REPLACE INTO state VALUES (?,?)"
# Not REPLACE: a row keeps its place, by which downlinks are ordered.
_DOWNLINK = """INSERT INTO downlink VALUES (?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET
status = excluded.status, unsendable = excluded.unsendable, data = excluded.data"""
_SMS = """INSERT INTO sms VALUES (?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET
status = excluded.status, next_ns = excluded.next_ns, unsendable = excluded.unsendable,
data = excluded.data"""


@dataclass(slots=True)
class Pending:
    """Uplinks and aborted requests in order; of everything else the newest state.

    ``due``: by exchange and destination, whether a pack still has to go there.
    """

    uplinks: list[UplinkRow] = field(default_factory=list)
    aborted: list[AbortedRow] = field(default_factory=list)
    downlinks: dict[str, DownlinkRow] = field(default_factory=dict)
    sms: dict[int, SmsRow] = field(default_factory=dict)
    due: dict[tuple[int, str], bool] = field(default_factory=dict)
    state: dict[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(
            self.uplinks or self.aborted or self.downlinks or self.sms or self.due or self.state
        )

    @property
    def last_exchange(self) -> int:
        """The highest exchange number that waits, 0 when none does."""
        uplinks = self.uplinks[-1].exchange if self.uplinks else 0
        return max(uplinks, self.aborted[-1].exchange if self.aborted else 0)

    def execute(self, store: sqlite3.Connection) -> None:
        """Inside a transaction. Raises :class:`sqlite3.Error`."""
        store.executemany(_UPLINK, self.uplinks)
        if self.aborted:
            store.executemany(_ABORTED, self.aborted)
        if self.downlinks:
            store.executemany(_DOWNLINK, self.downlinks.values())
        if self.sms:
            store.executemany(_SMS, self.sms.values())
        if self.due:
            store.executemany(_DUE, [key for key, due in self.due.items() if due])
            store.executemany(_DONE, [key for key, due in self.due.items() if not due])
        if self.state:
            store.executemany(_STATE, self.state.items())

    def drop_exchanges(self) -> None:
        """Uplinks and aborted requests are given up."""
        self.uplinks.clear()
        self.aborted.clear()
        self.due = {key: due for key, due in self.due.items() if not due}

    def clear(self) -> None:
        self.uplinks.clear()
        self.aborted.clear()
        self.downlinks.clear()
        self.sms.clear()
        self.due.clear()
        self.state.clear()
