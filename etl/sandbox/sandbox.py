"""The sandbox as one object: start it, point connections at it, look inside."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from aiohttp import web

from etl.errors import UsageError
from etl.sandbox.api import Api
from etl.sandbox.blikk import api as blikk
from etl.sandbox.control import Control
from etl.sandbox.data.world import fill
from etl.sandbox.dimescheduler import api as dimescheduler
from etl.sandbox.dimesheets import api as dimesheets
from etl.sandbox.exchange import Key, Record
from etl.sandbox.faults import Faults, Rule
from etl.sandbox.front import Front
from etl.sandbox.journal import Entry, Journal
from etl.sandbox.profiles import profile_rules
from etl.sandbox.settings import Settings
from etl.sandbox.storage import Database, Store
from etl.sandbox.wire import Door

APIS = ("blikk", "dimesheets", "dimescheduler")
SEED = 20_260_401
PROMPT = 0.0005
"""For how long others may keep its thread from a request that is there, in seconds. Python's usual 0.005, several times
over, would be a delay on the way that no real server has: requests at the very limit would count as too many."""
T = TypeVar("T")


class Sandbox:
    """The three APIs over HTTP on this machine, in a thread of their own, filled with made-up data.

    Use it as a context manager. `folder` keeps the data for the next time, None forgets it. `ports` fixes the ports by
    API name (otherwise free ones are taken). `chaos` is the name of a profile, or rules. `throttle` is "sliding",
    "calendar" or "off"; True means the first, False the last. Methods may be called from any thread.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        seed: int = SEED,
        small: bool = False,
        host: str = "127.0.0.1",
        ports: Mapping[str, int] | None = None,
        chaos: str | Iterable[Rule] | None = None,
        throttle: bool | str = True,
        chaos_seed: int = 0,
    ) -> None:
        self._folder = folder
        self._seed = seed
        self._small = small
        self._host = host
        self._ports = dict(ports or {})
        self._faults = Faults(profile_rules(chaos) if isinstance(chaos, str) else chaos or (), chaos_seed)
        self._settings = Settings()
        self._throttle = throttle if isinstance(throttle, str) else "sliding" if throttle else "off"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._work, name="etl-sandbox", daemon=True)
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._control: Control | None = None
        self._runners: list[web.ServerRunner] = []
        self._origins: dict[str, str] = {}

    def __enter__(self) -> Sandbox:
        sys.setswitchinterval(min(sys.getswitchinterval(), PROMPT))
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def serve_forever(self) -> None:
        """Stays until the process is told to end (KeyboardInterrupt passes through)."""
        while self._thread.is_alive():
            self._thread.join(timeout=0.5)

    @property
    def connections(self) -> dict[str, dict[str, Any]]:
        """What a project's `connections` need to reach the sandbox: base_url and credentials by connector."""
        return {
            "blikk": {
                "base_url": self._origins["blikk"],
                "auth": {"app_id": blikk.APP_ID, "app_secret": blikk.APP_SECRET},
            },
            "dimesheets": {"base_url": self._origins["dimesheets"], "auth": {"api_key": dimesheets.API_KEY}},
            "dimescheduler": {
                "base_url": self._origins["dimescheduler"],
                "auth": {"username": dimescheduler.USERNAME, "password": dimescheduler.PASSWORD},
            },
        }

    # -- looking inside and turning screws ---------------------------------------------------------------------------

    def records(self, api: str, resource: str) -> list[Record]:
        """All records of a resource in the fullest form that the API shows."""
        return self._do(lambda control: control.records(api, resource))

    def add(self, api: str, resource: str, **fields: Any) -> Key:
        """Adds a record at the source; what is left out is filled in plausibly. References go by id (`customerId`)."""
        return self._do(lambda control: control.add(api, resource, fields))

    def change(self, api: str, resource: str, key: Key, **fields: Any) -> None:
        """Changes fields of a record at the source, as somebody in the office would: `updated` moves."""
        self._do(lambda control: control.change(api, resource, key, fields))

    def remove(self, api: str, resource: str, key: Key) -> None:
        """Deletes a record at the source."""
        self._do(lambda control: control.remove(api, resource, key))

    def configure(self, **settings: Any) -> None:
        """Changes settings (see `Settings`): throttle, token_lifetime, missing_permissions, refuse_ip…"""
        self._do(lambda control: control.configure(settings))

    def revoke_tokens(self) -> int:
        """Makes all tokens invalid; gives how many there were."""
        return self._do(lambda control: control.revoke_tokens())

    def misbehave(self, *rules: Rule, chaos: str | None = None) -> None:
        """Adds fault rules, or those of a profile, to the ones in force."""
        self._do(lambda control: control.misbehave(chaos, rules))

    def held(self) -> int:
        """How many requests a fault keeps waiting at this moment."""
        return self._do(lambda control: control.faults.held)

    def behave(self) -> None:
        """Ends all faults; what they held up goes on."""
        self._do(lambda control: control.behave())

    def reset(self) -> None:
        """The made-up data as it was at first, no faults, default settings, an empty journal."""
        self._do(lambda control: control.reset())

    def summary(self, last: int = 100) -> dict[str, Any]:
        """Requests and 429s by API, records that moved, the last requests."""
        return self._do(lambda control: control.journal.summary(last))

    def requests(self, api: str | None = None) -> list[Entry]:
        """The requests so far, oldest first."""
        return self._do(lambda control: [entry for entry in control.journal.entries if api in (None, entry.api)])

    def forget_requests(self) -> None:
        """Empties the journal."""
        self._do(lambda control: control.journal.clear())

    # -- the thread --------------------------------------------------------------------------------------------------

    def _do(self, work: Callable[[Control], T]) -> T:
        control, loop = self._control, self._loop
        if control is None or loop is None or not self._thread.is_alive():
            raise UsageError("the sandbox is not running", "use it in a with statement")

        async def run() -> T:
            return work(control)

        return asyncio.run_coroutine_threadsafe(run(), loop).result()

    def _work(self) -> None:
        self._loop = asyncio.new_event_loop()
        try:
            self._run(self._loop)
        except BaseException as error:  # carried over to the thread that started this one
            self._failure = error
        finally:
            self._loop.close()
            self._ready.set()

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        database = Database(self._folder)
        try:
            loop.run_until_complete(self._open(database))
            self._ready.set()
            loop.run_forever()
        finally:
            loop.run_until_complete(self._close())
            database.close()

    async def _open(self, database: Database) -> None:
        stores = {name: Store(database, name) for name in APIS}

        def make_up() -> None:
            fill(stores["blikk"], stores["dimesheets"], stores["dimescheduler"], self._seed, self._small)

        with database.transaction():
            if database.empty:
                make_up()
        clock = _steady_clock()
        apis: dict[str, Api] = {
            "blikk": blikk.Blikk(stores["blikk"], self._settings, clock),
            "dimesheets": dimesheets.DimeSheets(stores["dimesheets"], self._settings),
            "dimescheduler": dimescheduler.DimeScheduler(stores["dimescheduler"], self._settings),
        }
        journal = Journal()
        control = Control(apis, database, journal, self._settings, self._faults, make_up)
        control.configure({"throttle": self._throttle})
        for name, api in apis.items():
            door = Door(name, Front(api, database, journal), lambda: self._faults, journal, clock, control.answer)
            await self._listen(name, door)
        self._control = control

    async def _listen(self, name: str, door: Door) -> None:
        runner = web.ServerRunner(door.server(), shutdown_timeout=0.5)
        self._runners.append(runner)
        await runner.setup()
        wanted = self._ports.get(name, 0)
        try:
            await web.TCPSite(runner, self._host, wanted).start()
        except OSError as error:
            raise UsageError(
                f"the sandbox can't listen on {self._host}:{wanted}: {error.strerror or error}", "choose another port"
            ) from error
        host = f"[{self._host}]" if ":" in self._host else self._host
        self._origins[name] = f"http://{host}:{runner.addresses[0][1]}"

    async def _close(self) -> None:
        for runner in self._runners:
            await runner.cleanup()
        await asyncio.get_running_loop().shutdown_default_executor()


def _steady_clock() -> Callable[[], float]:
    """Seconds since 1970 that never jump."""
    offset = time.time() - time.monotonic()
    return lambda: time.monotonic() + offset
