"""Values as each API spells them."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.catalogue import Param, Wire
from etl.connectors.wire import compile_record, compile_value, query_pairs, ticks
from etl.errors import RecordRejected
from etl.model import Json, Schema

STOCKHOLM = ZoneInfo("Europe/Stockholm")
BLIKK = Wire(date_time="%Y-%m-%d %H:%M:%S", query_date_time="%Y-%m-%d %H:%M:%S")
SCHEDULER = Wire(
    date="%Y-%m-%d 00:00:00Z", date_time="%Y-%m-%d %H:%M:%SZ", boolean=("False", "True"), text=True, list_join=";"
)
SHEETS = Wire(date="%Y-%m-%dT00:00:00Z")


def spell(value: Json, kind: str, connector: Wire, zone: Any = UTC, /, **schema: Any) -> Json:
    convert = compile_value(Schema(kind, **schema), connector, zone)
    return convert(value) if convert else value


@pytest.mark.parametrize(
    ("wire", "spelled"),
    [(Wire(), "2026-04-01T00:00:00Z"), (BLIKK, "2026-04-01 00:00:00"), (SCHEDULER, "2026-04-01 00:00:00Z")],
)
def test_a_plain_date_in_a_date_time_field_is_that_midnight_and_no_zone_moves_it(wire: Wire, spelled: str) -> None:
    assert spell("2026-04-01", "date-time", wire) == spelled
    assert spell("2026-04-01", "date-time", wire, STOCKHOLM) == spelled


@pytest.mark.parametrize(
    ("wire", "zone", "spelled"),
    [
        (Wire(), UTC, "2026-04-01T22:30:00Z"),
        (BLIKK, UTC, "2026-04-01 22:30:00"),
        (SCHEDULER, UTC, "2026-04-01 22:30:00Z"),
        (SCHEDULER, STOCKHOLM, "2026-04-02 00:30:00Z"),
    ],
)
def test_an_instant_is_written_in_the_clock_that_the_server_reads(wire: Wire, zone: Any, spelled: str) -> None:
    assert spell("2026-04-01T22:30:00Z", "date-time", wire, zone) == spelled
    assert spell("2026-04-02T00:30:00+02:00", "date-time", wire, zone) == spelled


@pytest.mark.parametrize(
    ("value", "kind", "wire", "schema", "spelled"),
    [
        ("2026-04-01", "date", SHEETS, {}, "2026-04-01T00:00:00Z"),
        ("2026-04-01", "date", Wire(), {"wire": "%d/%m/%Y"}, "01/04/2026"),
        ("0001-01-01", "date", Wire(), {}, "0001-01-01"),
        ("10:30", "time", Wire(), {}, "10:30"),
        ("10:30", "time", Wire(time="%H:%M:%S"), {}, "10:30:00"),
        (True, "boolean", Wire(), {}, True),
        (True, "boolean", SCHEDULER, {}, "True"),
        (False, "boolean", SCHEDULER, {}, "False"),
        (True, "boolean", Wire(), {"wire": "0/1"}, "1"),
        (False, "boolean", Wire(), {"wire": "number"}, 0),
        (True, "boolean", Wire(), {"wire": "text"}, "true"),
        (Decimal("1.50"), "number", SCHEDULER, {}, "1.50"),
        (0.1, "number", SCHEDULER, {}, "0.1"),
        (1e21, "number", SCHEDULER, {}, "1000000000000000000000"),
        (1e-7, "number", SCHEDULER, {}, "0.0000001"),
        (525, "integer", SCHEDULER, {}, "525"),
        (7, "integer", Wire(), {"wire": "text"}, "7"),
        (Decimal("1.50"), "number", Wire(), {}, Decimal("1.50")),
        (["1", 2], "array", SCHEDULER, {}, "1;2"),
        ([], "array", SCHEDULER, {}, ""),
        (["a", "b"], "array", Wire(), {"wire": "|"}, "a|b"),
        (["a"], "array", Wire(), {}, ["a"]),
        ("High", "integer", SCHEDULER, {"labels": {"Low": 2, "Medium": 0, "High": 1}}, "1"),
        ("high", "integer", Wire(), {"labels": {"High": 1}}, 1),
        (1, "integer", Wire(), {"labels": {"High": 1}}, 1),
        ("PERSON", "string", Wire(), {"values": ("Person", "Company")}, "Person"),
        ({"a": 1}, "json", SCHEDULER, {}, '{"a":1}'),
        ({"a": 1}, "object", Wire(), {"wire": "json"}, '{"a":1}'),
        ("text", "string", SCHEDULER, {}, "text"),
    ],
)
def test_values_are_spelled_by_type_connector_and_field(
    value: Json, kind: str, wire: Wire, schema: dict[str, Any], spelled: Json
) -> None:
    result = spell(value, kind, wire, **schema)
    assert result == spelled
    assert type(result) is type(spelled)


@pytest.mark.parametrize(
    ("value", "steps"),
    [
        ("25:01", 900600000000),
        ("P1DT1H1M", 900600000000),
        ("PT1H30M", 54_000_000_000),
        (1.5, 54_000_000_000),
        ("0:00:00.5", 5_000_000),
        ("-1:00", -36_000_000_000),
    ],
)
def test_spans_of_time_become_ticks(value: Json, steps: int) -> None:
    assert ticks(value) == steps
    assert spell(value, "string", SCHEDULER, wire="ticks") == str(steps)


@pytest.mark.parametrize("value", ["soon", "P", "1", ""])
def test_what_is_no_span_of_time_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="no span of time"):
        ticks(value)


def test_records_are_spelled_field_by_field_and_nulls_stay_null() -> None:
    fields = {
        "day": Schema("date-time"),
        "lines": Schema("array", items=Schema("object", properties={"on": Schema("date-time")})),
        "address": Schema("object", properties={"since": Schema("date-time"), "city": Schema("string")}),
    }
    record = {
        "day": None,
        "lines": [{"on": "2026-04-01"}, None],
        "address": {"since": "2026-04-01", "city": "Piteå"},
        "other": 1,
    }
    assert compile_record(fields, Wire())(record) == {
        "day": None,
        "lines": [{"on": "2026-04-01T00:00:00Z"}, None],
        "address": {"since": "2026-04-01T00:00:00Z", "city": "Piteå"},
        "other": 1,
    }
    assert record["lines"] == [{"on": "2026-04-01"}, None], "the ledger keeps canonical values"


def test_where_everything_is_text_undocumented_fields_are_too() -> None:
    assert compile_record({}, SCHEDULER)({"n": 1, "b": True, "l": [1, 2], "x": None}) == {
        "n": "1",
        "b": "True",
        "l": "1;2",
        "x": None,
    }


@pytest.mark.parametrize("value", ["yesterday", 7, "2026-13-01", ["2026-04-01"]])
def test_a_value_that_its_field_cannot_spell_rejects_the_record_and_names_the_field(value: Json) -> None:
    with pytest.raises(RecordRejected) as caught:
        compile_record({"day": Schema("date-time")}, Wire())({"day": value})
    assert caught.value.field == "day"


@given(st.datetimes(timezones=st.just(UTC)))
def test_iso_instants_come_back_as_they_were(moment: Any) -> None:
    canonical = moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    assert spell(canonical, "date-time", Wire()) == canonical


def test_arrays_in_queries_are_joined_or_repeated() -> None:
    param = Param("ids", "array", items="integer")
    assert query_pairs(param, [5, None, 21], Wire()) == [("ids", "5,21")]
    assert query_pairs(param, [5, 21], Wire(array="repeat")) == [("ids", "5"), ("ids", "21")]
    assert query_pairs(param, 5, Wire()) == [("ids", "5")]
    assert query_pairs(param, [], Wire()) == []


def test_query_values_have_their_own_forms() -> None:
    assert query_pairs(Param("d", "date", wire="%d.%m.%Y"), "2026-04-01", Wire()) == [("d", "01.04.2026")]
    assert query_pairs(Param("t", "date-time"), "2026-04-01T10:00:00Z", BLIKK) == [("t", "2026-04-01 10:00:00")]
    assert query_pairs(Param("b", "boolean"), True, Wire()) == [("b", "true")]
    assert query_pairs(Param("n", "number"), Decimal("1.50"), Wire()) == [("n", "1.50")]
    assert query_pairs(Param("n", "integer"), 0, Wire()) == [("n", "0")]
