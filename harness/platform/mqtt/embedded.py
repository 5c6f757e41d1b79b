"""amqtt as a broker inside this process, on the shared loop. It speaks MQTT 3.1.1."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker as AmqttBroker
from amqtt.contexts import BrokerConfig, ListenerConfig, ListenerType
from amqtt.errors import AMQTTError

from harness.network.loop import LoopThread
from harness.network.sockets import SocketFactory
from harness.platform.mqtt.broker import Accounts
from harness.platform.mqtt.errors import BrokerUnavailable

_PLUGIN = "harness.platform.mqtt.embedded_accounts.AccountsPlugin"
_LISTENER = "default"


class Embedded:
    """Runs until :meth:`close`. Connections come over a socket of ours, so any port will do."""

    def __init__(self, accounts: Accounts, loop: LoopThread) -> None:
        self._loop = loop
        self._accounts = accounts
        self._tasks: set[asyncio.Task[None]] = set()
        self.address = ("", 0)

    @classmethod
    def start(
        cls,
        accounts: Accounts,
        sockets: SocketFactory,
        loop: LoopThread,
        host: str,
        port: int,
    ) -> Embedded:
        """Raises :class:`~harness.network.sockets.AddressUnavailable` and
        :class:`BrokerUnavailable`."""
        # What it logs is about clients that misbehave; those are seen in what they publish.
        logging.getLogger("amqtt").setLevel(logging.CRITICAL)
        listener = sockets.listener(host, port)
        broker = cls(accounts, loop)
        broker.address = listener.getsockname()[:2]
        try:
            loop.run(broker._start(listener))
        except AMQTTError as error:
            listener.close()
            raise BrokerUnavailable(f"the embedded MQTT broker does not start: {error}") from error
        return broker

    @property
    def words(self) -> str:
        return "amqtt, inside the bench"

    async def _start(self, listener: Any) -> None:
        self._broker = AmqttBroker(
            BrokerConfig(
                listeners={_LISTENER: ListenerConfig(type=ListenerType.EXTERNAL)},
                plugins={_PLUGIN: {"allow": self._accounts.allow}},
            ),
            self._loop.loop,
        )
        await self._broker.start()
        self._server = await asyncio.start_server(self._connected, sock=listener)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._broker.external_connected(
                StreamReaderAdapter(reader), StreamWriterAdapter(writer), _LISTENER
            )
        except (AMQTTError, OSError, EOFError, ValueError) as error:
            logging.getLogger("amqtt").debug("a client is gone: %s", error)
        finally:
            self._tasks.discard(task)
            writer.close()

    def close(self) -> None:
        """Stop it; clients are dropped. Safe to call twice."""
        if self._loop.loop.is_closed() or not self._server.is_serving():
            return
        self._loop.run(self._stop())

    async def _stop(self) -> None:
        self._server.close()
        with contextlib.suppress(AMQTTError):
            await self._broker.shutdown()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
