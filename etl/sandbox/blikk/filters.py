"""The filters of lists, by data type (Blikk: Filtering). A value that is not of its type raises ValueError."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from etl.sandbox.blikk.moments import day_of, instant, parse
from etl.sandbox.exchange import Json, Record

Predicate = Callable[[Record], bool]
Filter = Callable[[str], Predicate]


def contains(*fields: str) -> Filter:
    """Text anywhere in one of the fields, whatever its case."""
    return contains_in(lambda record: (record.get(name) for name in fields))


def contains_in(texts: Callable[[Record], Iterable[Json]]) -> Filter:
    """Text anywhere in one of the texts that `texts` gives."""

    def build(raw: str) -> Predicate:
        wanted = raw.casefold()
        return lambda record: any(wanted in str(text or "").casefold() for text in texts(record))

    return build


def one_of(values: tuple[str, ...], of: Callable[[Record], Json]) -> Filter:
    """One of the documented values; what the record has is compared without its case."""

    def build(raw: str) -> Predicate:
        if raw not in values:
            raise ValueError(raw)
        return lambda record: str(of(record)).casefold() == raw.casefold()

    return build


def equals_id(of: Callable[[Record], Json]) -> Filter:
    """Keeps records whose id, as `of` finds it, is the one asked for."""

    def build(raw: str) -> Predicate:
        wanted = int(raw)
        return lambda record: of(record) == wanted

    return build


def any_id(of: Callable[[Record], Iterable[Json]]) -> Filter:
    """`5,21,46`: the record has at least one of them."""

    def build(raw: str) -> Predicate:
        wanted = set(integers(raw))
        return lambda record: any(key in wanted for key in of(record))

    return build


def all_ids(of: Callable[[Record], Iterable[Json]]) -> Filter:
    """`5,21,46`: the record has every one of them."""

    def build(raw: str) -> Predicate:
        wanted = set(integers(raw))
        return lambda record: wanted <= set(of(record))

    return build


def flag(of: Callable[[Record], bool]) -> Filter:
    """Keeps records for which `of` says what was asked for: true or false."""

    def build(raw: str) -> Predicate:
        if raw.lower() not in ("true", "false"):
            raise ValueError(raw)
        wanted = raw.lower() == "true"
        return lambda record: of(record) == wanted

    return build


def since(*fields: str) -> Filter:
    """A moment that at least one of the fields has reached."""

    def build(raw: str) -> Predicate:
        wanted = instant(_moment(raw))
        return lambda record: any((record.get(name) or "") >= wanted for name in fields)

    return build


def day_from(field: str) -> Filter:
    """Records that have a day in this field which is not before the one given."""

    def build(raw: str) -> Predicate:
        wanted = _day(raw)
        return lambda record: bool(record.get(field)) and record[field] >= wanted

    return build


def day_to(field: str) -> Filter:
    """Records that have a day in this field which is not after the one given."""

    def build(raw: str) -> Predicate:
        wanted = _day(raw)
        return lambda record: bool(record.get(field)) and record[field] <= wanted

    return build


def integers(raw: str) -> list[int]:
    """`5,21,46,231` as numbers."""
    return [int(part) for part in raw.split(",")]


def _moment(raw: str) -> datetime:
    moment = parse(raw)
    if moment is None:
        raise ValueError(raw)
    return moment


def _day(raw: str) -> str:
    day = day_of(raw)
    if day is None:
        raise ValueError(raw)
    return day.isoformat()
