"""How much of an allowed rate the throttle uses, and how many 429s it causes, over real sockets.

    python benchmarks/throttle.py [SECONDS] [--requests 4] [--per 1.0] [--jitter 0.02] [--latency 0.1] [--processes 1]

One server counts calendar seconds, the other a sliding window, each at the moment at which a request arrives, and each
request arrives up to `jitter` seconds late, as on a busy line. Prints for both the achieved rate as a ratio of the
allowed one, and the 429 answers. With several processes, all share one limit.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import tempfile
import time
from collections import deque
from contextlib import aclosing
from pathlib import Path

from aiohttp import web

from etl.catalogue import Connector, Endpoint, Op
from etl.clock import SystemClock
from etl.connectors.rest import RestConnection
from etl.ports import ReadRequest
from etl.specs import ConnectionSpec, ThrottleWindow

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


async def read(url: str, window: ThrottleWindow, seconds: float, folder: Path) -> None:
    """Reads pages as fast as the engine does, for a while."""
    endpoint = Endpoint("things", {"list": Op("list", "GET", "/things", records="items", paging=PAGING)}, {})
    connector = Connector("bench", url, {"things": endpoint}, throttle=(window,), retry={"wait": "waitInSeconds"})
    connection = RestConnection(ConnectionSpec("bench", "bench"), connector, SystemClock(), throttle_folder=folder)
    end = time.monotonic() + seconds
    async with aclosing(connection.source("things").pages(ReadRequest())) as pages:
        async for _ in pages:
            if time.monotonic() >= end:
                break
    await connection.close()


def reader(url: str, window: ThrottleWindow, seconds: float, folder: Path) -> None:
    asyncio.run(read(url, window, seconds, folder))


async def measure(kind: str, options: argparse.Namespace) -> None:
    limit = Limit(kind, options.requests, options.per)
    runner, url = await serve(limit, options.jitter, options.latency)
    window = ThrottleWindow(options.requests, options.per)
    with tempfile.TemporaryDirectory() as folder:
        context = multiprocessing.get_context("spawn")
        work = (url, window, options.seconds, Path(folder))
        processes = [context.Process(target=reader, args=work) for _ in range(options.processes)]
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", nargs="?", type=float, default=20.0)
    parser.add_argument("--requests", type=int, default=4)
    parser.add_argument("--per", type=float, default=1.0)
    parser.add_argument("--jitter", type=float, default=0.02)
    parser.add_argument("--latency", type=float, default=0.1)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    for kind in ("calendar", "sliding"):
        asyncio.run(measure(kind, options))


if __name__ == "__main__":
    main()
