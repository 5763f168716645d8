"""Paging, sorting and filtering, the same for every list (Blikk: Lists, sorting and filtering)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from etl.sandbox.blikk.filters import Filter
from etl.sandbox.blikk.refusals import invalid
from etl.sandbox.exchange import Answer, Call, Json, Record, json_answer

_LARGEST_PAGE = 100
_DEFAULT_PAGE = 25
_SWEDISH = str.maketrans({"å": "{", "ä": "|", "ö": "}", "é": "e", "ü": "u"})  # sorted after z, in this order

SortKey = Callable[[Record], Any]


@dataclass(frozen=True)
class Listing:
    """What a list documents: the values of `sortBy` and its filters, by name in lower case without `filter.`."""

    sorts: Mapping[str, SortKey]
    filters: Mapping[str, Filter] = field(default_factory=dict)


@dataclass(frozen=True)
class Window:
    """The page that was asked for."""

    page: int
    size: int


def answer_list(call: Call, listing: Listing, records: Iterable[Record], show: Callable[[Record], Json]) -> Answer:
    """One page, checked and shown as documented; 400 with every parameter that is wrong."""
    problems: dict[str, list[str]] = {}
    window = _window(call, problems)
    sort = _sort(call, listing, problems)
    predicates = _predicates(call, listing, problems)
    if problems:
        raise invalid(problems)
    found = sort([record for record in records if all(predicate(record) for predicate in predicates)])
    return json_answer(envelope(found, window, show))


def envelope(found: Sequence[Record], window: Window, show: Callable[[Record], Json]) -> dict[str, Json]:
    """The standard answer of a list."""
    start = (window.page - 1) * window.size
    items = [show(record) for record in found[start : start + window.size]]
    return {
        "objectName": "generic.pagedlist",
        "page": window.page,
        "pageSize": window.size,
        "itemCount": len(items),
        "totalItemCount": len(found),
        "totalPages": -(-len(found) // window.size),
        "items": items,
    }


def by_text(name: str) -> SortKey:
    """Swedish order of a text field, whatever its case; what is empty comes first, as in SQL Server."""
    return lambda record: swedish(record.get(name))


def by_value(name: str) -> SortKey:
    """Order of a number, date or instant; null comes first, as in SQL Server, so last when descending."""

    def key(record: Record) -> tuple[bool, Json]:
        value = record.get(name)
        return (value is not None, value if value is not None else 0)

    return key


def swedish(text: str | None) -> str:
    """What a text is sorted by in Swedish: å, ä and ö after z, whatever the case."""
    return (text or "").lower().translate(_SWEDISH)


def _window(call: Call, problems: dict[str, list[str]]) -> Window:
    page = _whole(call.query.get("page", ""))
    if page is None or page < 1:
        problems["page"] = ["The field Page must be greater than or equal to 1."]
    size = _whole(call.query["pagesize"]) if "pagesize" in call.query else _DEFAULT_PAGE
    if size is None or not 1 <= size <= _LARGEST_PAGE:
        problems["pageSize"] = [f"The field PageSize must be between 1 and {_LARGEST_PAGE}."]
    return Window(page or 1, size or _DEFAULT_PAGE)


def _whole(raw: str) -> int | None:
    return int(raw) if raw.strip().lstrip("-").isdecimal() else None


def _sort(call: Call, listing: Listing, problems: dict[str, list[str]]) -> Callable[[list[Record]], Sequence[Record]]:
    order = call.query.get("sortorder", "ascending")
    if order not in ("ascending", "descending"):
        problems["sortOrder"] = [f"The value '{order}' is not valid for SortOrder."]
    name = call.query.get("sortby")
    if name is not None and name not in listing.sorts:
        problems["sortBy"] = [f"The value '{name}' is not valid for SortBy."]
    key = listing.sorts.get(name) if name else None
    return lambda found: sorted(found, key=key or _by_age, reverse=order == "descending")


def _by_age(record: Record) -> Any:
    return record["id"]


def _predicates(call: Call, listing: Listing, problems: dict[str, list[str]]) -> list[Callable[[Record], bool]]:
    predicates = []
    for name, raw in call.query.items():
        build = listing.filters.get(name.removeprefix("filter.")) if name.startswith("filter.") else None
        if build is None:
            continue  # what the API does not know it seems to ignore
        try:
            predicates.append(build(raw))
        except ValueError:
            problems[name] = [f"The value '{raw}' is not valid for {name}."]
    return predicates
