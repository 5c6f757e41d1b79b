"""What can go wrong, drawn by who has to act.

::

    HilError
     ├── UsageError          the person: a wrong option or file             exit 2
     │    └── FileError      … with file:line:column
     ├── RigError            the bench broke: port, SIM, address, disk      exit 3
     └── DutError            the device or its modem did not do its part    exit 1

Layers add their own leaves (``CmeError``, ``PortGone``, ``AddressInUse`` …) next to the code that
raises them. Anything else that escapes is a defect of the harness and is reported as one.
"""

from __future__ import annotations

from dataclasses import dataclass


class HilError(Exception):
    """Base of all errors that the harness raises on purpose."""

    exit_code = 1


class UsageError(HilError):
    """The command line, an environment variable or a file is wrong.

    Examples: an unknown option value, a scenario with an unknown key, a secret that is not set.
    """

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file; ``line`` and ``column`` count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class FileError(UsageError):
    """A file is wrong at a known place. ``str()`` is ``file:line:column: message``."""

    def __init__(self, location: Location, message: str) -> None:
        super().__init__(f"{location}: {message}")
        self.location = location
        self.message = message


class RigError(HilError):
    """The bench broke: never counted against the device under test.

    Examples: the serial port is gone, no SIM, the platform's address is taken, the disk is full.
    """

    exit_code = 3


class DutError(HilError):
    """The device under test, or the modem that belongs to it, did not do its part."""

    exit_code = 1
