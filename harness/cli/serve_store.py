"""What ``hil serve`` keeps from one start to the next: uplinks, downlinks, SMS, and its clock."""

from __future__ import annotations

import argparse
import contextlib
from datetime import datetime
from typing import TYPE_CHECKING

from harness.cli.paths import file_path
from harness.clock import RealClock, VirtualClock
from harness.clock.host import wall_ns
from harness.clock.scenario import LAST, from_ns
from harness.errors import UsageError
from harness.evidence import Redactor

if TYPE_CHECKING:
    from harness.platform.persistence.file import StoreFile

_FROZEN, _AHEAD = "clock.frozen_ns", "clock.ahead_ns"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--store", type=file_path, metavar="FILE",
        help="keep uplinks, downlinks and SMS there (SQLite) and go on with what it holds; "
        "an uplink is in it before it is answered",
    )  # fmt: skip
    parser.add_argument(
        "--store-keep", type=int, metavar="N",
        help="so many exchanges stay in the file, the newest (default 1,000,000)",
    )  # fmt: skip


def open_store(
    arguments: argparse.Namespace, redactor: Redactor, closing: contextlib.ExitStack
) -> StoreFile | None:
    """The store that was asked for, closed at the end; None without one.

    Raises :class:`~harness.errors.UsageError` for a file that is no store, and
    :class:`~harness.errors.RigError` for one that is in use or cannot be opened.
    """
    if arguments.store is None:
        if arguments.store_keep is not None:
            raise UsageError("--store-keep belongs to a store; add --store FILE")
        return None
    if arguments.store_keep is not None and arguments.store_keep < 1:
        raise UsageError(f"--store-keep {arguments.store_keep}: keep at least 1")
    from harness.platform.persistence.file import KEEP_UPLINKS, StoreFile

    store = StoreFile(arguments.store, redactor, arguments.store_keep or KEEP_UPLINKS)
    closing.callback(store.close)
    return store


def started_clock(frozen: datetime | None, store: StoreFile | None) -> RealClock | VirtualClock:
    """The scenario clock: frozen at a moment or running, and not behind where it was left.

    A frozen clock goes on where it stood when that is later than ``frozen``; one that runs is as
    far ahead of the world as it had been stepped.
    """
    if store is None:
        return RealClock() if frozen is None else VirtualClock(frozen)
    if frozen is not None:
        left_ns = store.state(_FROZEN)
        stood = VirtualClock(max(frozen, from_ns(left_ns)) if left_ns is not None else frozen)
        stood.on_jump = lambda _, now_ns: store.set_state(_FROZEN, now_ns)
        return stood
    ahead_ns = store.state(_AHEAD) or 0
    running = RealClock(min(from_ns(wall_ns() + ahead_ns), LAST))
    running.on_jump = lambda _, now_ns: store.set_state(_AHEAD, max(0, now_ns - wall_ns()))
    return running
