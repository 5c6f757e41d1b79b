"""The kept corpus is played on every run of the suite, and some thousand inputs more."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.at.engine import AtEngine
from harness.virtual_modem.core import Core
from tests.fuzz import engine_target
from tests.fuzz.modem_target import NAMES, WORDS, ModemTarget
from tests.fuzz.mutate import LONGEST, Mutator, corpus, smaller

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def modem() -> Iterator[ModemTarget]:
    logging.disable(logging.CRITICAL)
    target = ModemTarget()
    yield target
    target.close()
    logging.disable(logging.NOTSET)


def test_the_engine_on_the_corpus() -> None:
    """Every kept input, and two thousand made of them: any chunking gives the same events."""
    kept = corpus("engine")
    assert len(kept) >= 14
    for data in kept:
        engine_target.run(data)
    made = Mutator(kept, engine_target.WORDS, seed=7)
    for _ in range(2000):
        engine_target.run(made.next())


def test_the_modem_on_the_corpus(modem: ModemTarget) -> None:
    """Every kept input, on the family it was kept for: no defect, bounded, and it answers after."""
    kept = corpus("modem")
    assert {data[0] % len(NAMES) for data in kept} == set(range(len(NAMES)))
    for data in kept:
        modem.run(data)


@pytest.mark.parametrize("family", NAMES)
def test_the_modem_on_new_inputs(modem: ModemTarget, family: str) -> None:
    """A hundred and fifty inputs made of commands, payload and noise."""
    made = Mutator(corpus("modem"), WORDS, seed=NAMES.index(family))
    for _ in range(150):
        modem.run(bytes([NAMES.index(family)]) + made.next()[1:])


def test_a_defect_of_a_command_is_found(
    modem: ModemTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handler that raises fails the input: the target can fail."""

    def broken(core: Core, *_: object) -> None:
        raise ZeroDivisionError("seeded")

    monkeypatch.setattr(Core, "_dispatch", broken)
    with pytest.raises(AssertionError, match="seeded"):
        modem.run(b"\x00\xffAT+CSQ\r")


def test_a_defect_of_the_engine_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that judges by chunks is found out by another chunking."""
    receive = AtEngine.receive
    monkeypatch.setattr(
        AtEngine, "receive", lambda self, data: receive(self, data.replace(b"\r\n", b"\n\r\n"))
    )
    with pytest.raises(AssertionError):
        list(map(engine_target.run, corpus("engine")))


def test_a_seed_makes_the_same_inputs() -> None:
    """Two generators with one seed agree; another seed does not; none is longer than the limit."""
    seeds, words = [b"ATI\r", b"OK"], [b"AT+CSQ\r"]
    one, two, three = (Mutator(seeds, words, seed) for seed in (1, 1, 2))
    first = [one.next() for _ in range(50)]
    assert first == [two.next() for _ in range(50)]
    assert first != [three.next() for _ in range(50)]
    assert max(map(len, first)) <= LONGEST


def test_a_failing_input_is_made_smaller() -> None:
    """What does not matter is left out."""
    assert smaller(b"x" * 100 + b"BAD" + b"y" * 50, lambda data: b"BAD" in data) == b"BAD"


def test_the_program(tmp_path: Path) -> None:
    """It says how many inputs it ran and how memory grew, and exits 0."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--inputs", "300", "--family", "sierra-hl78"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("300 inputs in") == 2
