"""SenML packs (RFC 8428, JSON) as the platform reads and writes them. Pure."""

from harness.senml.encode import Style, dump, encode, placed
from harness.senml.forward import forward
from harness.senml.issues import Issue, IssueSeverity, SenmlError
from harness.senml.jsontext import other_coding
from harness.senml.model import Number, Pack, Record, Shape
from harness.senml.parse import Limits, pack_from, parse
from harness.senml.resolve import ResolvedPack, ResolvedRecord, resolve
from harness.senml.suspicion import bt_suspicion

__all__ = [
    "Issue",
    "IssueSeverity",
    "Limits",
    "Number",
    "Pack",
    "Record",
    "ResolvedPack",
    "ResolvedRecord",
    "SenmlError",
    "Shape",
    "Style",
    "bt_suspicion",
    "dump",
    "encode",
    "forward",
    "other_coding",
    "pack_from",
    "parse",
    "placed",
    "resolve",
]
