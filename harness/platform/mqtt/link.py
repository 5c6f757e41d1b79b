"""One MQTT client: of the platform, or of a bench that plays a device. paho-mqtt underneath."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.clock import Deadline
from harness.platform.message import Message
from harness.platform.mqtt.errors import BrokerUnavailable, MqttMissing

if TYPE_CHECKING:
    from paho.mqtt.client import Client

_CONNECT_S = 10.0
_RECONNECT_S = (1, 5)


class MqttLink:
    """A connection to a broker, kept up until :meth:`close`. Callbacks come on its own thread.

    ``on_message`` takes what was subscribed to, ``on_lost`` the reason when the broker is gone;
    the connection is then tried again every few seconds.
    """

    def __init__(
        self,
        client_id: str,
        *,
        username: str | None = None,
        password: str | None = None,
        version_5: bool = False,
        on_message: Callable[[Message], object] = lambda _: None,
        on_lost: Callable[[str], object] = lambda _: None,
    ) -> None:
        try:
            from paho.mqtt.client import Client, MQTTv5, MQTTv311
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError as error:
            raise MqttMissing(
                "MQTT needs the package paho-mqtt: pip install 'things-hil[mqtt]'"
            ) from error
        self._client: Client = Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            protocol=MQTTv5 if version_5 else MQTTv311,
        )
        self._version_5 = version_5
        if username is not None:
            self._client.username_pw_set(username, password)
        self._client.reconnect_delay_set(*_RECONNECT_S)
        self._client.on_connect = self._connected
        self._client.on_disconnect = self._disconnected
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._arrived
        self._client.on_publish = self._published
        self._on_message, self._on_lost = on_message, on_lost
        self._answer = threading.Condition()
        self._refused: str | None = None
        self._up = False
        self._closing = False
        self._granted: dict[int, bool] = {}
        self._filters: list[tuple[str, int]] = []
        self._pending: dict[int, Callable[[bool], object]] = {}
        self._early: set[int] = set()  # acknowledged before publish() had returned
        self._given_up: set[int] = set()  # sent again by the library when the broker is back
        self._lock = threading.Lock()

    def open(self, host: str, port: int) -> None:
        """Connect. Raises :class:`BrokerUnavailable` with the broker's own reason."""
        where = f"the MQTT broker at {host}:{port}"
        try:
            self._client.connect(host, port)
        except OSError as error:
            raise BrokerUnavailable(f"cannot reach {where}: {error.strerror or error}") from error
        self._client.loop_start()
        with self._answer:
            self._answer.wait_for(lambda: self._up or self._refused, _CONNECT_S)
        if not self._up:
            self.close()
            raise BrokerUnavailable(f"{where} {self._refused or 'does not answer'}")

    def subscribe(self, topic_filter: str, qos: int) -> None:
        """Listen, also after the connection was lost. Raises :class:`BrokerUnavailable`."""
        self._filters.append((topic_filter, qos))
        _, number = self._client.subscribe(topic_filter, qos)
        with self._answer:
            self._answer.wait_for(lambda: number in self._granted, _CONNECT_S)
            if not self._granted.pop(number or 0, False):
                raise BrokerUnavailable(f"the MQTT broker does not let us listen to {topic_filter}")

    def publish(self, message: Message, done: Callable[[bool], object] = lambda _: None) -> None:
        """Send; ``done`` hears once whether the broker has it."""
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        properties = None
        if self._version_5 and message.properties:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # theirs
            properties.UserProperty = list(message.properties)
        if not self._up:
            done(False)
            return
        info = self._client.publish(
            message.topic, message.payload, message.qos, message.retain, properties
        )
        if info.rc != 0:
            done(False)
            return
        with self._lock:
            early = info.mid in self._early
            self._early.discard(info.mid)
            if not early:
                self._pending[info.mid] = done
        if early:
            done(True)
        elif not self._up:  # it went meanwhile, and nobody knew of this one yet
            self._fail_pending()

    def send(self, message: Message, deadline: Deadline) -> bool:
        """Publish and wait; False when the broker did not take it in time."""
        taken = threading.Event()
        heard: list[bool] = []

        def done(well: bool) -> None:
            heard.append(well)
            taken.set()

        self.publish(message, done)
        return taken.wait(deadline.left()) and heard[0]

    def close(self) -> None:
        """Leave the broker. Safe to call twice."""
        self._closing = True
        self._client.disconnect()
        self._client.loop_stop()
        self._fail_pending()

    def _connected(self, _c: Any, _u: Any, _flags: Any, reason: Any, _p: Any) -> None:
        with self._answer:
            again = tuple(self._filters)  # not what is subscribed to because it is up now
            self._up = not reason.is_failure
            self._refused = None if self._up else f"refuses: {reason}"
            self._answer.notify_all()
        if self._up:
            for topic_filter, qos in again:
                self._client.subscribe(topic_filter, qos)

    def _disconnected(self, _c: Any, _u: Any, _flags: Any, reason: Any, _p: Any) -> None:
        was_up, self._up = self._up, False
        self._fail_pending()
        if was_up and not self._closing:
            self._on_lost(str(reason))

    def _subscribed(self, _c: Any, _u: Any, number: int, reasons: Any, _p: Any) -> None:
        with self._answer:
            self._granted[number] = not any(reason.is_failure for reason in reasons)
            self._answer.notify_all()

    def _arrived(self, _c: Any, _u: Any, message: Any) -> None:
        try:
            topic = str(message.topic)
        except UnicodeDecodeError:
            return  # no broker should hand on a topic that is not UTF-8 (MQTT 3.1.1 §1.5.3)
        properties = getattr(message.properties, "UserProperty", None) or ()
        self._on_message(
            Message(
                topic,
                bytes(message.payload),
                message.qos,
                bool(message.retain),
                tuple((str(name), str(value)) for name, value in properties),
            )
        )

    def _published(self, _c: Any, _u: Any, number: int, reason: Any, _p: Any) -> None:
        with self._lock:
            done = self._pending.pop(number, None)
            if number in self._given_up:
                self._given_up.discard(number)
            elif done is None:
                self._early.add(number)
        if done is not None:
            done(not reason.is_failure)

    def _fail_pending(self) -> None:
        with self._lock:
            pending, self._pending = dict(self._pending), {}
            self._given_up |= pending.keys()
        for done in pending.values():
            done(False)
