"""SMS (27.005), PDU and text mode."""

from __future__ import annotations

import re
from collections.abc import Container
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from harness.at import gsm7
from harness.at.commandparse import Command
from harness.at.sms_pdu import (
    Address,
    PduError,
    Submit,
    decode_deliver,
    decode_smsc,
    decode_status_report,
    decode_submit,
    encode_submit,
)
from harness.virtual_modem.commands.general import need_sim
from harness.virtual_modem.fields import ranged
from harness.virtual_modem.messages import pdu_line
from harness.virtual_modem.results import AtError, Unknown, cms
from harness.virtual_modem.sms_store import STATUS, Store, Stored
from harness.virtual_modem.table import CommandTable, Entry, Info, kept, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_PROMPT_S = 120.0
_UNUSED = frozenset({(1, 3), (2, 1)})  #: <mt> 3 and <bm> 1 are not there
_GSM = '"GSM"'
_SETS = ("GSM", "IRA", "UCS2")


def text_mode(core: Core) -> bool:
    return core.values.get("+CMGF", "0") == "1"


def shown(core: Core, value: str) -> str:
    """A string of text mode in the TE character set (+CSCS)."""
    if core.values.get("+CSCS", '"GSM"') == '"UCS2"':
        return value.encode("utf-16-be", "surrogatepass").hex().upper()
    return value


def _typed(core: Core, value: str) -> str:
    if core.values.get("+CSCS", '"GSM"') != '"UCS2"':
        return value
    try:
        return bytes.fromhex(value).decode("utf-16-be")
    except ValueError:
        raise cms(305) from None


def _memories(core: Core, command: Command) -> Info:
    pairs = [
        f'"{m}",{len(core.messages.stores[m].places)},{core.messages.stores[m].size}'
        for m in core.messages.memories
    ]
    return ["+CPMS: " + ",".join(pairs)]


def _choose_memories(core: Core, command: Command) -> Info:
    need_sim(core)
    chosen = core.messages.memories
    for place, param in enumerate(command.params[:3]):
        if param is None or param.text not in core.messages.stores:
            raise cms(302)
        chosen[place] = param.text
    core.values["+CPMS"] = ",".join(chosen)
    return [f"+CPMS: {core.messages.counts()}"]


def _store(core: Core) -> Store:
    need_sim(core)
    return core.messages.stores[core.messages.memories[0]]


def _character_set(core: Core, command: Command) -> Info:
    return [f"+CSCS: {core.values.get('+CSCS', _GSM)}"]


def _choose_set(core: Core, command: Command) -> Info:
    wanted = text(command, 0)
    if wanted not in _SETS:
        raise AtError(50)
    core.values["+CSCS"] = f'"{wanted}"'
    return None


def _stamp(moment: datetime) -> str:
    quarters = round((moment.utcoffset() or timedelta()) / timedelta(minutes=15))
    return f"{moment:%y/%m/%d,%H:%M:%S}{quarters:+03d}"


def describe(core: Core, message: Stored) -> tuple[str, str | None]:
    """The fields after the status in text mode, and the text; a status report has no text."""
    if message.is_report:
        report = decode_status_report(message.tpdu)
        recipient = f'"{shown(core, report.recipient.text)}",{report.recipient.kind}'
        times = f'"{_stamp(report.sent)}","{_stamp(report.done)}"'
        return f"6,{report.reference},{recipient},{times},{report.status}", None
    if message.status < 2:
        deliver = decode_deliver(message.tpdu)
        fields = f'"{shown(core, deliver.sender.text)}",,"{_stamp(deliver.sent)}"'
        body = deliver.text
        if core.values.get("+CSDH", "0") == "1":
            fields += (
                f',{deliver.sender.kind},4,{deliver.pid},{deliver.dcs or 0},"{message.smsc}",145,'
                f"{len(body)}"
            )
        return fields, shown(core, body)
    submit = decode_submit(message.tpdu)
    return f'"{shown(core, submit.recipient.text)}",,', shown(core, submit.text)


def routed(core: Core, message: Stored) -> str:
    """+CMT or +CDS (27.005 §3.4.1), which carry the message itself."""
    report = message.is_report
    if not text_mode(core):
        length, digits = pdu_line(message)
        return f"+CDS: {length}\r\n{digits}" if report else f"+CMT: ,{length}\r\n{digits}"
    fields, body = describe(core, message)
    return f"+CDS: {fields}" if report else f"+CMT: {fields}\r\n{body}"


