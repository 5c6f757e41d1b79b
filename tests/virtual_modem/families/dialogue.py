"""Dialogues as a manual prints them: what the host sends, what comes back to the byte."""

from __future__ import annotations

from tests.virtual_modem.conftest import Bench

OK = b"\r\nOK\r\n"


def info(*pieces: str) -> bytes:
    """Information and OK, as V.250 frames them."""
    return b"\r\n" + "\r\n".join(pieces).encode() + b"\r\n" + OK


def talk(one: Bench, *turns: tuple[str, bytes]) -> None:
    """Each line is sent when the answer to the one before has come, and compared whole."""
    for sent, wanted in turns:
        assert (sent, one.host.ask(sent, wanted[-12:])) == (sent, wanted)


def give(one: Bench, data: bytes, wanted: bytes) -> None:
    """Payload after a prompt, and what comes of it."""
    one.host.write(data)
    after(one, wanted)


def after(one: Bench, wanted: bytes) -> None:
    """``wanted`` comes next, unasked."""
    assert one.host.read_until(wanted[-12:]) == wanted
