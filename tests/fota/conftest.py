"""A platform with firmware on offer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fota.bench import DEVICE, IMAGE, Client
from tests.platform.bench import Rig, running


@pytest.fixture
def rig() -> Iterator[Rig]:
    with running() as made:
        yield made


@pytest.fixture
def client(rig: Rig) -> Client:
    """A device that has just been offered version 1.1.0."""
    rig.platform.offer_firmware(DEVICE, IMAGE, "1.1.0")
    return Client.offered(rig)
