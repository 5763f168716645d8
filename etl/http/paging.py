"""How a list goes on: state machines without I/O, fed answers, that say the next request or the end.

    {kind: none}                            one answer holds all
    {kind: page_number, page_param: page, size_param: pageSize,
     size: 100, max_size: 100,              the size asked for (the largest allowed) and the documented maximum
     start: 1,                              number of the first page
     total: totalItemCount,                 JMESPaths in an answer, all optional: records in all;
     total_pages: totalPages,               pages in all (declared, but missing in an answer: an error);
     page: page, page_size: pageSize}       the page answered and the page size used (a smaller one is warned about)
    {kind: offset, offset_param: skip, limit_param: take, size: 100, start: 0, total: count, page_size: limit}
    {kind: cursor, cursor_param: cursor,
     next: meta.next,                       path of the next cursor; null ends
     more: meta.has_more,                   optional path that is false at the end
     size_param: limit, size: 100, total: …}
    {kind: next_link,
     next: '"@odata.nextLink"',             path of the next address in the body, or `header: X-Next`
     size_param: …, size: …, total: …}      sent with the first request only: a link carries its own parameters
    {kind: link_header, …}                  RFC 8288 `Link: <…>; rel="next"`, otherwise as next_link

`total_header: X-Total-Count` may stand in place of `total` everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from etl.errors import ConnectionFailed
from etl.http.answer import Answer, origin, resolve
from etl.http.paths import Path, compile_path

Block = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """What to ask next: query parameters to add, or a whole address; `number` counts pages from 1."""

    number: int
    query: tuple[tuple[str, str], ...] = ()
    url: str | None = None


class Chain(Protocol):
    """A list that must be followed page by page. Made for one read; refuses to go in circles."""

    def first(self) -> Step: ...

    def after(self, step: Step, answer: Answer, count: int) -> Step | None:
        """What follows an answer with `count` records; None at the end. Raises ConnectionFailed."""


class PagingFailed(ConnectionFailed):
    """The answers of a list don't add up to one that ends."""


# --- totals ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Totals:
    """Reads the numbers that an answer gives about the whole list."""

    total: Path | None = None
    total_header: str | None = None
    pages: Path | None = None
    page: Path | None = None
    size: Path | None = None

    @classmethod
    def from_config(cls, block: Block) -> Totals:
        def path(name: str) -> Path | None:
            return compile_path(block[name]) if block.get(name) else None

        return cls(path("total"), block.get("total_header"), path("total_pages"), path("page"), path("page_size"))

    def records(self, answer: Answer) -> int | None:
        """How many records the list holds in all, where the answer says so."""
        if self.total_header is not None:
            told = answer.headers.get(self.total_header, "")
            return int(told) if told.isdecimal() else None
        return _count(self.total, answer)

    def last(self, answer: Answer) -> int | None:
        """How many pages there are in all. Raises PagingFailed where the connector says that it stands there."""
        told = _count(self.pages, answer)
        if told is None and self.pages is not None:
            raise PagingFailed(
                "an answer does not say how many pages there are",
                "the connector's `paging.total_pages` looks for a number that is not there",
            )
        return told

    def asked_page(self, answer: Answer) -> int | None:
        return _count(self.page, answer)

    def page_size(self, answer: Answer) -> int | None:
        return _count(self.size, answer)


def _count(path: Path | None, answer: Answer) -> int | None:
    told = path(answer.body) if path is not None else None
    if isinstance(told, str) and told.isdecimal():
        told = int(told)
    return told if isinstance(told, int) and not isinstance(told, bool) and told >= 0 else None


# --- pages that can be asked for by number ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Numbered:
    """Pages whose address is known before they are read, so that several can be asked for at once."""

    position_param: str
    size_param: str | None
    size: int
    start: int
    by_record: bool
    totals: Totals

    def step(self, number: int, before: int) -> Step:
        """The request of page `number` (from 1), which has `before` records before it."""
        position = self.start + (before if self.by_record else number - 1)
        query = [(self.position_param, str(position))]
        if self.size_param:
            query.append((self.size_param, str(self.size)))
        return Step(number, tuple(query))


def _page_number(block: Block) -> Numbered:
    return Numbered(
        position_param=block["page_param"],
        size_param=block.get("size_param"),
        size=int(block.get("size", 100)),
        start=int(block.get("start", 1)),
        by_record=False,
        totals=Totals.from_config(block),
    )


