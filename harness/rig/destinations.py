"""HTTPS destinations as people write them, in rig files and for ``hil serve --devices``."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from harness.errors import FileError, UsageError
from harness.files import Document, Model, load_document, validate
from harness.platform.destination.config import Destination, check_config
from harness.platform.destination.suites import client_context
from harness.rig.registration import DestinationModel, DeviceName, SecretSource

_UNREAD = "Unread#Destination0Secret123456789"
"""Stands in for a secret that is left where it is, so that all else can be checked."""


class _Part(Model):
    destinations: dict[DeviceName, DestinationModel] = Field(default_factory=dict)


def load_destinations(
    path: Path, read_secret: Callable[[SecretSource, Path], str | None] = SecretSource.read
) -> list[Destination]:
    """The destinations of a devices file, none when it names none.

    Raises :class:`~harness.errors.FileError` at what the documents object to (DEST-CONFIG,
    DEST-SECRET).
    """
    return destinations_of(load_document(path), read_secret)


def destinations_of(
    document: Document, read_secret: Callable[[SecretSource, Path], str | None] = SecretSource.read
) -> list[Destination]:
    """The same for a document that was read already."""
    data: Any = document.data
    named = data.get("destinations", {}) if isinstance(data, dict) else {}
    part = validate(document, _Part, {"destinations": named})
    return read_destinations(part.destinations, document, read_secret)


def read_destinations(
    models: Mapping[str, DestinationModel],
    document: Document,
    read_secret: Callable[[SecretSource, Path], str | None] = SecretSource.read,
) -> list[Destination]:
    """The same for models that are validated already."""
    return [_read(name, model, document, read_secret) for name, model in models.items()]


def _read(
    name: str,
    model: DestinationModel,
    document: Document,
    read_secret: Callable[[SecretSource, Path], str | None],
) -> Destination:
    place = ("destinations", name)
    folder = Path(document.file).parent
    secret: str | None
    if isinstance(model.secret, SecretSource):
        try:
            secret = read_secret(model.secret, folder)
        except UsageError as error:
            raise FileError(document.locate((*place, "secret")), f"{name}: {error}") from error
    else:
        secret = model.secret
    host, _, port = (model.connect or "").rpartition(":")
    destination = Destination(
        name=name,
        url=model.url,
        secret=secret or _UNREAD,
        method=model.method,
        description=model.description,
        headers=tuple(model.headers.items()),
        expected=model.expected_code,
        plug_uuid=model.plug_uuid or "",
        shape=model.shape,
        numbers=model.numbers,
        devices=None if model.devices is None else frozenset(model.devices),
        connect_to=(host, int(port)) if port else None,
        anchors=_anchors(name, model, document),
    )
    for finding in check_config(destination):
        if finding.severity == "error":
            key = "secret" if finding.requirement == "DEST-SECRET" else "url"
            where = document.locate((*place, key))
            raise FileError(where, f"{name}: {finding.message} ({finding.requirement})")
    return destination


def _anchors(name: str, model: DestinationModel, document: Document) -> bytes | None:
    if model.ca is None:
        return None
    path = Path(document.file).parent / model.ca
    where = document.locate(("destinations", name, "ca"))
    try:
        data = path.read_bytes()
        client_context(data)
    except (ssl.SSLError, ValueError) as error:
        raise FileError(where, f"{name}: {path} holds no PEM certificates") from error
    except OSError as error:
        raise FileError(where, f"{name}: cannot read {path}: {error.strerror}") from error
    return data
