"""What the whole engine costs beside a script written by hand for the same work, in one run.

    python benchmarks/engine.py [RECORDS]      default 100000: 1 000 pages → 10 mapped fields → 1 000 upserts

Reads from and writes to a minimal server in a process of its own, without any limit. Prints CPU (user + system) and
peak memory of each child process, the ratio to the script, and what starting up costs, beside the figures to reach.
What is compared is measured in turns, and the best of three counts: other programs only ever add.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
from aiohttp import web

PAGE = 100
FEW = 10_000
TURNS = 3
JSON = {"Content-Type": "application/json"}
SELF = Path(__file__).resolve()

CONNECTOR = """\
version: 1
name: things
base_url: {url}
auth: {{kind: none}}
endpoints:
  things:
    key: id
    target_key: externalId
    operations:
      list:
        path: /things
        records: items
        paging:
          {{kind: page_number, page_param: page, size_param: pageSize, size: 100, total_pages: totalPages,
           total: total}}
      upsert:
        path: /things
        body: array
        idempotent: true
        results: {{records: results, key: externalId, success: success, error: error}}
    fields:
      id: {{type: integer, required: true}}
      orderNumber: string
      title: string
      status: {{type: object, properties: {{id: integer, name: string, isCompletedStatus: boolean}}}}
      startDate: date
      location: {{type: object, properties: {{streetAddress: string, postalCode: string, city: string}}}}
      projectManager: {{type: object, properties: {{id: integer, name: string}}}}
      customer: {{type: object, properties: {{id: integer, name: string}}}}
      budget: number
      created: date-time
      updated: date-time
    write_fields:
      externalId: {{type: string, required: true}}
      name: string
      number: string
      city: string
      street: string
      customer: string
      manager: string
      start: date-time
      budget: number
      open: boolean
"""

PROJECT = """\
version: 1
name: benchmark
connections: {things: {connector: ./things.yaml}}
"""

MAPPING = """\
version: 1
name: things
source: {connection: things, endpoint: things, where: "!(status.isCompletedStatus)"}
fields:
  externalId: "join('-', ['t', to_string(id)])"
  name: title
  number: orderNumber
  city: location.city
  street: location.streetAddress
  customer: customer.name
  manager: projectManager.name
  start: startDate
  budget: budget
  open: "!(status.isCompletedStatus)"
