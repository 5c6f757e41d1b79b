"""Bytes of a serial line as evidence: a PIN stays hidden though its command comes in pieces."""

from __future__ import annotations

from harness.evidence.redact import PIN_SHOWN, hidden_pins

_LONGEST = 512  # characters of a line that are looked back on; a command with a PIN has 40


class SerialText:
    """One direction of one line; called with what was read or written, in order.

    The characters of a PIN are taken out of what comes after its beginning, which alone shows
    ``‹pin›``. What one piece holds in full is left to :class:`~harness.evidence.Redactor`.
    """

    def __init__(self) -> None:
        self._line = ""  # what came since the last line end

    def __call__(self, data: bytes) -> str:
        """``data`` as latin-1 text, in which nothing is left of a PIN that began before."""
        text = data.decode("latin-1")
        before = self._line
        end = max(text.rfind("\r"), text.rfind("\n"))
        line = text[end + 1 :] if end >= 0 else before + text
        self._line = line if len(line) <= _LONGEST else ""
        return _after(before, text) if before else text


def _after(before: str, text: str) -> str:
    """``text`` without what is hidden in it because of ``before``, on the same line."""
    whole, start = before + text, len(before)
    made, shown = "", start
    for begin, end in hidden_pins(whole):
        if end <= start:
            continue
        made += whole[shown : max(begin, shown)] + (PIN_SHOWN if begin >= start else "")
        shown = end
    return made + whole[shown:]
