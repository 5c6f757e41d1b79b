"""A platform that takes up a store file and keeps everything in it."""

from __future__ import annotations

from harness.evidence import Recorder
from harness.network.loop import LoopThread
from harness.platform.destination.config import Destination
from harness.platform.destination.delivery import Destinations
from harness.platform.downlinks import Downlink, Transition
from harness.platform.ingestion import Ingestion
from harness.platform.persistence.errors import StoreFailed
from harness.platform.persistence.file import StoreFile
from harness.platform.persistence.group import GroupCommit
from harness.platform.settings import Assumption
from harness.platform.sms import SmsCentre
from harness.platform.sms_model import Sms
from harness.platform.store import Aborted
from harness.platform.uplink import Uplink

_ASSUMPTIONS = (
    Assumption(
        "uplink that cannot be stored",
        "refused with 503",
        "what the platform does when it cannot keep an uplink is not documented",
    ),
    Assumption(
        "SMS attempt due while the platform did not run",
        "counted as made, in vain; the next one is made at its own moment",
        "how the SMS centre survives a restart is not documented",
    ),
)
_SOURCE = "platform"


class Keeping:
    """What is told of everything that has to be kept.

    An order (a new downlink or SMS, or a change of one from outside) is on disk before whoever
    gave it is answered. What happens by itself is written with the loop's next commit.
    """

    assumptions = _ASSUMPTIONS

    def __init__(
        self,
        store: StoreFile,
        loop: LoopThread,
        recorder: Recorder,
        destinations: Destinations,
    ) -> None:
        self._store, self._loop, self._recorder = store, loop, recorder
        self._destinations = destinations

    def keep_downlink(self, downlink: Downlink, step: Transition) -> None:
        """Raises :class:`StoreFailed`; a new downlink is then forgotten."""
        self._store.put_downlink(downlink)
        if self._loop.here:
            return
        try:
            self._store.commit()
        except StoreFailed:
            if step.before is None:
                self._store.drop_downlink(downlink.id)
            raise

    def keep_aborted(self, aborted: Aborted) -> None:
        self._store.add_aborted(aborted)

    def keep_sms(self, sms: Sms) -> None:
        """Raises :class:`StoreFailed` about a new one."""
        self._store.put_sms(sms)
        if sms.open and not sms.log:
            self._store.commit()

    def owed(self, uplink: Uplink) -> list[str]:
        """The destinations that the pack of an uplink has to go to."""
        if not uplink.taken:
            return []
        return [to.name for to in self._destinations.takers(uplink.device or "")]

    def resume(self, destination: Destination) -> None:
        """Send what was due at a destination when an earlier process ended, from the first attempt
        on: how many had been made is not kept."""
        due = self._store.due(destination.name)

        def send() -> None:
            for uplink in due:
                if uplink.resolved is not None:
                    self._destinations.send_to(destination, uplink, uplink.resolved)

        self._loop.call(send)

    def give_up(self, destination: str) -> None:
        """It was removed: nothing is due there any more."""
        for uplink in self._store.due(destination):
            self._store.done(uplink.exchange, destination)

    def failed(self, why: str, uplinks: int) -> None:
        """``uplinks`` is how many of them were turned away for it."""
        self._recorder.record(_SOURCE, "store.failed", why=why, uplinks=uplinks)

    def recovered(self) -> None:
        self._recorder.record(_SOURCE, "store.recovered", file=str(self._store.path))


def take_up(
    store: StoreFile,
    ingestion: Ingestion,
    sms: SmsCentre,
    destinations: Destinations,
    loop: LoopThread,
    recorder: Recorder,
) -> Keeping:
    """Go on where the file ends, and keep everything there from now on.

    Raises :class:`~harness.platform.persistence.errors.NotAStore` for a file that is damaged.
    """
    settings = ingestion.settings
    kept = store.kept(settings.keep_uplinks, settings.keep_bytes, sms.settings.status.failed)
    keeping = Keeping(store, loop, recorder, destinations)
    group = GroupCommit(
        store, loop.loop, ingestion, keeping.owed, keeping.failed, keeping.recovered
    )
    store.soon = group.soon
    ingestion.go_on(kept.next_exchange)
    for uplink in kept.uplinks:
        ingestion.store.add(uplink)
    for aborted in kept.aborted:
        ingestion.store.add_aborted(aborted)
    for downlink in kept.downlinks:
        ingestion.downlinks.restore(downlink)
    ingestion.keeper, ingestion.hold = keeping, group.hold
    sms.changed, destinations.done = keeping.keep_sms, store.done
    sms.restore(kept.sms)
    recorder.record(
        _SOURCE, "store.opened", file=str(store.path), uplinks=len(kept.uplinks),
        downlinks=len(kept.downlinks), sms=len(kept.sms), next_exchange=kept.next_exchange,
    )  # fmt: skip
    return keeping
