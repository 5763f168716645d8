"""Records looked up in a target: by their id, or by what is known of them when their id is not."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
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
        """The values by which a record is told apart, in a form that equal ones share."""
        compare = (self.source.endpoint.match or {}).get("compare", {})
        return tuple(repr(_plain(output.get(name))) for name in compare)

    @property
    def can_read(self) -> bool:
        return "get" in self.source.endpoint.operations

    async def read(self, target_id: Json, values: Mapping[str, Json] | None = None) -> Record | None:
        """The record with this id as the target has it now; None where it has none. `values` fill other path names."""
        op = self.source.endpoint.operations["get"]
        try:
            return await self.source.get({**(values or {}), "id": target_id})
        except Refused as refused:
            if refused.status in op.not_found:
                return None
            raise

    async def is_gone(self, target_id: Json, values: Mapping[str, Json] | None = None) -> bool:
        """True where the target surely has no record with this id; false where it can't be asked."""
        return self.can_read and await self.read(target_id, values) is None

    async def find(self, output: Record, *, made_after: datetime | None = None) -> list[Found]:
        """Records that agree with `output` in every field that the connector compares, made after the moment given.

        A record without a time of creation counts as made after it. Lists in full: nothing is taken for absent that
        merely stands on a later page.
        """
        block = self.source.endpoint.match or {}
        params = {name: compile_path(place)(output) for name, place in block.get("params", {}).items()}
        compare = {name: compile_path(place) for name, place in block["compare"].items()}
        where, created = compile_path(block.get("id", "id")), block.get("created")
        found = []
        async with aclosing(self.source.pages(ReadRequest(params=params, parents=output))) as pages:
            async for page in pages:
                for listed in page.records:
                    record = await self._full(listed, output) if block.get("detail") else listed
                    if all(same(output.get(name), place(record)) for name, place in compare.items()):
                        made = compile_path(created)(record) if created else None
                        found.append(Found(where(record), record, made if isinstance(made, str) else None))
        return [one for one in found if made_after is None or _is_after(one.created, made_after)]

    async def _full(self, listed: Record, output: Record) -> Record:
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
        return moment.replace(tzinfo=None).isoformat()
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
