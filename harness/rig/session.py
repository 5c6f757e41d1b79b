"""A rig as opened by one process: its network, its I/O loop, the choice of a device."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.network.certificates import Authority
from harness.network.kinds import LabNetwork, Network, open_network
from harness.network.loop import LoopThread
from harness.rig.bench import Bench, BenchOptions
from harness.rig.capabilities import EXPLAINED
from harness.rig.rig import Device, Rig

_WISHES: dict[str, Literal["auto", "namespace", "loopback"]] = {
    "auto": "auto",
    "namespaces": "namespace",
    "loopback": "loopback",
}


@dataclass(frozen=True, slots=True)
class Unfit:
    """No device of the rig offers what is needed; says what is missing."""

    reason: str
    missing: tuple[str, ...]


class RigSession:
    """Opens benches on a rig, one at a time or several; lives as long as the process's run.

    ``folder`` gives the run's folder when it is first needed. The network is made with the first
    bench. Raises :class:`~harness.errors.RigError` where the rig cannot be opened.
    """

    def __init__(self, rig: Rig, folder: Callable[[], Path] | Path) -> None:
        self.rig = rig
        self._folder = folder
        self._network: Network | None = None
        self._loop: LoopThread | None = None
        self._authority: Authority | None = None
        self._names: dict[str, int] = {}
        self._unfit: dict[str, str] = {}

    def mark_unfit(self, reasons: Mapping[str, str]) -> None:
        """Devices, by name, that an examination found unfit: they are not chosen any more."""
        self._unfit.update(reasons)

    @property
    def folder(self) -> Path:
        """Where timelines, captures and the report of this run go."""
        return self._folder() if callable(self._folder) else self._folder

    @property
    def network(self) -> Network:
        """The network that platform and modems share; opened when first asked for."""
        if self._network is None:
            model = self.rig.network
            if model.kind == "lab" or (model.kind == "auto" and not self._all_virtual):
                self._network = LabNetwork(model.bind, model.interface)
            else:
                self._network = open_network(wish=_WISHES[model.kind])
        return self._network

    @property
    def _all_virtual(self) -> bool:
        return all(device.modem.virtual for device in self.rig.devices)

    def offers(self, device: Device) -> frozenset[str]:
        """What the device offers on this rig's network."""
        extra: set[str] = set()
        if self.network.capture_unavailable is None:
            extra.add("capture")
        if self.network.private:
            extra.add("private-network")
        if self.rig.mqtt is not None:
            extra.add("mqtt")
        return frozenset(device.capabilities | extra)

    def choose(self, needs: frozenset[str], name: str | None = None) -> Device | Unfit:
        """The first device that offers all of ``needs`` (only ``name``, when given).

        One that would, but was marked unfit, is the reason when no other does.
        """
        best: tuple[str, ...] | None = None
        unfit: list[str] = []
        for device in self.rig.devices:
            if name is not None and device.name != name:
                continue
            missing = tuple(sorted(needs - self.offers(device)))
            if not missing and device.name in self._unfit:
                unfit.append(f"{device.name} is not fit: {self._unfit[device.name]}")
            elif not missing:
                return device
            elif best is None or len(missing) < len(best):
                best = missing
        if unfit:
            return Unfit("; ".join(unfit), ())
        best = best or ()
        return Unfit("; ".join(map(self._explain, best)), best)

    def _explain(self, capability: str) -> str:
        reason = ""
        if capability == "capture" and self.network.capture_unavailable:
            reason = f": {self.network.capture_unavailable}"
        if capability == "private-network":
            reason = f": {self.network.reason}"
        text = EXPLAINED[capability]
        return f"the rig {self.rig.name} does not offer {capability} ({text}){reason}"

    def open_bench(self, device: Device, options: BenchOptions, item: str) -> Bench:
        """A bench for one item; use it as a context manager."""
        if self._loop is None:
            self._loop = LoopThread()
        return Bench(
            rig=self.rig,
            device=device,
            options=options,
            network=self.network,
            loop=self._loop,
            folder=self.folder,
            stem=self._stem(item),
            authority=self.authority,
        )

    def authority(self) -> Authority:
        """Who signs the HTTPS certificates of this run; made when first asked for."""
        if self._authority is None:
            self._authority = Authority.make()
        return self._authority

    def _stem(self, item: str) -> str:
        """A file name for an item's evidence, unique in this process."""
        stem = re.sub(r"[^A-Za-z0-9.=,@_-]+", "_", item.rpartition("::")[2] or item)[:100].strip(
            "_"
        )
        count = self._names[stem] = self._names.get(stem, 0) + 1
        return stem if count == 1 else f"{stem}-{count}"

    def close(self) -> None:
        """Let go of network and loop. Safe to call twice."""
        if self._loop is not None:
            self._loop.close()
            self._loop = None
        if self._network is not None:
            self._network.close()
            self._network = None
