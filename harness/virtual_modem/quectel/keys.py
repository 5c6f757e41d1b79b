"""The keys of AT+QCFG and AT+QURCCFG, per model.

Names and ranges are those that a BG95-M3 (BG95M3LAR02A03) and a BG96 list with ``AT+QCFG=?``;
for EC2x and EG9x those of the EC2x&EG9x AT manual's list.
Values are kept, also without power (the manuals: saved automatically), and change nothing else.
Keys of that list which are not here (``gpio``, ``sibinfo`` …) are unknown to the virtual modem.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.virtual_modem.fields import EFFECT, Setting, hexadecimal, like, ranged, words

_PULSE = (ranged("1-2000"), ranged("1-5"))
_SEQUENCE = like(r"(?:0[0-3]){1,3}", "(00-010203)")
_BAND_LIST = like(r"[0-9A-Fa-f]{1,40}", "<band_priority_seq>")

_RING: Mapping[str, Setting] = {
    "urc/ri/ring": Setting(
        '"auto",120,1000,5000,"off",1',
        (words("off", "pulse", "always", "auto", "wave"), ranged("1-2000"), ranged("1-10000"),
         ranged("1-10000"), words("off", "on"), ranged("1-5")),
    ),
    "urc/ri/smsincoming": Setting('"pulse",120,1', (words("off", "pulse", "always"), *_PULSE)),
    "urc/ri/other": Setting('"pulse",120,1', (words("off", "pulse"), *_PULSE)),
    "risignaltype": Setting('"respective"', (words("respective", "physical"),)),
    "urc/delay": Setting("0", (ranged("0,1"),)),
}  # fmt: skip

_BOTH: Mapping[str, Setting] = {
    **_RING,
    "nwscanmode": Setting("0", (ranged("0,1,3"), EFFECT)),
    "servicedomain": Setting("2", (ranged("1,2"), EFFECT)),
    "nwscanseq": Setting("020301", (_SEQUENCE, EFFECT)),
    "celevel": Setting("0", (ranged("0-2"),)),
    "ledmode": Setting("0", (ranged("0,1,3"),)),
    "airplanecontrol": Setting("0", (ranged("0,1"),)),
    "cmux/urcport": Setting("0", (ranged("0-4"),)),
    "apready": Setting("0,0,500", (ranged("0,1"), ranged("0,1"), ranged("100-3000"))),
    "nccconf": Setting("1F", (hexadecimal(0x1FF),)),
    "psm/enter": Setting("0", (ranged("0,1"),)),
    "psm/urc": Setting("0", (ranged("0,1"),)),
    "simeffect": Setting("1", (ranged("0,1"),)),
    "nasconfig": Setting("0", (hexadecimal(0x7FFF),)),
    "irat/timer": Setting("120,10", (ranged("5-300"), ranged("5-20"))),
    "nb1/bandprior": Setting("", (_BAND_LIST,)),
    "bip/auth": Setting("1", (ranged("0-3"),)),
    "msc": Setting("2", (ranged("0-2"),)),
    "sgsn": Setting("2", (ranged("0-2"),)),
}

EC: Mapping[str, Setting] = {
    **_RING,
    "gprsattach": Setting("1", (ranged("0,1"),)),
    "nwscanmode": Setting("0", (ranged("0-5"), EFFECT)),
    "nwscanseq": Setting("04030201", (like(r"(?:0[0-5]){1,5}", "(00-0504030201)"), EFFECT)),
    "roamservice": Setting("2", (ranged("1,2,255"), EFFECT)),
    "servicedomain": Setting("2", (ranged("0-2"), EFFECT)),
    "band": Setting(
        "0x93,0x1e200000095,0x21",
        (hexadecimal(0xFFFF), hexadecimal(0x7FFFFFFFFFFFFFFF), hexadecimal(0x3F), EFFECT),
        required=3,
    ),
    "ims": Setting("0", (ranged("0-2"),)),
    "usbnet": Setting("0", (ranged("0-3"),)),
    "airplanecontrol": Setting("0", (ranged("0,1"),)),
    "pdp/duplicatechk": Setting("0", (ranged("0,1"),)),
    "ltesms/format": Setting("1", (ranged("0,1"),)),
    "msc": Setting("1", (ranged("0-2"),)),
    "sgsn": Setting("1", (ranged("0-2"),)),
}

_BG95_M1, _BG95_NB = 0x100002000000000F0E189F, 0x10004200000000090E189F

BG95: Mapping[str, Setting] = {
    **_BOTH,
    "iotopmode": Setting("0", (ranged("0-2"), EFFECT)),
    "band": Setting(
        f"0xf,{_BG95_M1:#x},{_BG95_NB:#x}",
        (hexadecimal(0xF), hexadecimal(_BG95_M1), hexadecimal(_BG95_NB), EFFECT),
        required=3,
    ),
    "lapiconf": Setting("2,1", (ranged("0-2"), ranged("0,1"))),
    "uartcfg": Setting("0", (ranged("0-15"),)),
    "timeupdate": Setting("1", (ranged("0,1"),)),
    "timesave": Setting("0", (ranged("0-2"),)),
}

BG96: Mapping[str, Setting] = {
    **_BOTH,
    "iotopmode": Setting("2", (ranged("0-2"), EFFECT)),
    "roamservice": Setting("255", (ranged("1,2,255"), EFFECT)),
    "band": Setting(
        "0xf,0x400a0e189f,0xa0e189f",
        (hexadecimal(0xF), hexadecimal(0x7FFFFFFFFFFFFFFF), hexadecimal(0x7FFFFFFFFFFFFFFF),
         EFFECT),
        required=3,
    ),
    "pdp/duplicatechk": Setting("0", (ranged("0,1"),)),
    "ims": Setting("0", (ranged("0-2"),)),
}  # fmt: skip

#: The default of real modules is a USB port; here it is the only port there is (assumed).
URC: Mapping[str, Setting] = {
    "urcport": Setting('"uart1"', (words("usbat", "usbmodem", "uart1"),)),
}
URC_EC: Mapping[str, Setting] = {
    "urcport": Setting('"uart1"', (words("usbat", "usbmodem", "uart1", "all"),)),
}
