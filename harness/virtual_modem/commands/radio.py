"""Signal, operator, registration, PDP contexts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.fields import ranged
from harness.virtual_modem.radio import Context
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import CommandTable, Entry, Info, kept, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


_OPERATOR = ("KPN NL", "KPN", "20408")  #: long, short and numeric
_LTE_M = 8  #: <AcT> of LTE-M on BG95 and BG96


def _registration(name: str, highest: int) -> Entry:
    def read(core: Core, command: Command) -> Info:
        radio = core.radio
        return [f"{name}: {radio.modes[name]},{radio.stat}{radio.location(name)}"]

    def write(core: Core, command: Command) -> Info:
        core.radio.modes[name] = number(command, 0, 0, highest)
        return None

    return Entry(read=read, set=write, test=says(f"{name}: (0-{highest})"))


def _signal(core: Core, command: Command) -> Info:
    return ["+CSQ: 20,99" if core.radio.registered else "+CSQ: 99,99"]


def _extended_signal(core: Core, command: Command) -> Info:
    return [f"+CESQ: 99,99,255,255,{'20,56' if core.radio.registered else '255,255'}"]


def _quectel_signal(core: Core, command: Command) -> Info:
    if not core.radio.registered:
        return ['+QCSQ: "NOSERVICE"']
    return [f'+QCSQ: "{core.model.access}",-60,-85,150,-9']


def _network_info(core: Core, command: Command) -> Info:
    if not core.radio.registered:
        return ["+QNWINFO: No Service"]
    return [f'+QNWINFO: "{core.model.access}","20408","LTE BAND 20",6300']


def _operator(core: Core, command: Command) -> Info:
    mode = core.radio.selection
    if not core.radio.registered:
        return [f"+COPS: {mode}"]
    form = int(core.values.get("cops-format", "0"))
    return [f'+COPS: {mode},{form},"{_OPERATOR[form]}",{_LTE_M}']


def _provider(core: Core, command: Command) -> Info:
    if not core.radio.registered:
        return ['+QSPN: "","","",0,""']
    long, short, numeric = _OPERATOR
    return [f'+QSPN: "{long}","{short}","",0,"{numeric}"']


def _sim_status(core: Core, command: Command) -> Info:
    return [f"+QSIMSTAT: 0,{int(core.subscription.present)}"]


def _initialised(core: Core, command: Command) -> Info:
    """1 SIM, 2 SMS, 4 phone book."""
    return [f"+QINISTAT: {7 if core.radio.unlocked else 0}"]


def _select_operator(core: Core, command: Command) -> Info:
    mode = number(command, 0, 0, 4)
    if mode == 3:
        core.values["cops-format"] = str(number(command, 1, 0, 2))
        return None
    if mode in (1, 4):
        form = number(command, 1, 0, 2)
        access = number(command, 3, 0, 9, _LTE_M)
        found = text(command, 2) == _OPERATOR[form] and access == _LTE_M
        if not found and mode == 1:
            raise AtError(30)
        mode = 1 if found else 0
    core.radio.selection = mode
    core.radio.update()
    return None


def _attached(core: Core, command: Command) -> Info:
    return [f"+CGATT: {int(core.radio.registered)}"]


def _attach(core: Core, command: Command) -> Info:
    if number(command, 0, 0, 1):
        if not core.covered or not core.radio.unlocked or core.radio.functionality != 1:
            raise AtError(30)
        core.radio.attached = True
    else:
        core.radio.attached = False
    core.radio.update()
    return None


def _contexts(core: Core, command: Command) -> Info:
    return [
        f'+CGDCONT: {cid},"{context.kind}","{context.apn}","{_address(core, context)}",0,0,0,0'
        for cid, context in sorted(core.radio.contexts.items())
    ]


def _address(core: Core, context: Context) -> str:
    return core.subscription.address if context.active else "0.0.0.0"


def _define(core: Core, command: Command) -> Info:
    cid = number(command, 0, 1, 15)
    if len(command.params) == 1:
        core.radio.contexts.pop(cid, None)
        return None
    kind = text(command, 1)
    if kind not in ("IP", "IPV4V6", "IPV6", "PPP"):
        raise AtError(50)
    core.radio.contexts[cid] = Context(kind, text(command, 2, ""))
    return None


def _addresses(core: Core, command: Command) -> Info:
    wanted = number(command, 0, 1, 15) if command.params else None
    return [
        f"+CGPADDR: {cid},{_address(core, context)}"
        for cid, context in sorted(core.radio.contexts.items())
        if wanted in (None, cid)
    ]


def _activations(core: Core, command: Command) -> Info:
    return [f"+CGACT: {cid},{int(c.active)}" for cid, c in sorted(core.radio.contexts.items())]


def _activate(core: Core, command: Command) -> Info:
    cid = number(command, 1, 1, 15, 1)
    if number(command, 0, 0, 1):
        if not (cid in core.radio.contexts and core.radio.contexts[cid].active):
            core.radio.activate(cid)
    else:
        core.radio.deactivate(cid)
    return None


def _configure(core: Core, command: Command) -> Info:
    cid = number(command, 0, 1, 16)
    context = core.radio.contexts.get(cid, Context())
    if len(command.params) == 1:
        return [f'+QICSGP: 1,"{context.apn}","{context.user}","{context.password}",{context.auth}']
    kind = {1: "IP", 2: "IPV6", 3: "IPV4V6"}[number(command, 1, 1, 3)]
    core.radio.contexts[cid] = Context(
        kind, text(command, 2), text(command, 3, ""), text(command, 4, ""),
        number(command, 5, 0, 3, 0), context.active,
    )  # fmt: skip
    return None


def _quectel_activate(core: Core, command: Command) -> Info:
    cid = number(command, 0, 1, 16)
    context = core.radio.contexts.get(cid)
    if context is not None and context.active:
        if core.model.reactivates:
            return None
        core.sockets.error = 572
        raise AtError
    try:
        core.radio.activate(cid)
    except AtError as error:
        # the TCP/IP manual shows plain ERROR here; the reason is in AT+QIGETERROR
        core.sockets.error = 573 if error.code == 573 else 561
        raise AtError from None
    core.sockets.error = 0
    return None


def _quectel_deactivate(core: Core, command: Command) -> Info:
    core.radio.deactivate(number(command, 0, 1, 16))
    return None


def _quectel_active(core: Core, command: Command) -> Info:
    return [
        f'+QIACT: {cid},1,1,"{core.subscription.address}"'
        for cid, context in sorted(core.radio.contexts.items())
        if context.active
    ]


def _edrx(core: Core, command: Command) -> Info:
    values = core.values.items()
    return [f"{name},{value}" for name, value in sorted(values) if name.startswith("+CEDRXS: ")]


def _set_edrx(core: Core, command: Command) -> Info:
    mode = number(command, 0, 0, 3)
    access = number(command, 1, 4, 5, 4)
    cycle = text(command, 2, "0010")
    if len(cycle) != 4 or cycle.strip("01"):
        raise AtError(50)
    if mode in (1, 2):
        core.values[f"+CEDRXS: {access}"] = f'"{cycle}"'
    for one in (4, 5):
        if mode == 3 or (mode == 0 and one == access):
            core.values.pop(f"+CEDRXS: {one}", None)
    return None


COMMANDS: CommandTable = {
    "+CREG": _registration("+CREG", 2), "+CGREG": _registration("+CGREG", 2),
    "+CEREG": _registration("+CEREG", 5),
    "+CSQ": Entry(run=_signal, test=says("+CSQ: (0-31,99),(0-7,99)")),
    "+CESQ": Entry(run=_extended_signal,
                   test=says(
        "+CESQ: (0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)")),
    "+QCSQ": Entry(run=_quectel_signal), "+QNWINFO": Entry(run=_network_info),
    "+COPS": Entry(read=_operator, set=_select_operator,
                   test=says('+COPS: (2,"KPN NL","KPN","20408",8),,(0-4),(0-2)')),
    "+CGATT": Entry(read=_attached, set=_attach, test=says("+CGATT: (0,1)")),
    "+CGDCONT": Entry(read=_contexts, set=_define,
                      test=says('+CGDCONT: (1-15),"IP",,,(0-2),(0-4)')),
    "+CGPADDR": Entry(run=_addresses, set=_addresses, test=says("+CGPADDR: (1-15)")),
    "+CGACT": Entry(read=_activations, set=_activate, test=says("+CGACT: (0,1)")),
    "+QICSGP": Entry(set=_configure, test=says('+QICSGP: (1-16),(1-3),,,,(0-3)')),
    "+QIACT": Entry(read=_quectel_active, set=_quectel_activate, test=says("+QIACT: (1-16)")),
    "+QIDEACT": Entry(set=_quectel_deactivate, test=says("+QIDEACT: (1-16)")),
    "+QSPN": Entry(run=_provider, read=_provider),
    "+QSIMSTAT": Entry(read=_sim_status),
    "+QINISTAT": Entry(run=_initialised),
    "+CGEREP": kept("+CGEREP", "0,0", ranged("0-2"), ranged("0,1")),
    "+CEDRXS": Entry(read=_edrx, set=_set_edrx,
                     test=says('+CEDRXS: (0-3),(4,5),("0000"-"1111")')),
}  # fmt: skip
