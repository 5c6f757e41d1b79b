"""Evidence: the timeline, and the redaction of what must never reach a file."""

from harness.evidence.redact import Redactor
from harness.evidence.serial_text import SerialText
from harness.evidence.timeline import Event, Recorder, Timeline, isoformat, read_timeline, redacted

__all__ = [
    "Event",
    "Recorder",
    "Redactor",
    "SerialText",
    "Timeline",
    "isoformat",
    "read_timeline",
    "redacted",
]
