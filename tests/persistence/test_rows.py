"""What goes into the file comes out of it, whatever it is."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.evidence import Redactor
from harness.network.tls import TlsSession
from harness.platform.downlinks import Downlink, DownlinkStatus, Transition
from harness.platform.findings import Finding, Outcome
from harness.platform.message import Message
from harness.platform.persistence.file import StoreFile
from harness.platform.sms_model import Sms
from harness.platform.store import Aborted
from harness.platform.uplink import TokenVerdict, Uplink, Verdict
from harness.token import explain
from tests.examples import about
from tests.interleaved import Elsewhere, at_every_line
from tests.platform.bench import SECRET

REDACTOR = Redactor([("secret of tracker-1", SECRET)])
NAMED = "‹secret of tracker-1›"


def shows_no_secret(value: str | bytes) -> bool:
    """What looks like a secret comes out otherwise than it went in; that has tests of its own."""
    text = value if isinstance(value, str) else value.decode("latin-1")
    return REDACTOR(text) == text


def binary(max_size: int | None = None) -> st.SearchStrategy[bytes]:
    return st.binary(max_size=max_size).filter(shows_no_secret)


# Lone surrogates too: JSON can hold them, and findings quote what they found.
TEXT = st.one_of(
    st.text(max_size=20), st.text(st.characters(), max_size=5), st.just("\ud800x")
).filter(shows_no_secret)
DEVICE = st.sampled_from(["tracker-1", "probe-1"])
MOMENT = st.integers(0, 2**62)
STEPS = st.lists(st.builds(Transition, MOMENT, st.none() | TEXT, TEXT, TEXT), max_size=3)
VALUES = st.none() | st.booleans() | TEXT | st.integers() | st.floats(allow_nan=False)


@st.composite
def uplinks(draw: st.DrawFn) -> Uplink:
    findings = draw(
        st.lists(st.builds(Finding, TEXT, st.sampled_from(["error", "info"]), TEXT), max_size=3)
    )
    body = draw(binary(60))
    details = explain(body, SECRET, draw(st.sampled_from(["0" * 64, "no token", "é"])))
    token = TokenVerdict(details.verdict, details.sentence, draw(st.sampled_from([None, details])))
    outcome = draw(st.sampled_from(Outcome))
    verdict = Verdict(outcome, draw(st.none() | st.just("tracker-1")), tuple(findings), token)
    made = Uplink(1, "127.0.0.1:9", draw(binary(60)), body, draw(MOMENT), verdict)
    made.status = draw(st.none() | st.integers(100, 599))
    made.data = draw(binary(40))
    made.faults, made.chaos = (tuple(draw(st.lists(TEXT, max_size=2))) for _ in range(2))
    made.turned_away = draw(st.booleans())
    made.downlink = draw(st.none() | st.just("dl-7"))
    made.tls = draw(st.none() | st.builds(TlsSession, TEXT, TEXT, st.integers(0, 65535), TEXT))
    made.message = draw(
        st.none()
        | st.builds(
            Message, TEXT, binary(9), st.integers(0, 2), st.booleans(),
            st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
        )
    )  # fmt: skip
    return made


def through(
    uplink: Uplink | None = None, downlink: Downlink | None = None, sms: Sms | None = None
) -> tuple[list[Uplink], list[Downlink], list[Sms]]:
    """Written to a file by one process, as it were, and read by another."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "platform.db"
        store = StoreFile(file, REDACTOR)
        if uplink is not None:
            store.add_uplink(uplink)
            store.add_aborted(Aborted(2, uplink.peer, repr(uplink), uplink.head, uplink.body))
        if downlink is not None:
            store.put_downlink(downlink)
        if sms is not None:
            store.put_sms(sms)
        store.close()
        store = StoreFile(file, REDACTOR)
        kept = store.kept(100, 1_000_000, "FAILED")
        store.close()
    return kept.uplinks, kept.downlinks, kept.sms


MANY = settings(max_examples=about(40), suppress_health_check=[HealthCheck.too_slow])


@MANY
@given(uplink=uplinks())
def test_uplinks(uplink: Uplink) -> None:
    """All that the platform shows of an uplink, and the bytes of its answer."""
    ((kept,), _, _) = through(uplink)
    assert kept.as_dict() == uplink.as_dict()
    assert (kept.findings, kept.taken) == (uplink.findings, uplink.taken)
    assert kept.token.details == uplink.token.details
    assert (kept.sent, kept.tls, kept.message) == (uplink.sent, uplink.tls, uplink.message)


