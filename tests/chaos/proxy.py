"""A TCP proxy that breaks: partitions, one way or both, lag, answers cut at the worst moment."""
import asyncio
import threading

TO_SERVER, TO_CLIENT = 0, 1


class FaultProxy:
    """Listens on `port` and passes on to `target`. Faults may be changed at any time."""

    def __init__(self, port, target, address="127.0.0.1"):
        self.port, self.target, self.address = port, target, address
        self.held = [False, False]  # by direction: bytes wait, nothing is refused
        self.lag = 0.0  # seconds, each chunk, both ways
        self.cut_after = None  # bytes of a request: it is passed on, its answer is not
        self.cut_before = None  # the same, and it is not passed on either
        self.cuts = 0
        self._writers = set()
        self._loop = asyncio.new_event_loop()
        self._changed = None
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise RuntimeError(f"{address}:{port} cannot be listened on")

    def hold(self, to_server=True, to_client=True):
        self.held = [to_server, to_client]

    def heal(self):
        self.held, self.lag = [False, False], 0.0

    def cut_all(self):
        self._loop.call_soon_threadsafe(self._close_all)

    def end(self):
        """Also frees the port, which another proxy may want."""
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join(10)

    def _end(self):
        self.heal()
        self._server.close()
        self._close_all()
        self._loop.call_later(0.2, self._loop.stop)  # its connections have ended by then

    def _close_all(self):
        for writer in list(self._writers):
            writer.transport.abort()

    def _run(self, ready):
        asyncio.set_event_loop(self._loop)

        async def serve():
            self._server = await asyncio.start_server(self._accept, self.address, self.port)
            ready.set()
        self._loop.run_until_complete(serve())
        self._loop.run_forever()

    async def _accept(self, client_reader, client_writer):
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            client_writer.close()
            return
        both = {client_writer, server_writer}
        self._writers |= both
        state = {"doomed": False}
        await asyncio.gather(self._pump(client_reader, server_writer, TO_SERVER, state),
                             self._pump(server_reader, client_writer, TO_CLIENT, state))
        self._writers -= both

    @staticmethod
    async def _wait(seconds):
        try:
            await asyncio.wait_for(asyncio.Event().wait(), seconds)
        except asyncio.TimeoutError:
            pass

    async def _pump(self, reader, writer, way, state):
        try:
            while data := await reader.read(65536):
                if self.lag:
                    await self._wait(self.lag)
                while self.held[way]:
                    await self._wait(0.02)
                if way == TO_SERVER and self.cut_before and self.cut_before in data:
                    self.cut_before, self.cuts = None, self.cuts + 1
                    break
                if way == TO_SERVER and self.cut_after and self.cut_after in data:
                    self.cut_after, state["doomed"] = None, True
                if way == TO_CLIENT and state["doomed"] and b"Z\x00\x00\x00\x05" in data:
                    self.cuts += 1  # it is done; nobody will know
                    break
                writer.write(data)
                await writer.drain()
        except (OSError, ConnectionError):
            pass
        writer.transport.abort() if state["doomed"] else writer.close()