target: {connection: things, endpoint: things}
"""

# --- the work by hand -----------------------------------------------------------------------------


def by_hand(url: str) -> None:
    """What somebody would write for this one job: no checks, no state, no retries."""
    import httpx

    async def work() -> None:
        async with httpx.AsyncClient(base_url=url) as client:
            page = pages = 1
            while page <= pages:
                answer = await client.get("/things", params={"page": page, "pageSize": PAGE})
                batch, pages = _batch(answer.content)
                _failed((await client.post("/things", content=batch, headers=JSON)).content)
                page += 1

    asyncio.run(work())


def blocking(url: str) -> None:
    """The same without asyncio: one request after another is all that it will ever do."""
    import httpx

    with httpx.Client(base_url=url) as client:
        page = pages = 1
        while page <= pages:
            batch, pages = _batch(client.get("/things", params={"page": page, "pageSize": PAGE}).content)
            _failed(client.post("/things", content=batch, headers=JSON).content)
            page += 1


def _batch(content: bytes) -> tuple[bytes, int]:
    answer = orjson.loads(content)
    records = [_mapped(record) for record in answer["items"] if not record["status"]["isCompletedStatus"]]
    return orjson.dumps(records), answer["totalPages"]


def _failed(content: bytes) -> None:
    for result in orjson.loads(content)["results"]:
        if not result["success"]:
            print(result["externalId"], result["error"])


def _mapped(record: dict) -> dict:
    location = record["location"] or {}
    return {
        "externalId": f"t-{record['id']}",
        "name": record["title"],
        "number": record["orderNumber"],
        "city": location.get("city"),
        "street": location.get("streetAddress"),
        "customer": (record["customer"] or {}).get("name"),
        "manager": (record["projectManager"] or {}).get("name"),
        "start": record["startDate"] and record["startDate"] + "T00:00:00Z",
        "budget": record["budget"],
        "open": not record["status"]["isCompletedStatus"],
    }


# --- the server -----------------------------------------------------------------------------------


def serve(records: int) -> None:
    """Prints its address, then answers until it is ended."""
    pages = records // PAGE
    first: list[float] = []
    bodies = {page: _page(page, pages) for page in range(1, min(pages, 1000) + 1)}

    async def clock(request: web.Request) -> web.Response:
        """When the first request came since this was last asked."""
        times = first.copy()
        first.clear()
        return web.json_response(times)

    async def things(request: web.Request) -> web.Response:
        if not first:
            first.append(time.monotonic())
        page = int(request.query["page"])
        return web.Response(body=bodies.get(page) or _page(page, pages), content_type="application/json")

    async def thing(request: web.Request) -> web.Response:
        return web.Response(body=orjson.dumps(_record(int(request.match_info["id"]))), content_type="application/json")

    async def upsert(request: web.Request) -> web.Response:
        results = [
            {"externalId": r["externalId"], "success": True, "error": None} for r in orjson.loads(await request.read())
        ]
        body = {"total": len(results), "succeeded": len(results), "results": results}
        return web.Response(body=orjson.dumps(body), content_type="application/json")

    async def main() -> None:
        app = web.Application(client_max_size=2**26)
        app.add_routes(
            [
                web.get("/things", things),
                web.get("/things/{id}", thing),
                web.post("/things", upsert),
                web.get("/clock", clock),
            ]
        )
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
        await asyncio.Event().wait()

    asyncio.run(main())


def _page(page: int, pages: int) -> bytes:
    items = [_record((page - 1) * PAGE + n) for n in range(1, PAGE + 1)]
    return orjson.dumps({"items": items, "totalPages": pages, "total": pages * PAGE})


def _record(number: int) -> dict:
    return {
        "id": number,
        "orderNumber": str(100_000 + number),
        "title": f"Byte av elcentral, etapp {number}",
        "status": {"id": 1, "name": "Ongoing", "isCompletedStatus": False},
        "startDate": f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}",
        "location": {"streetAddress": f"Storgatan {number % 99}", "postalCode": "94100", "city": "Piteå"},
        "projectManager": {"id": number % 40, "name": "Åsa Lind"},
        "customer": {"id": number % 500, "name": f"Björk Fastigheter {number % 500} AB"},
        "budget": number % 1000 + 0.5,
        "created": "2026-01-01 10:00:00 +00:00",
        "updated": None,
    }


# --- measuring ------------------------------------------------------------------------------------


@dataclass
class Cost:
    """Of one child process: CPU seconds, peak memory in MB, seconds on the clock and until its first request."""

    cpu: float
    memory: float
    wall: float
    start: float = 0.0


def measure(command: list[str], folder: Path, url: str = "") -> Cost:
    """What a command costs, from its start to its end."""
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begin = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, env=usual, stdout=subprocess.DEVNULL)  # noqa: S603 - our own commands
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, wall, first_request(url) - begin if url else 0.0)


def first_request(url: str) -> float:
    """When the server saw its first request, in seconds of the monotonic clock."""
    times: list[float] = orjson.loads(urllib.request.urlopen(f"{url}/clock").read())  # noqa: S310 - our own server
    return times[0]


def best(turns: list[Cost]) -> Cost:
    """The least of everything; of memory the most, since that only ever is what was needed."""
    return Cost(
        min(each.cpu for each in turns),
        max(each.memory for each in turns),
        min(each.wall for each in turns),
        min(each.start for each in turns),
    )


def project(folder: Path, url: str) -> None:
    """Writes the folder that `etl run` works in."""
    (folder / "mappings").mkdir()
    (folder / "etl.yaml").write_text(PROJECT)
    (folder / "things.yaml").write_text(CONNECTOR.format(url=url))
    (folder / "mappings" / "things.yaml").write_text(MAPPING)


def one_turn(url: str) -> dict[str, Cost]:
    """The scripts, a first run, a run that finds nothing changed, and a first run of few records."""
    etl = [sys.executable, "-m", "etl", "run", "--no-progress"]
    with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as part:
        for folder in (whole, part):
            project(Path(folder), url)
        measure([*etl, "--help"], Path(whole))  # modules are compiled once, not by each run
        return {
            "script by hand": measure([sys.executable, str(SELF), "by-hand", url], Path(whole), url),
            "the same, blocking": measure([sys.executable, str(SELF), "blocking", url], Path(whole), url),
            "etl run, all new": measure(etl, Path(whole), url),
            "etl run, all unchanged": measure(etl, Path(whole), url),
            f"etl run of {FEW:,} records": measure([*etl, "--limit", str(FEW)], Path(part), url),
        }


def show(records: int, costs: dict[str, Cost], starts: dict[str, Cost]) -> None:
    """Prints the costs and the ratios beside those to reach."""
    script, _, new, _, few = costs.values()
    version, click = starts.values()
    print(f"{records:,} records of {PAGE} a page, best of {TURNS}\n")
    print(f"{'':28}{'CPU s':>8}{'µs/record':>11}{'MB':>7}{'wall s':>8}{'first request s':>17}")
    for label, cost in costs.items():
        number = FEW if cost is few else records
        rate = cost.cpu / number * 1e6
        print(f"{label:28}{cost.cpu:8.2f}{rate:11.1f}{cost.memory:7.0f}{cost.wall:8.2f}{cost.start:17.2f}")
    print(f"\n{'':44}{'here':>8}   to reach")
    for label, value, wanted in (
        ("CPU of a first run, × the script", f"{new.cpu / script.cpu:.2f}", "1.3"),
        (f"memory, × that of {FEW:,} records", f"{new.memory / few.memory:.2f}", "1.1"),
        ("memory, MB", f"{new.memory:.0f}", "120"),
        ("seconds until the first request", f"{new.start:.2f}", "0.6"),
        ("etl --version, × python -c 'import click'", f"{version.cpu / click.cpu:.2f}", "2.5"),
    ):
        print(f"{label:44}{value:>8}   {wanted:>5}")


def main(records: int) -> None:
    """Measures script and runs in turns, and shows the best of each."""
    command = [sys.executable, str(SELF), "serve", str(records)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command
    try:
        url = server.stdout.readline().strip() if server.stdout else ""
        turns = [one_turn(url) for _ in range(TURNS)]
    finally:
        server.terminate()
        server.wait()
    commands = {"version": ["-m", "etl", "--version"], "click": ["-c", "import click"]}
    starts = {}
    for name, words in commands.items():
        starts[name] = best([measure([sys.executable, *words], SELF.parent) for _ in range(5)])
    show(records, {label: best([turn[label] for turn in turns]) for label in turns[0]}, starts)


if __name__ == "__main__":
    parts: dict[str, Callable[[str], None]] = {
        "serve": lambda text: serve(int(text)),
        "by-hand": by_hand,
        "blocking": blocking,
    }
    if sys.argv[1:2] and sys.argv[1] in parts:
        parts[sys.argv[1]](sys.argv[2])
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 100_000)
