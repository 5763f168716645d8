"""Servers of a test's own that go on in a thread while a command runs in this one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def background(server: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """What `server` gives on entering, for as long as the block runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        given = asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result()
        try:
            yield given
        finally:
            asyncio.run_coroutine_threadsafe(_ended(server), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended(server: AbstractAsyncContextManager[T]) -> None:
    """Leaves the server, and no request to it half handled: what that holds would be found open in another test."""
    await server.__aexit__(None, None, None)
    handlers = asyncio.all_tasks() - {asyncio.current_task()}
    for handler in handlers:
        handler.cancel()
    await asyncio.gather(*handlers, return_exceptions=True)
