"""A TCP forwarder on loopback that hands on what the server says later, by `delay_s`:
a replica that is slow, as its clients see it. Bytes are neither lost nor reordered.
With `gather` all that the server said meanwhile is handed on at once, in one piece."""

import asyncio
import threading


class DelayGate:
    def __init__(self, upstream_port, delay_s=0.0, gather=False):
        self.delay_s = delay_s
        self._gather = gather
        self._upstream_port = upstream_port
        self._loop = asyncio.new_event_loop()
        self._tasks = set()
        self.port = self._loop.run_until_complete(self._listen())
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def close(self):
        async def end():
            self._server.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    async def _accept(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
            pumps = [asyncio.ensure_future(self._pump(reader, server_writer, False)),
                     asyncio.ensure_future(self._pump(server_reader, writer, True))]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                server_writer.close()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._tasks.discard(asyncio.current_task())

    async def _pump(self, reader, writer, delayed):
        """What is under way keeps its order: each part waits for the one before it."""
        due = 0.0
        pending = asyncio.Queue()

        async def write():
            while True:
                at, data = await pending.get()
                await asyncio.sleep(max(0.0, at - self._loop.time()))
                while self._gather and not pending.empty():
                    data += pending.get_nowait()[1]
                writer.write(data)
                await writer.drain()
        task = asyncio.ensure_future(write())
        try:
            while data := await reader.read(65536):
                due = max(due, self._loop.time() + (self.delay_s if delayed else 0.0))
                pending.put_nowait((due, data))
        except OSError:
            pass
        finally:
            task.cancel()
