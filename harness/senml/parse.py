"""Bytes to a pack. Everything that is wrong is collected, not only the first.

Sources: RFC 8428 §4 (labels, types, names, must-understand), facts §4 (what the platform documents
beyond it). The platform's own strictness is unknown; where the RFC leaves no choice it is an error
here, otherwise a warning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.senml import base64url
from harness.senml.fields import CHECKS, FieldError, kind, shorten
from harness.senml.issues import Issue, IssueSeverity, SenmlError, refused
from harness.senml.jsontext import RepeatedLabels, load
from harness.senml.model import Pack, Record

VERSION = 10
"""The version of RFC 8428 §4.4; a pack with a higher ``bver`` must not be used."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at most. The platform's own limits are unknown; these keep a bench alive."""

    body: int = 1 << 20
    records: int = 10_000


_LIMITS = Limits()
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-:./_]*")
_VALUES = ("v", "vb", "vs", "vd")
_VALUE_LABELS = frozenset((*_VALUES, "s"))
_BASE = frozenset(("bn", "bt", "bu", "bv", "bs", "bver"))
_MEASURING = frozenset(("n", "u", "t", "ut", "i_")) | _VALUE_LABELS


def parse(body: bytes, limits: Limits = _LIMITS) -> Pack:
    """Read a SenML JSON pack.

    Returns a :class:`Pack` with its issues; look at :attr:`Pack.valid`. Raises
    :class:`SenmlError` when the bytes are no JSON array of objects, and nothing else, whatever
    the bytes are.
    """
    if len(body) > limits.body:
        raise refused(
            "too-large", f"the body has {len(body)} bytes; {limits.body} are read at most"
        )
    trailing: list[Issue] = []
    if body.endswith(b"\0"):
        stripped = body.rstrip(b"\0")
        message = f"{len(body) - len(stripped)} NUL byte(s) follow the pack: was the end of a C "
        message += "string sent?"
        trailing.append(Issue("trailing-nul", "warning", "SENML-PACK", message))
        body = stripped
    pack = pack_from(load(body), limits)
    return Pack(pack.records, (*trailing, *pack.issues)) if trailing else pack


def pack_from(data: object, limits: Limits = _LIMITS) -> Pack:
    """The same for JSON that is already decoded (a control API's request, a scenario's records).

    Raises :class:`SenmlError` when ``data`` is not a sequence of mappings.
    """
    if not isinstance(data, Sequence) or isinstance(data, str | bytes):
        raise refused("no-array", f"a pack is a JSON array of records, not {kind(data)}")
    if len(data) > limits.records:
        raise refused(
            "too-many-records",
            f"the pack has {len(data)} records; {limits.records} are read at most",
        )
    reader = _Reader()
    records = tuple([reader.record(index, raw) for index, raw in enumerate(data)])
    pack = Pack(records, tuple(reader.issues))
    if not records:
        message = "the pack has no records"
        return Pack((), (Issue("empty-pack", "error", "SENML-PACK", message),))
    if pack.base_only and pack.valid:
        message = "the pack sets base values and measures nothing"
        issue = Issue("base-only-pack", "warning", "SENML-VALUE", message)
        return Pack(records, (*pack.issues, issue))
    return pack


class _Reader:
    """Reads records one after the other; what it has to say gathers in ``issues``."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []
        self._index = 0
        self._prefix = ""
        self._based = False  # a bv or bs was seen
        self._version: int | None = None

    def note(self, severity: IssueSeverity, code: str, requirement: str, message: str) -> None:
        self.issues.append(Issue(code, severity, requirement, message, self._index))

    def record(self, index: int, raw: object) -> Record:
        if not isinstance(raw, dict):
            message = f"a record is a JSON object, not {kind(raw)}"
            raise SenmlError(Issue("record-type", "error", "SENML-PACK", message, index))
        self._index = index
        if isinstance(raw, RepeatedLabels):
            self.note("error", "duplicate-label", "SENML-PACK", "a label stands there twice")
        fields: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for label, value in raw.items():
            check = CHECKS.get(label)
            if check is None:
                extra[str(label)] = value
                continue
            try:
                fields[label] = check(label, value)
            except FieldError as error:
                requirement = "SENML-VALUE" if label in _VALUE_LABELS else "SENML-PACK"
                self.note("error", "label-type", requirement, str(error))
                fields[label] = None
        if "vd" in fields:
            self._decode_data(fields)
        if extra:
            self._note_unknown(extra)
            fields["extra"] = extra
        self._judge(fields)
        return Record(**fields)

    def _decode_data(self, fields: dict[str, Any]) -> None:
        coded = fields["vd"]
        if coded is None:
            return
        try:
            fields["vd"], remark = base64url.decode(coded)
        except ValueError as error:
            fields["vd"] = None
            self.note("error", "data-broken", "SENML-VALUE", str(error))
        else:
            if remark is not None:
                self.note("warning", "data-form", "SENML-VALUE", remark)

    def _note_unknown(self, extra: Mapping[str, Any]) -> None:
        for label in extra:
            if label.endswith("_"):
                message = f"the label {shorten(label)} ends in _, so it must be understood, and "
                message += "it is not known (RFC 8428 §4.4)"
                self.note("error", "must-understand", "SENML-PACK", message)
            else:
                message = f"the label {shorten(label)} is not known and ignored"
                self.note("info", "unknown-label", "SENML-PACK", message)

    def _judge(self, fields: Mapping[str, Any]) -> None:
        based = not _BASE.isdisjoint(fields)
        if based:
            self._prefix = fields.get("bn") or self._prefix
            self._based = self._based or "bv" in fields or "bs" in fields
            if fields.get("bver") is not None:
                self._check_version(fields["bver"])
        if _MEASURING.isdisjoint(fields):
            if not based:
                message = "the record neither measures anything nor sets a base value"
                self.note("error", "empty-record", "SENML-PACK", message)
            return
        values = [label for label in _VALUES if label in fields]
        if len(values) > 1:
            message = f"a record has one value, not {len(values)}: {', '.join(values)}"
            self.note("error", "many-values", "SENML-VALUE", message)
        elif not values and "s" not in fields and not self._based:
            message = "the measurement has no value: one of v, vb, vs, vd is needed"
            self.note("error", "no-value", "SENML-VALUE", message)
        self._check_name(fields)

    def _check_name(self, fields: Mapping[str, Any]) -> None:
        name = fields.get("n")
        full = self._prefix + (name or "")
        if "i_" in fields:
            message = "i_ (ThingsML) is documented for LoRa only; others send names"
            self.note("warning", "thingsml-index", "SENML-PACK", message)
        elif not full:
            message = "the measurement has no name, neither n nor bn"
            self.note("error", "no-name", "SENML-VALUE", message)
        elif "n" not in fields:
            message = "the measurement has no n: its name is the base name alone, which RFC 8428 "
            message += "allows and the platform's documents do not"
            self.note("warning", "no-own-name", "SENML-VALUE", message)
        if full and _NAME.fullmatch(full) is None:
            message = f"the name {shorten(full)} must start with a letter or digit and hold only "
            message += "letters, digits and - : . / _ (RFC 8428 §4.5.1)"
            self.note("error", "name-form", "SENML-PACK", message)

    def _check_version(self, version: int) -> None:
        if not 1 <= version <= VERSION:
            message = f"bver {version} is not known, {VERSION} is (RFC 8428 §4.4)"
            self.note("error", "version", "SENML-PACK", message)
        elif self._version is not None and version != self._version:
            message = f"bver changes inside the pack: {self._version}, then {version}"
            self.note("error", "version", "SENML-PACK", message)
        self._version = version
