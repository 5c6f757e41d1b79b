"""What can go wrong with a store file, each with what to do about it."""

from __future__ import annotations

from harness.errors import RigError, UsageError


class NotAStore(UsageError):
    """The file is none of ours, is damaged, or was written by a newer version."""


class StoreTaken(RigError):
    """Another process writes to the file."""


class StoreFailed(RigError):
    """The file cannot be opened, or cannot be written any more: disk full, no right, I/O error."""
