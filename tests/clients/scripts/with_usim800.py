"""usim800: the HTTP client of a SIM800, with spaces in its commands, and an SMS."""

from __future__ import annotations

import json
import sys
import time

from usim800 import sim800
from usim800.Communicate import communicate

path, apn, url, recipient = sys.argv[1:]
pause = time.sleep
time.sleep = lambda seconds: pause(0.1)  # it rests a second after every command,
communicate.TIMMEOUT = 0.1  # and reads until nothing comes for so long
gsm = sim800(baudrate=115200, path=path)
gsm.requests.APN = apn
gsm.requests.get(url=url)  # it finds no status where the answer comes faster than over the air
gsm.sms.send(recipient, "hoi")
print(json.dumps({"address": gsm.requests.IP}))
