"""Private networks for the tests of this package."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.network.private import PrivateNetwork, namespaces_available


@pytest.fixture
def network() -> Iterator[PrivateNetwork]:
    """A private network with two modems; skipped with the reason where there can be none."""
    reason = namespaces_available()
    if reason is not None:
        pytest.skip(reason)
    with PrivateNetwork.create(["tracker-1", "tracker-2"]) as made:
        yield made
