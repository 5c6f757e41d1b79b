"""A platform that takes up a store file and keeps everything in it."""

from __future__ import annotations

from harness.evidence import Recorder
from harness.network.loop import LoopThread
from harness.platform.downlinks import Downlink, Transition
from harness.platform.ingestion import Ingestion
from harness.platform.persistence.errors import StoreFailed
from harness.platform.persistence.file import StoreFile
from harness.platform.persistence.group import GroupCommit
from harness.platform.settings import Assumption
from harness.platform.sms import SmsCentre
from harness.platform.sms_model import Sms
from harness.platform.store import Aborted

ASSUMPTIONS = (
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

    def __init__(self, store: StoreFile, loop: LoopThread, recorder: Recorder) -> None:
        self._store, self._loop, self._recorder = store, loop, recorder

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

    def failed(self, why: str, uplinks: int) -> None:
        """``uplinks`` is how many of them were turned away for it."""
        self._recorder.record(_SOURCE, "store.failed", why=why, uplinks=uplinks)

    def recovered(self) -> None:
        self._recorder.record(_SOURCE, "store.recovered", file=str(self._store.path))


def take_up(
    store: StoreFile, ingestion: Ingestion, sms: SmsCentre, loop: LoopThread, recorder: Recorder
) -> None:
    """Go on where the file ends, and keep everything there from now on.

    Raises :class:`~harness.platform.persistence.errors.NotAStore` for a file that is damaged.
    """
    settings = ingestion.settings
    kept = store.kept(settings.keep_uplinks, settings.keep_bytes, sms.settings.status.failed)
    keeping = Keeping(store, loop, recorder)
    group = GroupCommit(store, loop.loop, ingestion, keeping.failed, keeping.recovered)
    store.soon = group.soon
    ingestion.go_on(kept.next_exchange)
    for uplink in kept.uplinks:
        ingestion.store.add(uplink)
    for aborted in kept.aborted:
        ingestion.store.add_aborted(aborted)
    for downlink in kept.downlinks:
        ingestion.downlinks.restore(downlink)
    ingestion.keeper, ingestion.hold = keeping, group.hold
    sms.changed = keeping.keep_sms
    sms.restore(kept.sms)
    recorder.record(
        _SOURCE, "store.opened", file=str(store.path), uplinks=len(kept.uplinks),
        downlinks=len(kept.downlinks), sms=len(kept.sms), next_exchange=kept.next_exchange,
    )  # fmt: skip