def _entry(core: Core, message: Stored, head: str) -> str:
    """Head and data, which nothing comes between."""
    if not text_mode(core):
        length, digits = pdu_line(message)
        return f"{head}{message.status},,{length}\r\n{digits}"
    fields, body = describe(core, message)
    line = f'{head}"{STATUS[message.status]}",{fields}'
    return line if body is None else f"{line}\r\n{body}"


def _read(core: Core, command: Command) -> Info:
    message = _store(core).places.get(number(command, 0, 0, 65535))
    if message is None:
        if core.family.empty_is_ok:
            return None
        raise cms(321)
    entry = _entry(core, message, "+CMGR: ")
    if message.status == 0:
        message.status = 1
    return [entry]


def _list(core: Core, command: Command) -> Info:
    store = _store(core)
    names = (*STATUS, "ALL") if text_mode(core) else ("0", "1", "2", "3", "4")
    wanted = text(command, 0, names[0])
    if wanted not in names:
        raise cms(302)
    status = names.index(wanted)
    lines: list[str] = []
    for index, message in sorted(store.places.items()):
        if status in (4, message.status):
            lines.append(_entry(core, message, f"+CMGL: {index},"))
            if message.status == 0:
                message.status = 1
    return lines


def _delete(core: Core, command: Command) -> Info:
    store = _store(core)
    flag = number(command, 1, 0, 4, 0)
    if flag:
        store.delete(flag)
    else:
        # 27.005 asks for an error only if the place does not exist; an empty one is fine
        index = number(command, 0, 0, 65535)
        if not store.has_place(index):
            raise cms(321)
        store.places.pop(index, None)
    return None


def _deletable(core: Core, command: Command) -> Info:
    used = ",".join(str(index) for index in sorted(_store(core).places))
    return [f"+CMGD: ({used}),(0-4)"]


async def _compose(core: Core, command: Command) -> Submit | None:
    """Prompt for text or PDU. None when the host gave up."""
    need_sim(core)
    if text_mode(core):
        recipient = _typed(core, text(command, 0)) if command.params else ""
        data = await core.ask("\r\n> ", None, timeout_s=_PROMPT_S, echo=True)
        if data is None:
            return None
        return _from_text(core, recipient, data)
    length = number(command, 0, 1, 164)
    data = await core.ask("\r\n> ", None, timeout_s=_PROMPT_S, echo=True)
    if data is None:
        return None
    try:
        octets = bytes.fromhex(data.decode("ascii"))
        _, skip = decode_smsc(octets)
        if len(octets) - skip != length:
            raise PduError("the length does not match")
        return decode_submit(octets[skip:])
    except ValueError:
        raise cms(304) from None


def _from_text(core: Core, recipient: str, data: bytes) -> Submit:
    parameters = core.values.get("+CSMP", "17,167,0,0").split(",")
    charset = core.values.get("+CSCS", '"GSM"')
    if charset == '"UCS2"':
        body = _typed(core, data.decode("latin-1"))
    elif charset == '"GSM"':
        body = gsm7.decode(data)
    else:
        body = data.decode("ascii", "replace")
    dcs = int(parameters[3]) if len(parameters) > 3 and parameters[3].isdecimal() else 0
    if not gsm7.encodable(body):
        dcs = 8
    try:
        submit = Submit(
            Address.of(recipient), body, dcs=dcs, report=bool(int(parameters[0] or "17") & 0x20)
        )
        encode_submit(submit)
    except ValueError:
        raise cms(305) from None
    return submit


async def _send(core: Core, command: Command) -> Info:
    submit = await _compose(core, command)
    return None if submit is None else _submit(core, submit, "+CMGS")


def _submit(core: Core, submit: Submit, name: str) -> Info:
    if not core.radio.registered or not core.subscription.sms:
        raise cms(331)
    return [f"{name}: {core.messages.submit(submit)}"]


async def _write(core: Core, command: Command) -> Info:
    submit = await _compose(core, command)
    if submit is None:
        return None
    store = core.messages.stores[core.messages.memories[1]]
    index = store.add(Stored(2, encode_submit(submit), core.settings.smsc))
    if index is None:
        raise cms(322)
    return [f"+CMGW: {index}"]


