"""Evidence: the timeline, and the redaction of what must never reach a file."""

from harness.evidence.redact import Redactor
from harness.evidence.timeline import Event, Recorder, Timeline, read_timeline

__all__ = ["Event", "Recorder", "Redactor", "Timeline", "read_timeline"]
