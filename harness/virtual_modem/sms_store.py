"""The message stores of a modem: SM on the SIM, ME in the module, no aliases (27.005 §3.1)."""

from __future__ import annotations

from dataclasses import dataclass, field

STATUS = ("REC UNREAD", "REC READ", "STO UNSENT", "STO SENT")


@dataclass(slots=True)
class Stored:
    """One message; ``status`` counts as in PDU mode, 0 to 3."""

    status: int
    tpdu: bytes
    smsc: str

    @property
    def is_report(self) -> bool:
        """SMS-STATUS-REPORT by its TP-MTI (TS 23.040 §9.2.3.1); a stored SUBMIT has 1."""
        return self.tpdu[0] & 0x03 == 0x02


@dataclass(slots=True)
class Store:
    """A numbered store of ``size`` places, from index ``first``."""

    size: int
    first: int = 0
    places: dict[int, Stored] = field(default_factory=dict)

    @property
    def full(self) -> bool:
        return len(self.places) >= self.size

    def add(self, message: Stored) -> int | None:
        """The index it got, or None when the store is full."""
        for index in range(self.first, self.first + self.size):
            if index not in self.places:
                self.places[index] = message
                return index
        return None

    def has_place(self, index: int) -> bool:
        return self.first <= index < self.first + self.size

    def delete(self, flag: int) -> None:
        """``+CMGD`` delete flags: 1 read, 2 and sent, 3 and unsent, 4 everything."""
        gone = {1: {1}, 2: {1, 3}, 3: {1, 2, 3}, 4: {0, 1, 2, 3}}[flag]
        for index in [i for i, message in self.places.items() if message.status in gone]:
            del self.places[index]
