"""hologram-python: a TCP connection of a modem's own stack, and an SMS of each direction."""

from __future__ import annotations

import importlib
import json
import sys
import time

kind, path, apn, host, port, recipient = sys.argv[1:]
Modem = getattr(importlib.import_module(f"Hologram.Network.Modem.{kind}"), kind)
modem = Modem(device_name=path)
modem.apn = apn
if kind == "NovaM":  # it has no context of its own: its data go over the bearer of the attach
    modem.radio_power(False)
    modem.radio_power(True)
    while not modem.is_registered():
        time.sleep(0.1)
facts = {
    "model": modem.modem_id,
    "imei": modem.imei,
    "imsi": modem.imsi,
    "iccid": modem.iccid,
    "registered": modem.is_registered(),
}
sms = modem.popReceivedSMS()
facts["read"] = sms and [sms.sender, sms.message]
facts["sms sent"] = modem.send_sms_message(recipient, "hoi")
modem.create_socket()
modem.connect_socket(host, int(port))
facts["answer"] = modem.send_message(b"hello \x00\xff over " + kind.encode() + b"\r\n\r\n")
modem.close_socket()
print(json.dumps(facts))