def _offset(block: Block) -> Numbered:
    return Numbered(
        position_param=block["offset_param"],
        size_param=block.get("limit_param"),
        size=int(block.get("size", 100)),
        start=int(block.get("start", 0)),
        by_record=True,
        totals=Totals.from_config(block),
    )


# --- pages that only the one before tells of ----------------------------------------------------------


@dataclass(slots=True)
class OnePage:
    """One answer holds all."""

    def first(self) -> Step:
        return Step(1)

    def after(self, step: Step, answer: Answer, count: int) -> Step | None:
        return None


@dataclass(slots=True)
class Cursors:
    """Each answer holds the cursor of the next."""

    param: str
    next: Path
    more: Path | None
    fixed: tuple[tuple[str, str], ...]
    _seen: set[str] = field(default_factory=set)

    def first(self) -> Step:
        return Step(1, self.fixed)

    def after(self, step: Step, answer: Answer, count: int) -> Step | None:
        cursor = self.next(answer.body)
        if cursor is None or cursor is False or cursor == "" or (self.more is not None and not self.more(answer.body)):
            return None
        if isinstance(cursor, (dict, list)):
            raise PagingFailed(
                "the cursor of the next page is no text or number", "check the connector's `paging.next`"
            )
        _refuse_repeated(str(cursor), self._seen, "cursor")
        return Step(step.number + 1, (*self.fixed, (self.param, str(cursor))))


@dataclass(slots=True)
class Links:
    """Each answer holds the address of the next, in its body or a header."""

    body: Path | None
    header: str | None
    fixed: tuple[tuple[str, str], ...]
    _seen: set[str] = field(default_factory=set)

    def first(self) -> Step:
        return Step(1, self.fixed)

    def after(self, step: Step, answer: Answer, count: int) -> Step | None:
        link = self._link(answer)
        if not link:
            return None
        if not isinstance(link, str):
            raise PagingFailed("the address of the next page is no text", "check the connector's `paging.next`")
        target = resolve(answer.url, link)
        if origin(target) != origin(answer.url):
            raise PagingFailed(
                f"the next page is said to be at another address ({origin(target)})",
                "credentials go to no other address; if it is right, write it as `base_url`",
            )
        self._seen.add(answer.url)
        _refuse_repeated(target, self._seen, "address")
        return Step(step.number + 1, url=target)

    def _link(self, answer: Answer) -> Any:
        if self.body is not None:
            return self.body(answer.body)
        if self.header is not None:
            return answer.headers.get(self.header)
        return next_of_link_header(answer.headers.get("link", ""))


def _refuse_repeated(mark: str, seen: set[str], what: str) -> None:
    if mark in seen:
        raise PagingFailed(
            f"the {what} of the next page has come before: the list goes in circles", "this is a fault of the API"
        )
    seen.add(mark)


_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w*!-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s";,]+))*)')
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s";,]+))', re.IGNORECASE)


def next_of_link_header(value: str) -> str | None:
    """The target with relation `next` of a Link header (RFC 8288)."""
    for target, params in _LINK.findall(value):
        relation = _REL.search(params)
        if relation and "next" in (relation[1] or relation[2] or "").lower().split():
            return str(target)
    return None


def _cursor(block: Block) -> Cursors:
    more = compile_path(block["more"]) if block.get("more") else None
    return Cursors(block["cursor_param"], compile_path(block["next"]), more, _fixed(block))


def _next_link(block: Block) -> Links:
    body = compile_path(block["next"]) if block.get("next") else None
    return Links(body, block.get("header"), _fixed(block))


def _link_header(block: Block) -> Links:
    return Links(None, None, _fixed(block))


def _fixed(block: Block) -> tuple[tuple[str, str], ...]:
    return ((block["size_param"], str(block.get("size", 100))),) if block.get("size_param") else ()


def _one_page(block: Block) -> OnePage:
    return OnePage()


_CHAINS: dict[str, Callable[[Block], Chain]] = {
    "none": _one_page,
    "cursor": _cursor,
    "next_link": _next_link,
    "link_header": _link_header,
}
_NUMBERED: dict[str, Callable[[Block], Numbered]] = {"page_number": _page_number, "offset": _offset}


def build_paging(block: Block) -> Numbered | Chain:
    """The paging of one read, from its block; without one, one answer holds all."""
    kind = block.get("kind", "none")
    return _NUMBERED[kind](block) if kind in _NUMBERED else _CHAINS[kind](block)
