"""Inputs made of a kept corpus and a dictionary, by a generator that a seed makes repeatable."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus")
LONGEST = 2048
_ODD = (
    b"\0", b"\xff", b"\x1a", b"\x1b", b"\r", b"\n", b"\r\n", b"\x11", b"\x13", b";", b'"', b",",
    b"+++", b"A/", b"99999999999999999999", b"-1", b"4294967296", b"=?", b"=", b"?",
)  # fmt: skip


def corpus(target: str) -> list[bytes]:
    """The kept inputs of a target, by file name."""
    return [file.read_bytes() for file in sorted((CORPUS / target).iterdir())]


class Mutator:
    """Endless inputs. ``seeds`` are what to start from, ``words`` what the target understands."""

    def __init__(self, seeds: Sequence[bytes], words: Sequence[bytes], seed: int) -> None:
        self._random = random.Random(seed)
        self._seeds = list(seeds) or [b""]
        self._words = [*words, *_ODD]

    def next(self) -> bytes:
        """One input of at most :data:`LONGEST` bytes."""
        choice = self._random
        kind = choice.random()
        if kind < 0.35:
            made = bytearray(self._piece())
        elif kind < 0.8:
            made = bytearray(
                b"".join(choice.choice(self._words) for _ in range(choice.randint(1, 8)))
            )
        else:
            made = bytearray(choice.randbytes(choice.randint(0, 64)))
        for _ in range(choice.choice((0, 1, 1, 2, 4, 8))):
            self._change(made)
        return bytes(made[:LONGEST])

    def _piece(self) -> bytes:
        whole = self._random.choice(self._seeds)
        start = self._random.randrange(len(whole) + 1)
        return whole[start : start + self._random.randint(1, 300)]

    def _change(self, made: bytearray) -> None:
        choice = self._random
        at = choice.randrange(len(made) + 1)
        match choice.randrange(6):
            case 0:
                made[at:at] = choice.choice(self._words)
            case 1:
                made[at:at] = choice.randbytes(choice.randint(1, 6))
            case 2:
                del made[at : at + choice.randint(1, 8)]
            case 3 if made:
                made[at % len(made)] ^= 1 << choice.randrange(8)
            case 4:
                made[at:at] = self._piece()
            case _:
                made[at:at] = made[at : at + choice.randint(1, 40)]


def smaller(data: bytes, fails: object, tries: int = 400) -> bytes:
    """A shorter input that still fails: halves, quarters, … are left out as long as it does."""
    assert callable(fails)
    size = max(1, len(data) // 2)
    while size and tries:
        start = 0
        while start < len(data) and tries:
            tries -= 1
            shorter = data[:start] + data[start + size :]
            if fails(shorter):
                data = shorter
            else:
                start += size
        size //= 2
    return data
