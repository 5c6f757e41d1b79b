"""How many examples a property-based test tries whose examples cost more than others."""

from hypothesis import settings


def about(count: int) -> int:
    """``count`` in an ordinary run, and as many times more as others try in a search."""
    return count * settings().max_examples // 100
