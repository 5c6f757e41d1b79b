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
        trailing.append(
            Issue(
                "trailing-nul",
                "warning",
                "SENML-PACK",
                f"{len(body) - len(stripped)} NUL byte(s) follow the pack: the end of a C string "
                "was sent",
            )
        )
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
    if not data:
        reader.note(None, "empty-pack", "error", "SENML-PACK", "the pack has no records")
    records = tuple([reader.record(index, raw) for index, raw in enumerate(data)])
    pack = Pack(records, tuple(reader.issues))
    if data and pack.base_only and pack.valid:
        reader.note(
            None,
            "base-only-pack",
            "warning",
            "SENML-VALUE",
            "the pack sets base values and measures nothing",
        )
        return Pack(records, tuple(reader.issues))
    return pack


class _Reader:
    """Reads records one after the other; what it has to say gathers in ``issues``."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []
        self._prefix = ""
        self._based = False  # a bv or bs was seen
        self._version: int | None = None

    def note(
        self, index: int | None, code: str, severity: IssueSeverity, requirement: str, message: str
    ) -> None:
        self.issues.append(Issue(code, severity, requirement, message, index))

    def record(self, index: int, raw: object) -> Record:
        if not isinstance(raw, Mapping):
            raise SenmlError(
                Issue("record-type", "error", "SENML-PACK",
                      f"a record is a JSON object, not {kind(raw)}", index)
            )  # fmt: skip
        if isinstance(raw, RepeatedLabels):
            self.note(index, "duplicate-label", "error", "SENML-PACK",
                      "a label stands more than once in the record")  # fmt: skip
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
                self.note(index, "label-type", "error", requirement, str(error))
                fields[label] = None
        if "vd" in fields:
            self._data(index, fields)
        if extra:
            self._unknown(index, extra)
            fields["extra"] = extra
        self._judge(index, fields)
        return Record(**fields)

    def _data(self, index: int, fields: dict[str, Any]) -> None:
        coded = fields["vd"]
        if coded is None:
            return
        try:
            fields["vd"], remark = base64url.decode(coded)
        except ValueError as error:
            fields["vd"] = None
            self.note(index, "data-broken", "error", "SENML-VALUE", str(error))
        else:
            if remark is not None:
                self.note(index, "data-form", "warning", "SENML-VALUE", remark)

    def _unknown(self, index: int, extra: Mapping[str, Any]) -> None:
        for label in extra:
            if label.endswith("_"):
                self.note(index, "must-understand", "error", "SENML-PACK",
                          f"the label {shorten(label)} must be understood (it ends in _), and is "
                          "not known (RFC 8428 §4.4)")  # fmt: skip
            else:
                self.note(index, "unknown-label", "info", "SENML-PACK",
                          f"the label {shorten(label)} is not known and ignored")  # fmt: skip

    def _judge(self, index: int, fields: Mapping[str, Any]) -> None:
        if "bn" in fields and fields["bn"] is not None:
            self._prefix = fields["bn"]
        if "bver" in fields:
            self._check_version(index, fields["bver"])
        self._based = self._based or "bv" in fields or "bs" in fields
        values = [label for label in _VALUES if label in fields]
        if len(values) > 1:
            self.note(index, "many-values", "error", "SENML-VALUE",
                      f"a record has one value, not {len(values)}: {', '.join(values)}")  # fmt: skip
        measuring = values or any(label in fields for label in ("n", "u", "t", "ut", "s", "i_"))
        if not measuring:
            if not any(label in fields for label in ("bn", "bt", "bu", "bv", "bs", "bver")):
                self.note(index, "empty-record", "error", "SENML-PACK",
                          "the record neither measures anything nor sets a base value")  # fmt: skip
            return
        if not values and "s" not in fields and not self._based:
            self.note(index, "no-value", "error", "SENML-VALUE",
                      "the measurement has no value: one of v, vb, vs, vd is needed")  # fmt: skip
        self._check_name(index, fields)

    def _check_name(self, index: int, fields: Mapping[str, Any]) -> None:
        if "i_" in fields:
            self.note(index, "thingsml-index", "warning", "SENML-PACK",
                      "i_ (ThingsML) is documented for LoRa only; M2M and Internet devices use "
                      "names")  # fmt: skip
        name = fields.get("n")
        full = self._prefix + (name or "")
        if not full:
            if "i_" not in fields:
                self.note(index, "no-name", "error", "SENML-VALUE",
                          "the measurement has no name, neither n nor bn")  # fmt: skip
            return
        if name is None and "i_" not in fields:
            self.note(index, "no-own-name", "warning", "SENML-VALUE",
                      "the measurement has no n: its name is the base name alone, which RFC 8428 "
                      "allows and the platform's documents do not")  # fmt: skip
        if _NAME.fullmatch(full) is None:
            self.note(index, "name-form", "error", "SENML-PACK",
                      f"the name {shorten(full)} must start with a letter or digit and hold only "
                      "letters, digits and - : . / _ (RFC 8428 §4.5.1)")  # fmt: skip

    def _check_version(self, index: int, version: int | None) -> None:
        if version is None:
            return
        if not 1 <= version <= VERSION:
            self.note(index, "version", "error", "SENML-PACK",
                      f"bver {version} is not known here: {VERSION} is (RFC 8428 §4.4)")  # fmt: skip
        elif self._version is not None and version != self._version:
            self.note(index, "version", "error", "SENML-PACK",
                      f"bver changes inside the pack: {self._version}, then {version}")  # fmt: skip
        self._version = version
