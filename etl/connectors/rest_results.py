"""What an answer says of the records of a write: per-item results, envelopes, business refusals, new ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from etl.catalogue import Op, Results
from etl.errors import ConnectionFailed, OutcomeUnknown, Refused
from etl.http.answer import Answer
from etl.http.decoding import decode
from etl.http.paths import Path, compile_path
from etl.http.refusal import said
from etl.keys import key_text
from etl.model import NO_RESULT, Action, Item, Json, Outcome

NO_REASON = "refused without a reason"
UNTOLD = "the answer has no result for this record; it is sent again with the next run"


@dataclass(frozen=True, slots=True)
class ResultReader:
    """Finds each item's own result in the answer to a batch."""

    records: Path
    key: Path | None
    success: Path
    error: Path
    created: Path | None
    normalise: tuple[str, ...]

    @classmethod
    def build(cls, results: Results, normalise: tuple[str, ...]) -> ResultReader:
        return cls(
            compile_path(results.records),
            compile_path(results.key) if results.key else None,
            compile_path(results.success),
            compile_path(results.error),
            compile_path(results.created) if results.created else None,
            normalise,
        )

    def read(self, what: str, items: Sequence[Item], body: Json) -> list[Outcome]:
        """One outcome per item, in their order. Raises ConnectionFailed where there are no results at all."""
        results = self.records(body)
        if not isinstance(results, list):
            raise ConnectionFailed(
                f"{what}: the answer to a batch came without its results, so that nobody knows what was written",
                "a rerun sends the same records again, which does no harm; does `results.records` point at them?",
            )
        if self._in_order(items, results):
            return [self._outcome(item, result) for item, result in zip(items, results, strict=True)]
        mine = self._matched(items, results)
        return [self._outcome(item, mine.get(index)) for index, item in enumerate(items)]

    def _in_order(self, items: Sequence[Item], results: list[Json]) -> bool:
        """The usual answer: one result per item, in their order, each under its item's very key."""
        if self.key is None or len(results) != len(items):
            return False
        return list(map(self.key, results)) == [item.target_key for item in items]

    def _matched(self, items: Sequence[Item], results: list[Json]) -> dict[int, Json]:
        """item index → its result: by key; by position where keys don't tell and the order is that of the items."""
        places = {self._normal(item.target_key): index for index, item in enumerate(items)}
        by_key: dict[int, Json] = {}
        strange: list[int] = []
        in_order = len(results) == len(items)
        for position, result in enumerate(results):
            text = self._normal(key_text(self.key(result)) or "") if self.key else ""
            index = places.get(text) if text else None
            if index is None:
                strange.append(position)
            elif index not in by_key:
                by_key[index] = result
                in_order = in_order and index == position
        if in_order:
            by_key |= {position: results[position] for position in strange if position not in by_key}
        return by_key

    def _normal(self, key: str) -> str:
        if "trim" in self.normalise:
            key = key.strip()
        return key.lower() if "lower" in self.normalise else key

    def _outcome(self, item: Item, result: Json) -> Outcome:
        if result is None:
            return Outcome(item, Action.REJECTED, reason=UNTOLD, code=NO_RESULT)
        if self.success(result) is not True:
            reason = said(self.error(result)) or NO_REASON
            return Outcome(item, Action.REJECTED, reason=reason, code="refused")
        if self.created is None:
            return Outcome(item, Action.WRITTEN)
        return Outcome(item, Action.CREATED if self.created(result) else Action.UPDATED)


@dataclass(frozen=True, slots=True)
class Envelope:
    """An answer with HTTP 200 that holds the real one, which may be a failure."""

    content: Path | None
    place: str | None
    failed: Path
    text: Path | None
    status: Path | None

    @classmethod
    def from_config(cls, block: Mapping[str, Json]) -> Envelope:
        def path(name: str) -> Path | None:
            return compile_path(block[name]) if block.get(name) else None

        return cls(path("content"), block.get("content"), compile_path(block["failed"]), path("text"), path("status"))

    def opened(self, what: str, answer: Answer) -> Json:
        """The answer with its content decoded in place.

        Raises Refused where it tells of a failure, OutcomeUnknown where that can't be told.
        """
        try:
            body = self._decoded(answer.body)
            self._judge(what, answer, body)
        except ConnectionFailed as error:
            raise OutcomeUnknown(f"{what}: {error.message}", error.hint) from None
        if self.place is not None and isinstance(self._content(body), str):
            message = f"{what}: the answer holds text that is not JSON where its content should be"
            raise OutcomeUnknown(message, "what came of the request can't be told; a rerun looks before it sends again")
        return body

    def _judge(self, what: str, answer: Answer, body: Json) -> None:
        if not self.failed(body):
            return
        reason = said(self.text(body) if self.text else None) or said(self._content(body)) or NO_REASON
        status = self.status(body) if self.status else None
        status = status if isinstance(status, int) else answer.status
        raise Refused(f"{what}: {reason}", status=status, reason=reason)

    def _content(self, body: Json) -> Json:
        return self.content(body) if self.content else None

    def _decoded(self, body: Json) -> Json:
        """Content that is JSON as text decoded; any other is left as it is."""
        content = self._content(body)
        if isinstance(content, str) and self.place is not None and isinstance(body, dict):
            try:
                return {**body, self.place: decode(content.encode())}
            except ValueError:
                return body
        return body


def conflict_of(op: Op, refused: Refused) -> tuple[str, str] | None:
    """Code and reason of a refusal to which the connector gives one certain meaning."""
    block = op.conflict
    if block is None or refused.status not in block.get("statuses", (409,)):
        return None
    told = block.get("reason", "")
    text = f"{told} ({refused.reason})" if told and not refused.reason.startswith("HTTP ") else told or refused.reason
    return str(block.get("code", "conflict")), text
