"""Signal, operator, registration and packet domain as 27.007 has them (§7, §8.5, §10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.fields import ranged
from harness.virtual_modem.radio import Context
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import CommandTable, Entry, Info, kept, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


OPERATOR = ("KPN NL", "KPN", "20408")  #: long, short and numeric


def registration(name: str, highest: int) -> Entry:
    """+CREG, +CGREG or +CEREG with <n> up to ``highest``."""

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


def _operator(core: Core, command: Command) -> Info:
    mode = core.radio.selection
    if not core.radio.registered:
        return [f"+COPS: {mode}"]
    form = int(core.values.get("cops-format", "0"))
    return [f'+COPS: {mode},{form},"{OPERATOR[form]}",{core.model.access}']


def _select_operator(core: Core, command: Command) -> Info:
    mode = number(command, 0, 0, 4)
    if mode == 3:
        core.values["cops-format"] = str(number(command, 1, 0, 2))
        return None
    if mode in (1, 4):
        form = number(command, 1, 0, 2)
        access = number(command, 3, 0, 9, core.model.access)
        found = text(command, 2) == OPERATOR[form] and access == core.model.access
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
    cid = number(command, 0, core.family.default_cid, 15)
    if len(command.params) == 1:
        core.radio.contexts.pop(cid, None)
        return None
    kind = text(command, 1)
    if kind not in ("IP", "IPV4V6", "IPV6", "PPP"):
        raise AtError(50)
    before = core.radio.contexts.get(cid, Context())  # +CGAUTH, not this, says who the user is
    core.radio.define(
        cid, Context(kind, text(command, 2, ""), before.user, before.password, before.auth)
    )
    return None


def _addresses(core: Core, command: Command) -> Info:
    wanted = number(command, 0, core.family.default_cid, 15) if command.params else None
    quote = '"' if core.family.quoted_address else ""
    return [
        f"+CGPADDR: {cid},{quote}{_address(core, context)}{quote}"
        for cid, context in sorted(core.radio.contexts.items())
        if wanted in (None, cid)
    ]


def _activations(core: Core, command: Command) -> Info:
    return [f"+CGACT: {cid},{int(c.active)}" for cid, c in sorted(core.radio.contexts.items())]


def _activate(core: Core, command: Command) -> Info:
    cid = number(command, 1, core.family.default_cid, 15, core.family.default_cid)
    if number(command, 0, 0, 1):
        if not (cid in core.radio.contexts and core.radio.contexts[cid].active):
            core.radio.activate(cid)
    else:
        core.radio.deactivate(cid)
    return None


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


def _operators(core: Core, command: Command) -> Info:
    long, short, numeric = OPERATOR
    return [f'+COPS: (2,"{long}","{short}","{numeric}",{core.model.access}),,(0-4),(0-2)']


EDRX: CommandTable = {
    "+CEDRXS": Entry(read=_edrx, set=_set_edrx,
                     test=says('+CEDRXS: (0-3),(4,5),("0000"-"1111")')),
}  # fmt: skip
COMMANDS: CommandTable = {
    "+CREG": registration("+CREG", 2), "+CGREG": registration("+CGREG", 2),
    "+CSQ": Entry(run=_signal, test=says("+CSQ: (0-31,99),(0-7,99)")),
    "+CESQ": Entry(run=_extended_signal,
                   test=says(
        "+CESQ: (0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)")),
    "+COPS": Entry(read=_operator, set=_select_operator, test=_operators),
    "+CGATT": Entry(read=_attached, set=_attach, test=says("+CGATT: (0,1)")),
    "+CGDCONT": Entry(read=_contexts, set=_define,
                      test=says('+CGDCONT: (1-15),"IP",,,(0-2),(0-4)')),
    "+CGPADDR": Entry(run=_addresses, set=_addresses, test=says("+CGPADDR: (1-15)")),
    "+CGACT": Entry(read=_activations, set=_activate, test=says("+CGACT: (0,1)")),
    "+CGEREP": kept("+CGEREP", "0,0", ranged("0-2"), ranged("0,1")),
}  # fmt: skip
