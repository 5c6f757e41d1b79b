"""The GSM 7 bit alphabet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.at import gsm7

ALPHABET = "".join(c for c in gsm7.DEFAULT if c != "\x1b") + "".join(gsm7.EXTENSION.values())


def test_the_published_example_packs_as_published() -> None:
    """`hellohello` is the example of many descriptions of TS 23.038."""
    assert gsm7.pack(gsm7.encode("hellohello")).hex().upper() == "E8329BFD4697D9EC37"


@given(st.text(alphabet=ALPHABET, max_size=160), st.integers(0, 6))
def test_what_was_packed_comes_back(text: str, fill: int) -> None:
    """Encoding, packing and their inverses are one another's inverse."""
    septets = gsm7.encode(text)
    packed = gsm7.pack(septets, fill)
    assert gsm7.decode(gsm7.unpack(packed, len(septets), fill)) == text


def test_other_characters_are_refused() -> None:
    """They need UCS-2."""
    assert not gsm7.encodable("ж")
    with pytest.raises(gsm7.NotGsm7):
        gsm7.encode("ж")
