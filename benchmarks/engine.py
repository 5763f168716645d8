"""What the whole engine costs beside a script written by hand for the same work, in one run.

    python benchmarks/engine.py [RECORDS]      default 100000: 1 000 pages → 10 mapped fields → 1 000 upserts

Reads from and writes to a minimal server in a process of its own, without any limit. Prints CPU (user + system) and peak
memory of each child process, the ratio to the script, and the cost of starting up.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
from aiohttp import web

PAGE = 100
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
        paging: {{kind: page_number, page_param: page, size_param: pageSize, size: 100, total_pages: totalPages, total: total}}
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

    with httpx.Client(base_url=url) as client:
        page = pages = 1
        while page <= pages:
            answer = orjson.loads(client.get("/things", params={"page": page, "pageSize": PAGE}).content)
            pages = answer["totalPages"]
            batch = [_mapped(record) for record in answer["items"] if not record["status"]["isCompletedStatus"]]
            headers = {"Content-Type": "application/json"}
            results = orjson.loads(client.post("/things", content=orjson.dumps(batch), headers=headers).content)
            for result in results["results"]:
                if not result["success"]:
                    print(result["externalId"], result["error"])
            page += 1


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
    bodies = {page: _page(page, pages) for page in range(1, min(pages, 1000) + 1)}

    async def things(request: web.Request) -> web.Response:
        page = int(request.query["page"])
        return web.Response(body=bodies.get(page) or _page(page, pages), content_type="application/json")

    async def upsert(request: web.Request) -> web.Response:
        results = [{"externalId": r["externalId"], "success": True, "error": None} for r in orjson.loads(await request.read())]
        body = {"total": len(results), "succeeded": len(results), "results": results}
        return web.Response(body=orjson.dumps(body), content_type="application/json")

    async def main() -> None:
        app = web.Application(client_max_size=2**26)
        app.add_routes([web.get("/things", things), web.post("/things", upsert)])
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


def measure(command: list[str], folder: Path) -> tuple[float, float, float]:
    """CPU seconds, peak memory in MB and wall seconds of a child process."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, time.perf_counter() - begin


def project(folder: Path, url: str) -> None:
    (folder / "mappings").mkdir()
    (folder / "etl.yaml").write_text(PROJECT)
    (folder / "things.yaml").write_text(CONNECTOR.format(url=url))
    (folder / "mappings" / "things.yaml").write_text(MAPPING)


def main(records: int) -> None:
    engine = [sys.executable, "-m", "etl"]
    server = subprocess.Popen([sys.executable, str(SELF), "serve", str(records)], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            project(folder, url)
            script = measure([sys.executable, str(SELF), "by-hand", url], folder)
            first = measure([*engine, "run", "--no-progress"], folder)
            again = measure([*engine, "run", "--no-progress"], folder)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            project(folder, url)
            few = measure([*engine, "run", "--no-progress", "--limit", "100"], folder)
        version = min(measure([*engine, "--version"], SELF.parent)[0] for _ in range(5))
        click = min(measure([sys.executable, "-c", "import click"], SELF.parent)[0] for _ in range(5))
    finally:
        server.terminate()
        server.wait()
    print(f"{records:,} records of {PAGE} a page\n")
    print(f"{'':28}{'CPU s':>8}{'µs/record':>11}{'× script':>10}{'MB':>7}{'wall s':>8}")
    for label, (cpu, memory, wall) in (
        ("script by hand", script),
        ("etl run, all new", first),
        ("etl run, all unchanged", again),
        ("etl run of 100 records", few),
    ):
        print(f"{label:28}{cpu:8.2f}{cpu / records * 1e6:11.1f}{cpu / script[0]:10.2f}{memory:7.0f}{wall:8.2f}")
    print(f"\netl --version: {version / click:.2f} × python -c 'import click'")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]))
    elif sys.argv[1:2] == ["by-hand"]:
        by_hand(sys.argv[2])
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 100_000)
