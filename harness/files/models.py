"""Models of the files people write: closed, and with units in their values."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from harness.backoff.duration import parse_duration
from harness.errors import FileError, Location
from harness.files.sentences import sentence, told
from harness.files.strict_yaml import Document, load_document

M = TypeVar("M", bound="Model")
_TOLD = 50  # problems of one file; who made more made one of them many times


def _hyphens(name: str) -> str:
    return name.replace("_", "-")


class Model(BaseModel):
    """A closed mapping: an unknown key is an error. Keys of several words have hyphens."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, alias_generator=_hyphens
    )

    @model_validator(mode="before")
    @classmethod
    def _nothing_left_empty(cls, value: Any) -> Any:
        """A key without a value is a slip: taken as "not given", a check would check nothing."""
        if isinstance(value, dict):
            for key, item in value.items():
                if item is None:
                    raise PydanticCustomError("empty_key", "no value", {"key": str(key)})
        return value


def _flag(value: object) -> object:
    if isinstance(value, str):
        lowered = value.lower()
        if lowered not in ("true", "false"):
            raise ValueError(f"write true or false, not {value!r}")
        return lowered == "true"
    return value


def _span(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError("write a duration with its unit, such as 90s, 5m or 1h30m")


def _moment(value: object) -> object:
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, str):
        if not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d", value):
            raise ValueError(f"write a moment as 2026-03-01T12:00:00Z, not {value!r}")
        try:
            moment = datetime.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"not a moment: {value!r} ({error})") from error
    else:
        raise ValueError("write a moment as 2026-03-01T12:00:00Z")
    if moment.tzinfo is None:
        raise ValueError(f"a moment needs a time zone: {value!r}, for example {value}Z")
    return moment.astimezone(UTC)


class OrText:
    """For JSON Schema: the field also has a short form, which is one text."""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, handler(core)]}


Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
Span = Annotated[
    timedelta,
    BeforeValidator(_span),
    WithJsonSchema(
        {
            "type": "string",
            "description": "a duration with its unit: 250ms, 90s, 5m, 1h30m, 2d, 12:30:00",
        }
    ),
]
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema(
        {"type": "string", "description": "a moment with its zone: 2026-03-01T12:00:00Z"}
    ),
]


def load_model(path: Path, model: type[M]) -> M:
    """Read and validate one file. Raises :class:`~harness.errors.FileError`."""
    document = load_document(path)
    return validate(document, model, document.data)


def validate(document: Document, model: type[M], data: Any) -> M:
    """Validate ``data`` (the document's own, or a filled-in copy of the same shape).

    Raises the first problem, in file order, as :class:`~harness.errors.FileError`; when there
    are more, they follow on lines of their own, up to 50.
    """
    if not isinstance(data, dict):
        raise FileError(document.locate(()), "the file must be a mapping of keys to values")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = sorted(
            {
                (place.line, place.column, sentence(item), place)
                for item in told(error.errors(include_url=False))
                for place in (_place(document, item),)
            },
            key=lambda problem: problem[:3],
        )
        _, _, message, place = problems[0]
        more = "".join(f"\n{other[3]}: {other[2]}" for other in problems[1:_TOLD])
        if len(problems) > _TOLD:
            more += f"\n… and {len(problems) - _TOLD:,} more"
        raise FileError(place, message + more) from None


def _place(document: Document, item: Any) -> Location:
    if item["type"] == "empty_key":
        return document.locate((*item["loc"], item["ctx"]["key"]))
    if item["type"] == "extra_forbidden" or item["loc"][-1:] == ("[key]",):
        return document.locate_key(item["loc"])
    return document.locate(item["loc"])
