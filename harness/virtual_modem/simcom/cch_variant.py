"""In what the SSL commands of SIM7600, A76xx and SIM767x differ.

SIM7500_SIM7600 AT V3.00 §10.2, A76XX AT V1.09 §19.2, SIM767XX AT V1.06 §17.2. Only SIM767x has
``ignorecertCN``: it checks the server's name unless it is told not to. The others have no means to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.virtual_modem.family import Model
from harness.virtual_modem.fields import Setting, like, ranged

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_SHORTEST = 5  #: bytes of a file name
_TYPES = r"\.(?:pem|der)"


@dataclass(frozen=True, slots=True)
class Variant:
    """``settings``: the keys of +CSSLCFG as its answers order them, and those without fields are
    not modelled; ``name_max``: bytes of a certificate's name; ``zero_reads``: what +CCHRECV=n,0
    gives at most."""

    settings: Mapping[str, Setting]
    name_max: int
    zero_reads: int

    @property
    def name_range(self) -> str:
        return f"({_SHORTEST}-{self.name_max})"

    def names(self, text: str) -> bool:
        """Whether a certificate may have this name."""
        ended = re.search(f"{_TYPES}$", text) is not None
        return ended and text.isascii() and _SHORTEST <= len(text) <= self.name_max


@dataclass(frozen=True, slots=True)
class SslModel(Model):
    """A model with SSL commands."""

    ssl: Variant


def variant_of(core: Core) -> Variant:
    model = core.model
    if not isinstance(model, SslModel):
        raise TypeError(f"{core.family.name} has a model without SSL commands")
    return model.ssl


def _basic(name_max: int) -> dict[str, Setting]:
    file = like(rf"[^,]{{1,{name_max - 4}}}{_TYPES}", f"({_SHORTEST}-{name_max})", quoted=True)
    return {
        # 3 is TLS 1.2, 4 is whatever the module has: up to TLS 1.2 as well
        "sslversion": Setting("4", (ranged("3,4"),)),
        # 2 and 3 want a certificate of the device, which this modem cannot hold
        "authmode": Setting("0", (ranged("0,1"),)),
        "ignorelocaltime": Setting("1", (ranged("0,1"),)),
        "negotiatetime": Setting("300", (ranged("10-300"),)),
        "cacert": Setting('""', (file,)),
        "clientcert": Setting('""', ()),
        "clientkey": Setting('""', ()),
    }


_FLAG = Setting("0", (ranged("0,1"),))
_SUITES = like(r"0[xX][fF]{4}", "(0xFFFF)")
_PASSWORD = Setting('""', ())
_BUFFER = 65_536

SIM7600 = Variant(
    {
        **_basic(128), "enableSNI": _FLAG, "keypwd": _PASSWORD,
        "ciphersuites": Setting("0XFFFF", (_SUITES,)),  # what it is at first is assumed
    }, 128, 2048,
)  # fmt: skip
A76XX = Variant({**_basic(108), "password": _PASSWORD, "enableSNI": _FLAG}, 108, _BUFFER)
SIM767X = Variant(
    {
        **_basic(55), "password": _PASSWORD, "enableSNI": _FLAG, "ignorecertCN": _FLAG,
        "use_tickets": _FLAG, "ciphersuites": Setting("0", (_SUITES,)),
    }, 55, _BUFFER,
)  # fmt: skip
