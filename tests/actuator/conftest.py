"""A platform with its Actuator API, without token."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.actuator.serving import Acting, acting


@pytest.fixture(scope="module")
def refusing() -> Iterator[Acting]:
    """One for all tests of a module that leave nothing behind."""
    with acting() as running:
        yield running


@pytest.fixture
def api() -> Iterator[Acting]:
    with acting() as running:
        yield running