def _send_stored(core: Core, command: Command) -> Info:
    store = core.messages.stores[core.messages.memories[1]]
    message = store.places.get(number(command, 0, 0, 65535))
    if message is None or message.status < 2:
        raise cms(321)
    info = _submit(core, decode_submit(message.tpdu), "+CMSS")
    message.status = 3
    return info


def notify(*highest: int, refused: Container[tuple[int, int]] = _UNUSED) -> Entry:
    """+CNMI with the highest value of each of its five parameters (27.005 §3.4.1).

    ``refused`` are places and values within the ranges that the family does not have.
    """
    offered = [
        "(" + ",".join(str(v) for v in range(high + 1) if (place, v) not in refused) + ")"
        for place, high in enumerate(highest)
    ]

    def write(core: Core, command: Command) -> Info:
        values = core.notify_modes()
        for place, high in enumerate(highest):
            values[place] = number(command, place, 0, high, values[place])
            if (place, values[place]) in refused:
                raise AtError(50)
        core.values["+CNMI"] = ",".join(map(str, values))
        return None

    return Entry(
        read=lambda core, command: [f"+CNMI: {','.join(map(str, core.notify_modes()))}"],
        set=write,
        test=says("+CNMI: " + ",".join(offered)),
    )


def _centre(core: Core, command: Command) -> Info:
    number_ = core.values.get("+CSCA", core.settings.smsc)
    return [f'+CSCA: "{shown(core, number_)}",{145 if number_.startswith("+") else 129}']


def _set_centre(core: Core, command: Command) -> Info:
    centre = _typed(core, text(command, 0))
    if not re.fullmatch(r"\+?[0-9]{1,20}", centre):
        raise cms(330)
    core.values["+CSCA"] = centre
    return None


def _set_mode(core: Core, command: Command) -> Info:
    core.values["+CMGF"] = str(number(command, 0, 0, 1, 0))
    return None


def _service(core: Core, command: Command) -> Info:
    core.values["+CSMS"] = str(number(command, 0, 0, 1))
    return ["+CSMS: 1,1,1"]


def _acknowledge(core: Core, command: Command) -> Info:
    if command.params:
        number(command, 0, 0, 2)
        if len(command.params) > 1:
            raise Unknown  # an acknowledgement PDU
    if not core.messages.acknowledge():
        raise cms(340)
    return None


def _known_memories(core: Core, command: Command) -> Info:
    names = "(" + ",".join(f'"{name}"' for name in sorted(core.messages.stores)) + ")"
    return [f"+CPMS: {names},{names},{names}"]


COMMANDS: CommandTable = {
    "+CPMS": Entry(read=_memories, set=_choose_memories, test=_known_memories),
    "+CMGF": Entry(read=lambda core, command: [f"+CMGF: {core.values.get('+CMGF', '0')}"],
                   set=_set_mode, run=_set_mode, test=says("+CMGF: (0,1)")),
    "+CSCS": Entry(read=_character_set,
                   set=_choose_set, test=says('+CSCS: ("GSM","IRA","UCS2")')),
    "+CMGR": Entry(set=_read, test=lambda core, command: None),
    "+CMGL": Entry(run=_list, set=_list, test=lambda core, command: [
        '+CMGL: ("REC UNREAD","REC READ","STO UNSENT","STO SENT","ALL")' if text_mode(core)
        else "+CMGL: (0-4)"]),
    "+CMGD": Entry(set=_delete, test=_deletable),
    "+CMGS": Entry(set=_send, test=lambda core, command: None),
    "+CMGW": Entry(run=_write, set=_write, test=lambda core, command: None),
    "+CMSS": Entry(set=_send_stored, test=lambda core, command: None),
    "+CNMI": notify(2, 3, 2, 2, 1),
    "+CSCA": Entry(read=_centre, set=_set_centre, test=lambda core, command: None),
    "+CSMP": kept("+CSMP", "17,167,0,0", *[ranged("0-255")] * 4),
    "+CSDH": kept("+CSDH", "0", ranged("0,1")),
    "+CSMS": Entry(read=lambda core, command: [f"+CSMS: {core.values.get('+CSMS', '0')},1,1,1"],
                   set=_service, test=says("+CSMS: (0,1)")),
    "+CNMA": Entry(run=_acknowledge, set=_acknowledge, test=says("+CNMA: (0-2)")),
    "+CMMS": kept("+CMMS", "0", ranged("0-2")),
    "+CGSMS": kept("+CGSMS", "1", ranged("0-3")),
}  # fmt: skip
