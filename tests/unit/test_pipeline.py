"""One mapping from source to target: everything read is settled, what is unchanged is not sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etl.errors import ConnectionFailed, Interrupted, LimitReached
from etl.expressions.scope import Scope, table
from etl.model import MISSING, Page, Record, Schema
from etl.pipeline import Pipeline
from etl.ports import MappingState, ReadRequest, State
from etl.ports import Scope as StateScope
from etl.report import MappingReport
from etl.settle import Settlement
from etl.shape import Dedupe, Detail, Details, Diff, Doubles, Held, Shaper, TakenUp
from etl.specs import EachSpec, FieldSpec, Limit, LimitsSpec, LookupSpec, MappingSpec, SourceSpec, TargetSpec
from etl.state import open_state
from etl.steps.drift import Drift
from etl.transform import build_transform, compile_text
from etl.writers import CarefulWriter, PlanWriter, UpsertWriter
from tests.support.clocks import FakeClock
from tests.support.memory import MemorySource, MemoryTarget

SETTLED = ("filtered", "unchanged", "written", "deleted", "rejected")
FIELDS = {"externalId": Schema("string", nullable=False), "name": Schema("string"), "owner": Schema("string")}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[State]:
    state = open_state("sqlite:///state.db", tmp_path)
    yield state
    state.close()


@dataclass
class Bench:
    """A mapping of `things` with its twins, run as often as a test wants."""

    store: State
    source: MemorySource
    target: MemoryTarget = field(default_factory=MemoryTarget)
    fields: dict[str, str] = field(
        default_factory=lambda: {"externalId": "concat('t-', id)", "name": "title"},
    )
    where: str | None = None
    detail: Detail | None = None
    each: EachSpec | None = None
    limits: LimitsSpec = field(default_factory=LimitsSpec)
    options: dict[str, object] = field(default_factory=dict)
    plan: bool = False
    resend: bool = False
    held: dict[str, frozenset[str]] = field(default_factory=dict)
    tables: dict[str, dict[str, object]] = field(default_factory=dict)
    runs: int = 0

    def state(self) -> MappingState:
        return self.store.mapping(StateScope("acme", "", "things", "memory things"))

    def run(self, **changes: object) -> MappingReport:
        report = MappingReport("things")
        try:
            asyncio.run(self._pipeline(report, **changes))
        finally:
            report.unsettled = report.read - sum(getattr(report, name) for name in SETTLED)
        return report

    async def _pipeline(self, report: MappingReport, **changes: object) -> None:
        self.runs += 1
        run_id, state = f"run{self.runs}", self.state()
        spec = MappingSpec(
            name="things",
            file=Path("things.yaml"),
            source=SourceSpec("memory", "things", where=self.where, each=self.each),
            target=TargetSpec("memory", "things"),
            fields=tuple(FieldSpec(name, value=text) for name, text in self.fields.items()),
            lookups={name: LookupSpec(name) for name in self.tables},
        )
        scope = Scope(
            now=datetime(2026, 1, 1, tzinfo=UTC),
            tables={name: table(lambda key, rows=rows: rows.get(key, MISSING)) for name, rows in self.tables.items()},
        )
        transform = build_transform(
            spec,
            scope,
            source_key=["id"],
            detail_only=frozenset({"owner"}),
            target_fields=FIELDS,
            target_key=["externalId"],
            secret=b"k" * 32,
        )
        settlement = Settlement(state, report, run_id, self.limits, secret=b"k" * 32, clock=FakeClock())
        sender = CarefulWriter(UpsertWriter(self.target), state)
        writer = PlanWriter(state, report, settlement.stored) if self.plan else sender
        settings: dict[str, object] = {
            "stop": asyncio.Event(),
            "batch_size": 4,
            "limit": None,
            **self.options,
            **changes,
        }
        pages: Callable[[], AsyncIterator[Page]] = lambda: self.source.pages(ReadRequest())  # noqa: E731
        dedupe = Dedupe(transform, settlement, report, Drift({}))
        shaper = Shaper(
            transform=transform,
            settlement=settlement,
            report=report,
            dedupe=dedupe,
            diff=Diff(transform, state, settlement, report, Doubles(state), resend=self.resend, first=state.blank()),
            held=Held(state, self.held),
            taken_up=TakenUp(transform, settlement, dedupe),
            details=None if self.detail is None else Details(self.detail, transform, self.source, state),
        )
        await Pipeline(pages=pages, shaper=shaper, settlement=settlement, writer=writer, **settings).run()  # type: ignore[arg-type]


def things(count: int, **more: object) -> list[Record]:
    return [{"id": n, "title": f"thing {n}", **more} for n in range(1, count + 1)]


def test_every_record_reaches_the_target_once(store: State) -> None:
    bench = Bench(store, MemorySource(things(25)))
    report = bench.run()
    assert (report.read, report.written, report.unsettled) == (25, 25, 0)
    assert bench.target.stored["t-7"] == {"externalId": "t-7", "name": "thing 7"}
    assert max(bench.target.batches) == 4


def test_an_unchanged_source_costs_the_target_no_request(store: State) -> None:
    bench = Bench(store, MemorySource(things(25)))
    bench.run()
    bench.target.batches.clear()
    report = bench.run()
    assert (report.unchanged, report.written, bench.target.batches) == (25, 0, [])


def test_only_what_changed_is_sent_again(store: State) -> None:
    bench = Bench(store, MemorySource(things(25)))
    bench.run()
    bench.source.records[3]["title"] = "new"
    report = bench.run()
    assert (report.unchanged, report.written) == (24, 1)
    assert bench.target.stored["t-4"]["name"] == "new"


def test_resend_sends_what_is_unchanged_too(store: State) -> None:
    bench = Bench(store, MemorySource(things(5)))
    bench.run()
    bench.resend = True
    report = bench.run()
    assert (report.unchanged, report.written, sum(bench.target.batches)) == (0, 5, 10)


def test_a_record_that_comes_twice_is_taken_once(store: State) -> None:
    records = things(12)
    bench = Bench(store, MemorySource([*records[:10], records[9], *records[10:]]))
    report = bench.run()
    assert (report.read, report.duplicates, report.written) == (12, 1, 12)


def test_where_leaves_records_out_and_counts_them(store: State) -> None:
    report = Bench(store, MemorySource(things(10)), where="id > `6`").run()
    assert (report.read, report.filtered, report.written) == (10, 6, 4)


def test_two_records_with_one_target_key_are_not_both_sent(store: State) -> None:
    bench = Bench(store, MemorySource(things(3)), fields={"externalId": "'same'", "name": "title"})
    report = bench.run()
    assert (report.written, report.rejected) == (1, 2)
    assert bench.target.stored == {"same": {"externalId": "same", "name": "thing 1"}}


def test_a_record_without_key_is_rejected_not_lost(store: State) -> None:
    bench = Bench(store, MemorySource([{"title": "nobody"}, *things(2)]))
    report = bench.run()
    assert (report.read, report.written, report.rejected) == (3, 2, 1)
    [reject] = bench.state().rejects()
    assert reject.record == {"title": "nobody"}


def test_a_record_that_can_t_be_mapped_is_stored_with_its_reason(store: State) -> None:
    bench = Bench(store, MemorySource([*things(2), {"id": 3, "title": {"no": "text"}}]))
    report = bench.run()
    assert (report.written, report.rejected) == (2, 1)
    [reject] = bench.state().rejects()
    assert (reject.key, reject.field) == ("3", "name")


def test_what_the_target_refuses_is_stored_with_its_reason(store: State) -> None:
    target = MemoryTarget(faulty=lambda record: "bad luck" if record["externalId"] == "t-13" else None)
    bench = Bench(store, MemorySource(things(25)), target)
    report = bench.run()
    assert (report.written, report.rejected, report.reasons) == (24, 1, {"bad luck": 1})
    assert [reject.key for reject in bench.state().rejects()] == ["13"]


def test_a_reject_is_taken_up_again_by_the_next_run(store: State) -> None:
    bench = Bench(store, MemorySource(things(5)), MemoryTarget(faulty=lambda _: "closed"))
    bench.run()
    bench.target.faulty = lambda _: None
    report = bench.run()
    assert (report.written, report.rejected) == (5, 0)
    assert list(bench.state().rejects()) == []


def test_a_reject_that_this_read_does_not_bring_is_taken_from_what_was_stored(store: State) -> None:
    bench = Bench(store, MemorySource(things(5)), MemoryTarget(faulty=lambda _: "closed"))
    bench.run()
    bench.target.faulty = lambda _: None
    bench.source.records = things(5)[:2]
    report = bench.run()
    assert (report.read, report.written) == (5, 5)


def test_a_child_of_a_rejected_parent_is_held_back(store: State) -> None:
    bench = Bench(store, MemorySource(things(2)), held={"name": frozenset({"thing 2"})})
    report = bench.run()
    assert (report.written, report.rejected) == (1, 1)
    [reject] = bench.state().rejects()
    assert reject.code == "parent"


def test_a_parent_may_be_named_by_several_fields_together(store: State) -> None:
    held = {"name, externalId": frozenset({'["thing 2","t-2"]'})}
    bench = Bench(store, MemorySource(things(2)), held=held)
    report = bench.run()
    assert (report.written, report.rejected) == (1, 1)
    [reject] = bench.state().rejects()
    assert (reject.code, reject.field) == ("parent", "externalId")


def test_each_makes_one_record_of_every_item(store: State) -> None:
    records = [{"id": 1, "tags": [{"id": 7, "t": "a"}, {"id": 8, "t": "b"}]}, {"id": 2, "tags": []}]
    bench = Bench(
        store,
        MemorySource(records),
        each=EachSpec("tags", "tag", "tag.id"),
        fields={"externalId": "join('-', [to_string(id), to_string(tag.id)])", "name": "tag.t"},
    )
    report = bench.run()
    assert (report.read, report.written) == (2, 2)
    assert set(bench.target.stored) == {"1-7", "1-8"}


def test_a_record_whose_items_have_one_key_is_rejected_as_a_whole(store: State) -> None:
    records = [{"id": 1, "tags": [{"id": 7}, {"id": 8}, {"id": 7}]}, {"id": 2, "tags": [{"id": 7}]}]
    each, fields = EachSpec("tags", "tag", "tag.id"), {"externalId": "concat(id, '-', tag.id)", "name": "'n'"}
    bench = Bench(store, MemorySource(records), each=each, fields=fields)
    report = bench.run()
    assert (report.rejected, set(bench.target.stored)) == (1, {"2-7"})
    [reject] = bench.state().rejects()
    assert (reject.key, reject.code) == ("1", "key")
    assert reject.reason.startswith("items 1 and 3 have the same 'tag.id', the key of `each`")


# --- details -------------------------------------------------------------------------------------


def with_details(store: State, **more: object) -> Bench:
    records = [{"id": n, "title": f"thing {n}", "changed": 1} for n in range(1, 8)]
    source = MemorySource(records, details={n: {"owner": f"owner {n}"} for n in range(1, 8)})
    detail = Detail(reuse=compile_text("changed"), keep=frozenset({"id", "title", "owner"}), digest="d")
    fields = {"externalId": "concat('t-', id)", "name": "title", "owner": "owner"}
    return Bench(store, source, fields=fields, detail=detail, **more)  # type: ignore[arg-type]


def test_a_detail_is_asked_for_once_per_version(store: State) -> None:
    bench = with_details(store)
    bench.run()
    assert sorted(bench.source.asked) == [1, 2, 3, 4, 5, 6, 7]
    bench.source.asked.clear()
    bench.source.records[2]["changed"] = 2
    bench.run()
    assert bench.source.asked == [3]
    assert bench.target.stored["t-5"]["owner"] == "owner 5"


def test_a_filter_that_needs_no_detail_is_applied_before_it(store: State) -> None:
    bench = with_details(store, where="id < `3`")
    report = bench.run()
    assert sorted(bench.source.asked) == [1, 2]
    assert report.filtered == 5


def test_a_filter_on_a_detail_is_applied_after_it(store: State) -> None:
    bench = with_details(store, where="owner == 'owner 3'")
    report = bench.run()
    assert (len(bench.source.asked), report.written, report.filtered) == (7, 1, 6)


def test_a_detail_that_is_refused_rejects_its_record_and_no_other(store: State) -> None:
    bench = with_details(store)
    del bench.source.details[4]
    report = bench.run()
    assert (report.written, report.rejected, report.read) == (6, 1, 7)


# --- plans ---------------------------------------------------------------------------------------


def test_a_plan_sends_nothing_and_shows_old_and_new_of_each_field(store: State) -> None:
    bench = Bench(store, MemorySource(things(3)))
    bench.run()
    bench.target.batches.clear()
    bench.source.records[0]["title"] = "renamed"
    bench.source.records.append({"id": 4, "title": "late"})
    bench.plan = True
    report = bench.run()
    assert bench.target.batches == []
    assert [(change.action, change.key, change.fields) for change in report.changes] == [
        ("update", "1", {"name": ["thing 1", "renamed"]}),
        ("create", "4", {"externalId": [None, "t-4"], "name": [None, "late"]}),
    ]


# --- what stops a run ----------------------------------------------------------------------------


def test_what_was_read_before_the_source_broke_is_written(store: State) -> None:
    bench = Bench(store, MemorySource(things(25), broken_at=(2, ConnectionFailed("gone"))))
    report = MappingReport("things")
    with pytest.raises(ConnectionFailed):
        asyncio.run(bench._pipeline(report))
    assert len(bench.target.stored) == 10
    bench.source.broken_at = None
    assert bench.run().unchanged == 10


def test_a_target_that_fails_stops_the_run_and_leaves_the_rest_unsettled(store: State) -> None:
    bench = Bench(store, MemorySource(things(100)))
    sent = 0

    async def breaks(items):  # type: ignore[no-untyped-def]
        nonlocal sent
        sent += 1
        if sent > 3:
            raise ConnectionFailed("no answer")
        return await MemoryTarget.upsert(bench.target, items)

    bench.target.upsert = breaks  # type: ignore[method-assign]
    report = MappingReport("things")
    with pytest.raises(ConnectionFailed, match="no answer"):
        asyncio.run(bench._pipeline(report))
    assert report.written == 12
    assert report.read > 12
    assert len(bench.state().known([str(n) for n in range(1, 101)])) == 12


@pytest.mark.parametrize("records", [4, 5, 8, 9, 13, 30])
@pytest.mark.parametrize("good", range(8))
def test_wherever_the_target_fails_the_run_says_so(good: int, records: int, store: State) -> None:
    """Both writers fail, at the end of the read too, where the stages before them are ending themselves."""
    bench = Bench(store, MemorySource(things(records)))
    sent = 0

    async def breaks(items):  # type: ignore[no-untyped-def]
        nonlocal sent
        sent += 1
        await asyncio.sleep(0)
        if sent > good:
            raise ConnectionFailed("no answer")
        return await MemoryTarget.upsert(bench.target, items)

    bench.target.upsert = breaks  # type: ignore[method-assign]
    report = MappingReport("things")
    if good * 4 >= records:
        asyncio.run(bench._pipeline(report))
        assert report.written == records
    else:
        with pytest.raises(ConnectionFailed, match="no answer"):
            asyncio.run(bench._pipeline(report))
        assert report.written == len(bench.target.stored) < records


@pytest.mark.parametrize("applied", [True, False])
def test_a_change_whose_answer_was_lost_is_sent_again_though_the_source_took_it_back(
    applied: bool, store: State
) -> None:
    bench = Bench(store, MemorySource(things(3)))
    bench.run()
    bench.source.records[0]["title"] = "changed"

    async def lost(items):  # type: ignore[no-untyped-def]
        if applied:
            await MemoryTarget.upsert(bench.target, items)
        raise ConnectionFailed("no answer")

    bench.target.upsert = lost  # type: ignore[method-assign]
    with pytest.raises(ConnectionFailed):
        bench.run()
    del bench.target.upsert
    bench.source.records = things(3)
    report = bench.run()
    assert (report.unchanged, report.written) == (2, 1)
    assert bench.target.stored["t-1"]["name"] == "thing 1"
    assert bench.run().unchanged == 3


def test_what_was_refused_leaves_the_record_as_the_target_had_it(store: State) -> None:
    bench = Bench(store, MemorySource(things(3)))
    bench.run()
    bench.source.records[0]["title"] = "changed"
    bench.target.faulty = lambda record: "no" if record["name"] == "changed" else None
    assert bench.run().rejected == 1
    bench.source.records = things(3)
    bench.target.batches.clear()
    assert bench.run().unchanged == 3
    assert bench.target.batches == []


def test_too_many_rejects_stop_the_run(store: State) -> None:
    target = MemoryTarget(faulty=lambda _: "closed")
    bench = Bench(store, MemorySource(things(100)), target, limits=LimitsSpec(max_rejects=Limit(5)))
    with pytest.raises(LimitReached):
        bench.run()
    assert sum(target.batches) < 100


def test_an_interrupt_finishes_what_is_under_way_and_records_it(store: State) -> None:
    bench = Bench(store, MemorySource(things(100)))

    async def main() -> MappingReport:
        stop = asyncio.Event()
        report = MappingReport("things")

        async def slow(items):  # type: ignore[no-untyped-def]
            outcomes = await MemoryTarget.upsert(bench.target, items)
            if len(bench.target.batches) == 3:
                stop.set()
            await asyncio.sleep(0.01)
            return outcomes

        bench.target.upsert = slow  # type: ignore[method-assign]
        with pytest.raises(Interrupted):
            await bench._pipeline(report, stop=stop)
        return report

    report = asyncio.run(main())
    assert report.written == len(bench.target.stored) == sum(bench.target.batches)
    assert report.written < 100
    assert bench.run().unchanged == report.written


def test_a_limit_of_source_records_takes_no_more(store: State) -> None:
    bench = Bench(store, MemorySource(things(100)))
    report = bench.run(limit=13)
    assert (report.read, report.written) == (13, 13)
