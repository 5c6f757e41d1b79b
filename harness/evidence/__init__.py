"""Evidence: the timeline, and the redaction of what must never reach a file."""

from harness.evidence.redact import Redactor
from harness.evidence.timeline import Event, Recorder, Timeline, isoformat, read_timeline, redacted

__all__ = [
    "Event",
    "Recorder",
    "Redactor",
    "Timeline",
    "isoformat",
    "read_timeline",
    "redacted",
]
