"""python-gsmmodem-new: its start-up, the network, SMS in PDU mode with a delivery report."""

from __future__ import annotations

import json
import os
import sys

from gsmmodem.modem import GsmModem

path, recipient, text = sys.argv[1:]
modem = GsmModem(path, 115200, requestDelivery=True)
modem.connect()
modem.waitForNetworkCoverage(10)
facts = {
    "manufacturer": modem.manufacturer,
    "imei": modem.imei,
    "imsi": modem.imsi,
    "operator": modem.networkName,
    "smsc": modem.smsc,
    "signal": modem.signalStrength,
    "read": [
        [sms.number, sms.text]
        for memory in ("SM", "ME")
        for sms in modem.listStoredSms(memory=memory, delete=True)
    ],
    "left": [len(modem.listStoredSms(memory=memory)) for memory in ("SM", "ME")],
}
sent = modem.sendSms(recipient, text, waitForDeliveryReport=True, deliveryTimeout=10)
facts["status"] = sent.status
print(json.dumps(facts), flush=True)
os._exit(0)  # modem.close() would wait 10 s for its reader
