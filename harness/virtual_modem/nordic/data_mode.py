"""Data mode (doc/slm_data_mode.rst): what comes is payload until the terminator.

Entering answers OK, leaving says ``#XDATAMODE: 0`` (versions differ; see the family's ``assumed``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

TERMINATOR = b"+++"  #: CONFIG_SLM_DATAMODE_TERMINATOR
_LONGEST_S = 86_400.0  #: nothing ends data mode by time


def enter(core: Core, action: Callable[[bytes], Awaitable[object]]) -> None:
    """After the final result: take payload, give it to ``action``, and say that it is over."""

    async def take() -> None:
        data = await core.ask("", None, mark=TERMINATOR, timeout_s=_LONGEST_S)
        if data is not None:
            await action(data)
        core.urc("#XDATAMODE: 0")

    core.after_final(lambda: core.spawn(take()))
