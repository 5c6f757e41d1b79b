"""atlib: who it is, its registration, SMS in text mode; every line ends with CR LF."""

from __future__ import annotations

import json
import sys

from atlib import LTE_Device, SMS_Group

path, recipient, text = sys.argv[1:]
device = LTE_Device(path)
facts = {
    "manufacturer": device.get_manufacturer(),
    "imei": device.get_imei(),
    "imsi": device.get_imsi(),
    "sim": device.get_sim_status(),
    "rssi": device.get_signal()[0],
    "operator": device.get_current_operator(),
    "read": device.receive_sms(SMS_Group.ALL),
    "sent": device.send_sms(recipient, text),
    "deleted": device.delete_read_sms(),
    "left": device.receive_sms(SMS_Group.ALL),
}
print(json.dumps(facts))
