"""Records looked up in a target: by their id, or by what is known of them when their id is not."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from etl.connectors.rest_source import RestSource
from etl.errors import Refused
from etl.http.paths import compile_path
from etl.model import Json, Record
from etl.ports import Found, ReadRequest


@dataclass(frozen=True, slots=True)
class RestFinder:
    """Looks into the endpoint that a target writes to."""

    source: RestSource

    @property
    def can_find(self) -> bool:
        """The connector says how a record of this endpoint is found again."""
        return self.source.endpoint.match is not None

    def natural(self, output: Record) -> tuple[str, ...]:
        """What a record is told apart by, as text: equal for outputs between which `find` can't choose."""
        return tuple(f"{name}={_told_apart(output[name])}" for name in self._block["compare"] if name in output)

    async def read(self, target_id: Json, values: Mapping[str, Json] | None = None) -> Record | None:
        """The record with this id as the target has it now; None where it has none. `values` fill other path names."""
        op = self.source.endpoint.operations.get("get")
        try:
            return await self.source.get({**(values or {}), "id": target_id})
        except Refused as refused:
            if refused.status in (op.not_found if op else (404,)):
                return None
            raise

    async def is_gone(self, target_id: Json, values: Mapping[str, Json] | None = None) -> bool:
        """True where the target surely has no record with this id; false where it can't be asked."""
        return self.source.can_get and await self.read(target_id, values) is None

    async def find(self, output: Record, *, made_after: datetime | None = None) -> list[Found]:
        """Records that agree with `output` in every field it has of those compared, made after the moment given.

        A record without a time of creation counts as made after it. Lists in full: nothing is taken for absent that
        merely stands on a later page. Each once, though a list that changes under the reading is read again in parts.
        """
        compare = {name: compile_path(place) for name, place in self._block["compare"].items() if name in output}
        found = []
        async with aclosing(self.source.pages(self._request(output))) as pages:
            async for page in pages:
                for listed in page.records:
                    record = await self._full(listed, output)
                    if all(same(output[name], place(record)) for name, place in compare.items()):
                        found.append(self._found(record))
        each_once = {str(one.id): one for one in found if one.id is not None}.values()
        unnamed = [one for one in found if one.id is None]
        return [one for one in (*each_once, *unnamed) if made_after is None or _is_after(one.created, made_after)]

    @property
    def _block(self) -> Mapping[str, Json]:
        return self.source.endpoint.match or {"compare": {}}

    def _request(self, output: Record) -> ReadRequest:
        """A day more on both sides of a span: whether its last day is inside, and in which zone, APIs don't say."""
        params = {name: compile_path(place)(output) for name, place in self._block.get("params", {}).items()}
        window = self.source.endpoint.operations["list"].window
        for name, days in ((window.start, -1), (window.end, 1)) if window else ():
            if params.get(name):
                params[name] = (date.fromisoformat(str(params[name])[:10]) + timedelta(days=days)).isoformat()
        return ReadRequest(params=params, parents=output)

    def _found(self, record: Record) -> Found:
        place = self._block.get("created")
        made = compile_path(place)(record) if place else None
        return Found(compile_path(self._block.get("id", "id"))(record), record, made if isinstance(made, str) else None)

    async def _full(self, listed: Record, output: Record) -> Record:
        if not self._block.get("detail"):
            return listed
        return await self.source.detail(listed, {name: output[name] for name in output if name not in listed})


def same(sent: Json, listed: Json) -> bool:
    """Equal for a person: 7 and "7.00", a date and its midnight, texts apart from case and outer space, null and ""."""
    if _is_number(sent) or _is_number(listed):
        return _number(sent) == _number(listed) and _number(sent) is not None
    return bool(_plain(sent) == _plain(listed))


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _number(value: Json) -> Decimal | None:
    try:
        return None if isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        return None


def _told_apart(value: Json) -> str:
    number = _number(value) if _is_number(value) else None
    return str(_plain(value) if number is None else number.normalize())


def _plain(value: Json) -> Json:
    if value is None or value == "":
        return None
    return _plain_text(value.strip()) if isinstance(value, str) else value


def _plain_text(text: str) -> str:
    if len(text) >= 10 and text[:4].isdigit() and text[4] == "-":
        try:
            moment = datetime.fromisoformat(_iso(text))
        except ValueError:
            return text.lower()
        return (moment.astimezone(UTC) if moment.tzinfo else moment).replace(tzinfo=None).isoformat()
    return text.lower()


def _is_after(created: str | None, moment: datetime) -> bool:
    if created is None:
        return True
    try:
        made = datetime.fromisoformat(_iso(created))
    except ValueError:
        return True
    if made.tzinfo is None:
        made = made.replace(tzinfo=moment.tzinfo)
    return made >= moment


def _iso(text: str) -> str:
    """Blikk writes a space before the offset."""
    return text.replace(" +", "+").replace(" -", "-")
