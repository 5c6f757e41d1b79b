"""MQTT clients that nobody here wrote publish to the bench's broker."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence

import pytest
import yaml

from harness.platform.mqtt.settings import BrokerKind, MqttSettings
from harness.platform.reproduce import as_curl, as_steps
from harness.token import compute
from tests.mqtt.bench import DOWN, IMEI, PACK, TOPIC, mqtt, said, wrapped
from tests.platform.bench import SECRET

pytestmark = pytest.mark.external


def need(program: str, package: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed (apt: {package})")


def run(words: Sequence[str], data: bytes = b"") -> None:
    done = subprocess.run(words, input=data, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()


def speaks_mqtt() -> None:
    need("curl", "curl")
    told = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True)
    if " mqtt" not in told.stdout:
        pytest.skip("this curl does not speak MQTT")


def test_curl_publishes_and_is_told_how_to_again(broker: BrokerKind) -> None:
    """Accepted; the command that the live page shows publishes the very same once more."""
    speaks_mqtt()
    with mqtt(MqttSettings(broker=broker)) as bench:
        host, port = bench.address
        url = f"mqtt://{host}:{port}/{TOPIC}"
        run(["curl", "-sS", "--data-binary", "@-", url], wrapped())
        bench.rig.wait(1)
        first = bench.rig.platform.uplinks[0]
        assert (first.outcome.value, said(first)) == ("accepted", set())
        run(["sh", "-c", as_curl(first, None, None, bench.address)])
        bench.rig.wait(2)
        assert bench.rig.platform.uplinks[1].message == first.message
        steps = yaml.safe_load(as_steps(first, bench.rig.platform.registry.by_imei(IMEI)) or "")
        assert steps[0]["publish"] == {"body": PACK.replace(IMEI, "${imei}")}


def test_mosquitto_pub_and_sub(broker: BrokerKind) -> None:
    """A device that is mosquitto's clients: its credentials let it in, it hears its downlink."""
    need("mosquitto_pub", "mosquitto-clients")
    with mqtt(MqttSettings(broker=broker, credentials="device")) as bench:
        host, port = bench.address
        account = ["-h", host, "-p", str(port), "-u", IMEI, "-P", SECRET, "-q", "1"]
        bench.rig.platform.queue_downlink("tracker-1", [{"n": "led", "vb": True}])
        with subprocess.Popen(
            ["stdbuf", "-oL", "mosquitto_sub", *account, "-t", DOWN, "-C", "1", "-W", "20", "-d"],
            stdout=subprocess.PIPE, text=True,
        ) as listener:  # fmt: skip
            assert listener.stdout is not None
            while not listener.stdout.readline().startswith("Subscribed"):
                assert listener.poll() is None
            run(["mosquitto_pub", *account, "-t", TOPIC, "-s"], wrapped())
            heard, _ = listener.communicate(timeout=60)
        bench.rig.wait(1)
        assert said(bench.rig.platform.uplinks[0]) == set()
        (body,) = [line for line in heard.splitlines() if line.startswith("[")]
        assert json.loads(body)[1] == {"n": "led", "vb": True}


def test_mosquitto_pub_with_a_user_property(needs_mosquitto: None) -> None:
    """MQTT 5, the token beside the pack as the documented header's name."""
    need("mosquitto_pub", "mosquitto-clients")
    settings = MqttSettings(broker="mosquitto", token="user-property")
    with mqtt(settings) as bench:
        host, port = bench.address
        token = compute(PACK.encode(), SECRET)
        run(["mosquitto_pub", "-h", host, "-p", str(port), "-V", "5", "-q", "1", "-t", TOPIC,
             "-D", "PUBLISH", "user-property", "Things-Message-Token", token, "-s"],
            PACK.encode())  # fmt: skip
        bench.rig.wait(1)
        uplink = bench.rig.platform.uplinks[0]
        assert (uplink.outcome.value, said(uplink)) == ("accepted", set())
