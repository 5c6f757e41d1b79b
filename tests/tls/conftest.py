from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tls.https import Https, serving


@pytest.fixture
def https() -> Iterator[Https]:
    with serving() as made:
        yield made
