"""The store file: what is to be kept, and commits of it.

Uplinks are added on the loop's thread; downlinks, SMS and the clock by whichever thread changes
them. What was added is on disk once :meth:`StoreFile.commit` has returned: in WAL mode with
``synchronous=NORMAL`` a commit survives the death of the process (``kill -9``), not always the loss
of power right after it.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from harness.evidence import Redactor
from harness.platform.downlinks import Downlink
from harness.platform.persistence.errors import StoreFailed
from harness.platform.persistence.lock import WriterLock
from harness.platform.persistence.pending import Pending
from harness.platform.persistence.reader import Kept, StoreReader
from harness.platform.persistence.rows import Rows
from harness.platform.persistence.schema import opened, opening_failed
from harness.platform.sms_model import Sms
from harness.platform.store import Aborted
from harness.platform.uplink import Uplink

KEEP_UPLINKS = 1_000_000
_PRUNE_EVERY = 1_000
_FULL = "SQLITE_FULL"


class StoreFile:
    """One file, one writer. Thread-safe.

    Of uplinks and aborted requests, the newest ``keep`` stay in the file (and up to a thousand
    more, as they are dropped now and then); of downlinks and SMS all do.

    Raises :class:`~harness.platform.persistence.errors.NotAStore`,
    :class:`~harness.platform.persistence.errors.StoreTaken` and :class:`StoreFailed`.
    """

    def __init__(self, path: Path, redactor: Redactor, keep: int = KEEP_UPLINKS) -> None:
        self.path = path
        self.soon: Callable[[], object] | None = None
        """Asks for a commit before long: set by whoever commits in groups."""
        self._keep = keep
        self._pruned = 0
        self._rows = Rows(redactor)
        self._pending = Pending()
        self._lock = threading.Lock()
        self._closed = False
        self._writer = WriterLock(path)
        try:
            self._store = opened(path)
        except Exception:  # raised again: only the lock must not outlive it
            self._writer.release()
            raise
        self._reader = StoreReader(self._store, path)

    def kept(self, newest: int, newest_bytes: int, sms_failed: str) -> Kept:
        """What earlier processes left, see :meth:`StoreReader.kept`."""
        return self._reader.kept(newest, newest_bytes, sms_failed)

    def state(self, name: str) -> int | None:
        """A number that was kept with :meth:`set_state`."""
        try:
            return self._reader.state(name)
        except sqlite3.DatabaseError as error:
            raise opening_failed(self.path, error) from error

    def due(self, destination: str) -> list[Uplink]:
        """The uplinks whose packs still have to go there, oldest first."""
        with self._lock:
            return self._reader.due(destination)

    def add_uplink(self, uplink: Uplink, destinations: Iterable[str] = ()) -> None:
        """Its pack is due at the ``destinations`` from now on."""
        row = self._rows.uplink(uplink)
        with self._lock:
            self._pending.uplinks.append(row)
            for name in destinations:
                self._pending.due[row.exchange, name] = True

    def done(self, exchange: int, destination: str) -> None:
        """The pack is no longer due there, be it delivered or discarded."""
        with self._lock:
            self._pending.due[exchange, destination] = False
        self._ask()

    def add_aborted(self, aborted: Aborted) -> None:
        row = self._rows.aborted(aborted)
        with self._lock:
            self._pending.aborted.append(row)
        self._ask()

    def put_downlink(self, downlink: Downlink) -> None:
        """As it stands now."""
        row = self._rows.downlink(downlink)
        with self._lock:
            self._pending.downlinks[row.id] = row
        self._ask()

    def drop_downlink(self, ident: str) -> None:
        """It was not taken after all: forget what was not committed of it."""
        with self._lock:
            self._pending.downlinks.pop(ident, None)

    def put_sms(self, sms: Sms) -> None:
        """As it stands now."""
        with self._lock:  # looked at inside: another thread may have it kept in a newer state
            row = self._rows.sms(sms)
            self._pending.sms[row.id] = row
        self._ask()

    def set_state(self, name: str, value: int) -> None:
        """A number, on disk when this returns if that can be had: no error is raised, since the
        next commit tries again, and says so."""
        with self._lock:
            self._pending.state[name] = value
            with contextlib.suppress(StoreFailed):
                self._commit()

    def commit(self) -> None:
        """Write everything that was added. Raises :class:`StoreFailed`; it then waits for the next
        commit."""
        with self._lock:
            self._commit()

    def commit_or_drop(self) -> None:
        """The same, but uplinks are not tried again: their devices are told that it failed."""
        with self._lock:
            try:
                self._commit()
            except StoreFailed:
                self._pending.drop_exchanges()
                raise

    def close(self) -> None:
        """Write what is left and let go of the file. Safe to call twice.

        Raises :class:`StoreFailed` when it could not be written.
        """
        with self._lock:
            if self._closed:
                return
            self.soon = None
            try:
                self._commit()
            finally:
                self._closed = True
                with contextlib.suppress(sqlite3.Error):  # the next start does it
                    self._store.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                self._store.close()
                self._writer.release()

    def _ask(self) -> None:
        soon = self.soon
        if soon is not None:
            soon()

    def _commit(self) -> None:
        pending, store = self._pending, self._store
        if self._closed or not pending:
            return
        try:
            store.execute("BEGIN IMMEDIATE")
            pending.execute(store)
            self._prune(pending.last_exchange)
            store.execute("COMMIT")
        except (sqlite3.Error, ValueError, OverflowError) as error:
            with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back by itself
                store.execute("ROLLBACK")
            if not isinstance(error, sqlite3.Error):  # no value for SQLite, now or later
                pending.clear()
            hint = "; free some space" if getattr(error, "sqlite_errorname", "") == _FULL else ""
            raise StoreFailed(f"the store {self.path} cannot be written: {error}{hint}") from error
        pending.clear()

    def _prune(self, last: int) -> None:
        if last < self._pruned + self._keep + _PRUNE_EVERY:
            return
        for table in ("uplink", "aborted", "due"):
            self._store.execute(f"DELETE FROM {table} WHERE exchange <= ?", (last - self._keep,))
        self._pruned = last - self._keep
