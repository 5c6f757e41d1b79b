"""A control server without token, one for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.control.serving import Controlled, controlled


@pytest.fixture(scope="module")
def serving() -> Iterator[Controlled]:
    with controlled() as running:
        yield running
