"""The ports at which uplinks are taken: plain HTTP, TLS, and a broker's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.network.certificates import Authority
from harness.network.loop import LoopThread
from harness.network.sockets import SocketFactory
from harness.platform.evidence import Evidence
from harness.platform.ingestion import Ingestion
from harness.platform.registry import Registry
from harness.platform.server import IngestionServer

if TYPE_CHECKING:
    from harness.platform.https import HttpsFront
    from harness.platform.mqtt.ingest import MqttIngestion
    from harness.platform.mqtt.settings import MqttSettings

Address = tuple[str, int]


class Ports:
    """Opens and closes them; what comes in goes to one :class:`Ingestion`.

    ``addresses`` of those that are open, by ``http``, ``https`` and ``mqtt``. ``front`` is the end
    that speaks TLS and ``mqtt`` the client of the broker, None while there is none.
    """

    def __init__(
        self, ingestion: Ingestion, evidence: Evidence, registry: Registry, loop: LoopThread
    ) -> None:
        self.addresses: dict[str, Address] = {}
        self.front: HttpsFront | None = None
        self.mqtt: MqttIngestion | None = None
        self._ingestion = ingestion
        self._evidence = evidence
        self._registry = registry
        self._loop = loop
        self._servers = [IngestionServer(ingestion, loop)]

    def open_http(self, sockets: SocketFactory, host: str, port: int) -> Address:
        """Raises :class:`~harness.network.sockets.AddressUnavailable`."""
        self.addresses["http"] = bound = self._servers[0].start(sockets, host, port)
        return bound

    def open_https(
        self, sockets: SocketFactory, host: str, port: int, authority: Authority
    ) -> Address:
        """Raises :class:`~harness.network.sockets.AddressUnavailable`."""
        from harness.platform.https import HttpsFront  # TLS is loaded where it is spoken

        front = HttpsFront(self._ingestion, self._evidence, authority, host)
        server = IngestionServer(self._ingestion, self._loop, front.gate)
        self.addresses["https"] = bound = server.start(sockets, host, port)
        self.front = front
        self._servers.append(server)
        return bound

    def open_mqtt(
        self, sockets: SocketFactory, host: str, port: int, settings: MqttSettings
    ) -> Address:
        """Raises what :meth:`~harness.platform.mqtt.ingest.MqttIngestion.start` raises."""
        from harness.platform.mqtt.ingest import MqttIngestion

        mqtt = MqttIngestion(self._ingestion, self._registry, settings, self._evidence, self._loop)
        self.addresses["mqtt"] = bound = mqtt.start(sockets, host, port)
        self.mqtt = mqtt
        return bound

    @property
    def connections(self) -> int:
        """How many HTTP connections are open now."""
        return sum(server.connections for server in self._servers)

    def listen(self, on: bool) -> None:
        """All HTTP ports take connections, or none does."""
        for server in self._servers:
            server.listen(on)

    def close(self) -> None:
        """Stop listening and drop open connections."""
        if self.mqtt is not None:
            self.mqtt.close()
        for server in self._servers:
            server.stop()
        if self.front is not None:
            self._loop.call(self.front.stop)
