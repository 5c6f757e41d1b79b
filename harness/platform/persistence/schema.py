"""The tables of a store file, and telling such a file from others.

Version 1. Bytes of the wire are BLOBs, moments are nanoseconds since 1970 of the scenario clock.
``data`` is JSON; the columns beside it repeat what people look for with other tools.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from harness.platform.persistence.errors import NotAStore, StoreFailed

APPLICATION_ID = 0x48494C53  # "HILS", at offset 68 of the file
VERSION = 1

# Waiting for somebody else's lock stops all answers: better to refuse soon.
_BUSY_S = 1.0

_TABLES = """
CREATE TABLE uplink (
  exchange INTEGER PRIMARY KEY,
  received_ns INTEGER NOT NULL,
  peer TEXT NOT NULL,
  device TEXT,
  outcome TEXT NOT NULL,
  status INTEGER,
  head BLOB NOT NULL,
  body BLOB NOT NULL,
  answer BLOB NOT NULL,
  data TEXT
);
CREATE TABLE aborted (
  exchange INTEGER PRIMARY KEY,
  peer TEXT NOT NULL,
  why TEXT NOT NULL,
  head BLOB NOT NULL,
  body BLOB NOT NULL
);
CREATE TABLE downlink (
  id TEXT PRIMARY KEY,
  device TEXT NOT NULL,
  status TEXT NOT NULL,
  unsendable INTEGER NOT NULL,
  data TEXT NOT NULL
);
CREATE TABLE sms (
  id INTEGER PRIMARY KEY,
  device TEXT NOT NULL,
  status TEXT NOT NULL,
  next_ns INTEGER,
  unsendable INTEGER NOT NULL,
  data TEXT NOT NULL
);
CREATE TABLE due (
  exchange INTEGER NOT NULL,
  destination TEXT NOT NULL,
  PRIMARY KEY (exchange, destination)
) WITHOUT ROWID;
CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


def opened(path: Path) -> sqlite3.Connection:
    """The store at ``path``, made when there is none. Any one thread at a time may use it.

    Raises :class:`NotAStore` and :class:`StoreFailed`.
    """
    try:
        store = sqlite3.connect(
            path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise StoreFailed(f"cannot open the store {path}: {error}") from error
    try:
        _prepare(store, path)
    except sqlite3.DatabaseError as error:
        store.close()
        raise opening_failed(path, error) from error
    except NotAStore:
        store.close()
        raise
    return store


def opening_failed(path: Path, error: sqlite3.DatabaseError) -> NotAStore | StoreFailed:
    """SQLite's error while the file was opened or read, in our words."""
    name = getattr(error, "sqlite_errorname", "")  # absent where Python itself raised it
    if name == "SQLITE_NOTADB":
        return NotAStore(f"{path} is no SQLite file; give --store a new file or one of its own")
    if name.startswith("SQLITE_CORRUPT"):
        return NotAStore(
            f"the store {path} is damaged ({error}); move it away, or save what can be read with "
            "`sqlite3 FILE .recover`"
        )
    return StoreFailed(f"cannot use the store {path}: {error}")


def _prepare(store: sqlite3.Connection, path: Path) -> None:
    application = _pragma(store, "application_id")
    version = _pragma(store, "user_version")
    (tables,) = store.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and (application or version or tables):
        raise NotAStore(
            f"{path} is a SQLite file of another program; give --store a new file or one of its own"
        )
    if version > VERSION:
        raise NotAStore(
            f"the store {path} was written by a newer version of the harness (its form is "
            f"{version}, this one knows {VERSION}); update, or use a new file"
        )
    # In WAL mode, what was committed survives the death of the process with NORMAL as well; FULL
    # would add the loss of power, at the price of a disk flush per commit.
    store.execute("PRAGMA journal_mode = WAL").fetchall()
    store.execute("PRAGMA synchronous = NORMAL")
    if not tables:
        store.executescript(
            f"BEGIN; {_TABLES} PRAGMA application_id = {APPLICATION_ID}; "
            f"PRAGMA user_version = {VERSION}; COMMIT;"
        )


def _pragma(store: sqlite3.Connection, name: str) -> int:
    return int(store.execute(f"PRAGMA {name}").fetchone()[0])
