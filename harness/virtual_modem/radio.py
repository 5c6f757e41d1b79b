"""SIM, registration and PDP contexts (27.007 §7.2, §10.1)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.virtual_modem.results import AtError

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


@dataclass(slots=True)
class Context:
    """A PDP context as defined and, while ``active``, as the network gave it."""

    kind: str = "IP"
    apn: str = ""
    user: str = ""
    password: str = ""
    auth: int = 0
    active: bool = False


class NotActivated(AtError):
    """A PDP context that did not come up; ``defined`` False: it has no APN."""

    def __init__(self, code: int, *, defined: bool = True) -> None:
        super().__init__(code)
        self.defined = defined


class Radio:
    """``unlocked``: the SIM takes part."""

    REGISTRATIONS = ("+CREG", "+CGREG", "+CEREG")

    def __init__(self, core: Core) -> None:
        self._core = core
        self.functionality = core.family.functionality
        self.unlocked = core.subscription.present and core.subscription.pin is None
        self.modes = dict.fromkeys(self.REGISTRATIONS, 0)
        self.stat = 0
        self.selection = 0  # +COPS: 0 automatic, 1 manual, 2 deregistered
        self.attached = True  # as far as +CGATT goes
        self.contexts: dict[int, Context] = {core.family.default_cid: Context()}
        self._round = 0

    @property
    def registered(self) -> bool:
        return self.stat in (1, 5)

    def active(self) -> tuple[str, str] | None:
        """APN and address of the first active context."""
        for context in self.contexts.values():
            if context.active:
                return context.apn, self._core.subscription.address
        return None

    def update(self) -> None:
        """SIM, functionality or coverage changed: search, or lose the network."""
        self._round += 1
        wanted_at_all = self.attached and self.selection != 2
        if self.functionality != 1 or not self.unlocked or not wanted_at_all:
            self._set(0)
        elif not self._core.covered:
            self._set(2)
        elif not self.registered:
            self._set(2)
            wanted = self._round

            def found() -> None:
                if wanted == self._round:
                    self._set(self._core.settings.stat)

            self._core.after(self._core.settings.register_s, found)

    def switched_off(self) -> None:
        self._round += 1
        self.stat = 0
        self.contexts.clear()

    def _set(self, stat: int) -> None:
        if stat == self.stat:
            return
        core = self._core
        self.stat = stat
        if not self.registered:
            self.drop_contexts("no network")
        elif core.values.get("+CTZU", str(core.settings.auto_time)) != "0":
            core.rtc.synchronise()
            for line in core.family.time_learned(core):
                core.urc(line)
        if self.registered and core.family.bearer_at_attach:
            self._default_bearer()
        for name, mode in self.modes.items():
            if mode:
                core.urc(f"{name}: {stat}{self.location(name)}")
        core.on_state("registered" if self.registered else "not registered")

    def location(self, name: str) -> str:
        """The fields after the status (27.007 §10.1.22), of the network's answer: no reject cause
        while registered, and the PSM timers as the network granted them: as asked."""
        if self.modes[name] < 2 or not self.registered:
            return ""
        cell = f',"0FA1","01A2D003",{self._core.model.access}'
        mode, _, _, tau, active = self._core.values.get("+CPSMS", "0,,,,").split(",")[:5]
        if self.modes[name] < 4 or mode != "1":
            return cell
        return f"{cell},,,{active},{tau}"

    def drop_contexts(self, reason: str) -> None:
        lost = [cid for cid, context in self.contexts.items() if context.active]
        self._core.sockets.close_all()
        self._core.http.close()
        for cid in lost:
            self.contexts[cid].active = False
            self._core.family.context_lost(self._core, cid)

    def activate(self, cid: int) -> None:
        """Raises :class:`NotActivated`: CME 148 for a context without an APN, 30 without network,
        133 for an APN that the network refuses (NET-APN)."""
        context = self.contexts.get(cid)
        if context is None or not context.apn:
            raise NotActivated(148, defined=False)
        if not self.registered:
            raise NotActivated(30)
        if context.apn.lower() not in self._core.subscription.apns:
            self._core.on_state(f"APN {context.apn} refused")
            raise NotActivated(133)
        context.active = True
        self._core.on_state("context active")

    def define(self, cid: int, context: Context) -> None:
        """An active context that is defined as it was stays up; another definition ends it."""
        before = self.contexts.get(cid)
        if before is None or replace(before, active=False) != context:
            self.contexts[cid] = context

    def _default_bearer(self) -> None:
        """LTE gives it with the attach, if the network takes its APN."""
        with suppress(NotActivated):
            self.activate(self._core.family.default_cid)

    def deactivate(self, cid: int) -> None:
        context = self.contexts.get(cid)
        if context is not None and context.active:
            context.active = False
            self._core.sockets.close_all()
            self._core.http.close()
            self._core.on_state("context inactive")
