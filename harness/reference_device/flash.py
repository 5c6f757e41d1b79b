"""What survives a power cut: the version that runs, and the download that is under way.

A folder stands for the flash chip: ``firmware.json`` and ``firmware.part``. Bytes are only added to
the part file after they were checked, so after a cut at any moment it holds a right beginning.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(slots=True)
class Download:
    """Where new firmware is to be had: ``host`` is what to connect to. ``total`` is its size in
    bytes once it is known."""

    host: str
    port: int
    path: str
    token: str
    total: int | None = None


class Flash:
    """``folder`` exists; None: nothing survives. ``version`` runs until an update is installed."""

    def __init__(self, folder: Path | None, version: str) -> None:
        self._folder = folder
        self._image = bytearray()
        self.version = version
        self.report_due = False  # installed, but not yet reported
        self.download: Download | None = None
        if folder is not None:
            self._load(folder)

    def _load(self, folder: Path) -> None:
        try:
            kept = json.loads((folder / "firmware.json").read_bytes())
            self.version, self.report_due = str(kept["version"]), bool(kept["report_due"])
            self.download = None if kept["download"] is None else Download(**kept["download"])
            if self.download is not None:
                self._image += (folder / "firmware.part").read_bytes()
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError):
            self.download = None  # as a firmware would: what cannot be read is not there

    @property
    def size(self) -> int:
        """How many bytes of the image are there."""
        return len(self._image)

    @property
    def image(self) -> bytes:
        """The image as far as it is there."""
        return bytes(self._image)

    def begin(self, download: Download) -> None:
        """Start afresh; what there was of another image is gone."""
        self._image.clear()
        if self._folder is not None:
            (self._folder / "firmware.part").write_bytes(b"")
        self.download = download
        self.save()

    def add(self, part: bytes) -> None:
        """Keep a part that was checked."""
        self._image += part
        if self._folder is not None:
            with open(self._folder / "firmware.part", "ab") as file:
                file.write(part)

    def end(self, version: str | None = None) -> None:
        """The download is over; with a ``version``, that is what runs now."""
        if version is not None:
            self.version, self.report_due = version, True
        self.download = None
        self._image.clear()
        self.save()

    def save(self) -> None:
        """All at once: a cut leaves the old state or the new one."""
        if self._folder is None:
            return
        kept = {
            "version": self.version,
            "report_due": self.report_due,
            "download": None if self.download is None else asdict(self.download),
        }
        draft = self._folder / "firmware.new"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(kept, file)
        draft.replace(self._folder / "firmware.json")
