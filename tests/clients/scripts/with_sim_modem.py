"""sim_modem: a SIM7xxx's names and network, SMS in text mode, blind to prompts and results."""

from __future__ import annotations

import json
import sys

from sim_modem import Modem

path, recipient, text = sys.argv[1:]
# it reads until nothing comes for so long
modem = Modem(path, baudrate=115200, timeout=0.15, at_cmd_delay=0.05)
facts = {
    "manufacturer": modem.get_manufacturer_identification(),
    "model": modem.get_model_identification(),
    "imei": modem.get_serial_number(),
    "registration": modem.get_network_registration_status(),
    "operator": modem.get_network_name(),
    "mode": modem.get_network_mode().name,
    "sim": modem.get_sim_status(),
}
try:
    facts["firmware"] = modem.get_firmware_version()
except IndexError:
    facts["firmware"] = None  # it knows only the answer with +CGMR: before it
try:
    modem.send_sms(recipient, text)
except Exception as error:
    # it wants OK as the last line, but the CR that it sends behind 0x1A is echoed after that
    facts["sending"] = str(error)
modem.empty_sms()
print(json.dumps(facts))
