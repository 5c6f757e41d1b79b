"""In what Quectel's models differ, and the error that +QIGETERROR shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.virtual_modem.family import Model
from harness.virtual_modem.fields import Setting

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


@dataclass(frozen=True, slots=True)
class QuectelModel(Model):
    """``config`` has the keys of +QCFG."""

    sub_revision: str  #: what +QGMR adds
    technology: str  #: in +QNWINFO and +QCSQ
    reactivates: bool  #: a second +QIACT for an active context is no error
    config: Mapping[str, Setting]


def model_of(core: Core) -> QuectelModel:
    model = core.model
    if not isinstance(model, QuectelModel):
        raise TypeError(f"{core.family.name} has a model that is none of Quectel's")
    return model


@dataclass(slots=True)
class LastError:
    """The number of +QIGETERROR."""

    number: int = 0


def last_error(core: Core) -> LastError:
    return core.part(LastError)
