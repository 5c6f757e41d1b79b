"""Rules of chaos as plain data and in words, for people."""

from __future__ import annotations

from typing import Any

from harness.evidence import isoformat
from harness.platform.chaos.disturbances import (
    Disturbance,
    Latency,
    LogNormalLatency,
    LoseResponse,
    Maintenance,
    RefuseInSequence,
    ResetConnection,
)
from harness.platform.faults import Empty, Fault, Late, Refuse, Reset, Status, fault_name


def parameters(disturbance: Disturbance) -> dict[str, Any]:
    """Its parameters as the control API takes them (seconds, moments, codes)."""
    match disturbance:
        case Latency(seconds):
            return {"seconds": seconds}
        case LogNormalLatency(median_s, sigma, max_s):
            return {"median": median_s, "sigma": sigma, "max": max_s}
        case LoseResponse(probability, after_s):
            return {"probability": probability, "after": after_s}
        case ResetConnection(probability):
            return {"probability": probability}
        case RefuseInSequence(answers, repeat):
            return {"answers": [_plain(answer) for answer in answers], "repeat": repeat}
        case Maintenance(start, end, answer):
            return {"start": isoformat(start), "end": isoformat(end), "answer": answer}


def _plain(answer: str | int) -> str | int:
    return answer if isinstance(answer, int) else str(answer)


def sentence(disturbance: Disturbance, device: str | None) -> str:
    """What the rule does to whom, in one sentence without a full stop."""
    whom = "all devices" if device is None else device
    return f"{whom}: {_what(disturbance)}"


def _what(disturbance: Disturbance) -> str:
    match disturbance:
        case Latency(seconds):
            return f"every answer comes {seconds:g} s late"
        case LogNormalLatency(median_s, sigma, max_s):
            return (
                f"answers come late, half of them by less than {median_s:g} s "
                f"(log-normal, sigma {sigma:g}), none by more than {max_s:g} s"
            )
        case LoseResponse(probability, after_s):
            then = f"{after_s:g} s later" if after_s else "then"
            ends = f"the request is taken, {then} the connection is closed"
            return f"{_share(probability)} is lost: {ends}"
        case ResetConnection(probability):
            return f"instead of {_share(probability)}, the connection is reset"
        case RefuseInSequence(answers, repeat):
            shown = ", ".join(str(answer) for answer in answers[:12])
            more = f" and {len(answers) - 12} more" if len(answers) > 12 else ""
            after = "over and over" if repeat else "then as usual"
            return f"the answers are, in turn, {shown}{more}; {after}"
        case Maintenance(start, end, answer):
            what = (
                "connections are refused"
                if answer == "refuse-connections"
                else f"every request is answered with {answer}"
            )
            return f"maintenance from {isoformat(start)} until {isoformat(end)}: {what}"


def _share(probability: float) -> str:
    if probability == 1:
        return "every answer"
    return f"an answer in {probability * 100:g} % of the cases"


def effect(fault: Fault) -> str:
    """What became of one response."""
    match fault:
        case Late(seconds):
            return f"{seconds:.3g} s late"
        case Empty():
            return "lost"
        case Reset():
            return "reset"
        case Status(code):
            return f"answered with {code}"
        case Refuse(outcome):
            return f"answered as {outcome}"
        case _:
            return fault_name(fault)