@MANY
@given(
    downlink=st.builds(
        Downlink, st.just("dl-3"), DEVICE, st.lists(st.dictionaries(TEXT, VALUES)).map(tuple),
        st.sampled_from(DownlinkStatus), st.sampled_from(["separate", "merged"]),
        st.none() | st.integers(1), st.integers(0), MOMENT, MOMENT, STEPS.map(tuple), TEXT,
        st.sampled_from(["control", "raw"]), st.none() | binary(),
    )
)  # fmt: skip
def test_downlinks(downlink: Downlink) -> None:
    """Records of any kind, raw bytes of any kind, and their history."""
    assert through(downlink=downlink)[1] == [downlink]


@MANY
@given(
    sms=st.builds(
        Sms, st.just(1), DEVICE, TEXT, TEXT, MOMENT, st.just("PENDING"), st.none() | MOMENT,
        st.lists(st.tuples(MOMENT, st.sampled_from(["error", "delivered"]), TEXT)), STEPS, TEXT,
    )
)  # fmt: skip
def test_sms(sms: Sms) -> None:
    """Text, attempts and history; when the next attempt is due."""
    (kept,) = through(sms=sms)[2]
    assert (kept.as_dict(), kept.next_ns) == (sms.as_dict(), sms.next_ns)
    assert kept.log == sms.log


@pytest.mark.parametrize(
    ("told", "kept_as"),
    [("Bearer abc", "Bearer ‹bearer›"), ("BEARER 0", "BEARER ‹bearer›"), (SECRET, NAMED)],
)
def test_a_label_that_looks_like_a_secret_is_hidden(told: str, kept_as: str) -> None:
    """What it labels goes on: nothing of what is to be sent was lost."""
    downlink = Downlink("dl-1", "tracker-1", (), DownlinkStatus.QUEUED, "separate", tag=told)
    sms = Sms(1, "tracker-1", "31600000001", "hello", 0, "PENDING", 7, tag=told)
    _, (downlink,), (sms,) = through(downlink=downlink, sms=sms)
    assert (downlink.tag, downlink.status, downlink.history) == (kept_as, "Queued", ())
    assert (sms.tag, sms.status, sms.next_ns) == (kept_as, "PENDING", 7)


@pytest.mark.parametrize("raw", [None, b"Authorization: Bearer abc"])
def test_a_secret_in_what_is_to_be_sent_ends_it(raw: bytes | None) -> None:
    """It cannot be sent as it was meant."""
    told = "Bearer abc"
    records = ({"n": "a", "vs": told},) if raw is None else ()
    downlink = Downlink("dl-1", "tracker-1", records, DownlinkStatus.QUEUED, "separate", raw=raw)
    sms = Sms(1, "tracker-1", "31600000001", told, 0, "PENDING", 7)
    _, (downlink,), (sms,) = through(downlink=downlink, sms=sms)
    assert (downlink.status, sms.status, sms.next_ns) == ("Failed", "FAILED", None)


def test_words_that_look_like_secrets_leave_the_file_readable() -> None:
    """A PIN command in a message is hidden up to its end, and nothing behind it is lost."""
    downlink = Downlink(
        "dl-1", "tracker-1", ({"n": "at", "vs": 'AT+CPIN="1234"'},), DownlinkStatus.EXECUTING,
        "separate", tag="after",
    )  # fmt: skip
    (kept,) = through(downlink=downlink)[1]
    assert kept.records == ({"n": "at", "vs": "AT+CPIN=‹pin›"},)
    assert (kept.tag, kept.status) == ("after", DownlinkStatus.FAILED)
    assert "a secret stands in it" in kept.history[-1].reason


def test_of_two_threads_that_keep_an_sms_the_newer_state_stays(tmp_path: Path) -> None:
    """The next attempt may be made while whoever submitted it still has the first one kept."""
    made: list[tuple[StoreFile, Elsewhere]] = []

    def make() -> tuple[Callable[[], object], Callable[[], object]]:
        store = StoreFile(tmp_path / f"{len(list(tmp_path.iterdir()))}.db", Redactor())
        sms = Sms(1, "d", "+31612345678", "x", 0, "PENDING")
        sms.next_ns = 1

        def delivered() -> None:
            sms.log.append((0, "delivered", ""))
            sms.status, sms.next_ns = "DELIVERED", None
            store.put_sms(sms)

        made[:] = [(store, Elsewhere(delivered))]
        return lambda: store.put_sms(sms), made[0][1]

    for _ in at_every_line(StoreFile.put_sms, make):
        store, other = made[0]
        other.over()
        store.commit()
        (kept,) = store.kept(10, 1_000_000, "FAILED").sms
        assert (kept.status, len(kept.log)) == ("DELIVERED", 1)
        store.close()
    made[0][0].close()
