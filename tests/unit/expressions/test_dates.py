"""Dates in the forms of both vendors, zones, and the days on which clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import RecordRejected
from etl.model import Json
from tests.support.expressions import search

STOCKHOLM = "Europe/Stockholm"


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-04-01T10:00:00Z", "2026-04-01T10:00:00Z"),
        ("2026-04-01 10:00:00Z", "2026-04-01T10:00:00Z"),
        ("2026-04-01T10:00Z", "2026-04-01T10:00:00Z"),
        ("2022-07-01 05:43:12 +00:00", "2022-07-01T05:43:12Z"),
        ("2022-07-01 05:43:12 +02:00", "2022-07-01T03:43:12Z"),
        ("2022-07-01T05:43:12-0330", "2022-07-01T09:13:12Z"),
        ("2022-07-01T05:43:12+02", "2022-07-01T03:43:12Z"),
        ("2021-11-10 00:00:00", "2021-11-09T23:00:00Z"),
        ("2021-07-10T00:00:00", "2021-07-09T22:00:00Z"),
        ("2026-04-01T10:00:00.000Z", "2026-04-01T10:00:00Z"),
        ("2026-04-01T10:00:00.1234567Z", "2026-04-01T10:00:00.1234567Z"),
        ("2026-04-01T10:00:00.250+02:00", "2026-04-01T08:00:00.25Z"),
        (" 2026-04-01T10:00:00Z ", "2026-04-01T10:00:00Z"),
        ("0950-01-02 12:00:00 +00:00", "0950-01-02T12:00:00Z"),
        ("2026-04-01", "2026-04-01"),
    ],
)
def test_every_accepted_form_becomes_one_instant(written: str, instant: str) -> None:
    assert search("to_datetime(@)", written, STOCKHOLM) == instant


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "an empty text is no date; to make it null write: field || `null`"),
        ("soon", "'soon' is no date; write it as 2026-04-01"),
        ("2026-02-30", "'2026-02-30' is no date: day is out of range for month"),
        ("2026-13-01", "'2026-13-01' is no date: month must be in 1..12"),
        ("2026-04-01T25:00:00Z", "is no date: hour must be in 0..23"),
        ("2026-04-01T10:00:60Z", "is no date: second must be in 0..59"),
        ("2026-04-01T10:00:00+25:00", "'+25:00' is no offset from UTC"),
        ("01/04/2026", "does not say which is the day and which the month"),
        ("1.4.2026", "does not say which is the day and which the month"),
        ("20260401", "'20260401' is no date; write it as"),
        ("1775037600", "counts seconds and is no date"),
        ("2026-4-1", "'2026-4-1' is no date"),
        ("2026-W14-3", "is no date"),
        ("2026-04-01T10", "is no date"),
        ("10:00", "is no date"),
        ("0001-01-01T00:00:00+01:00", "lies outside the years 1 to 9999"),
        ("٢٠٢٦-04-01", "is no date"),
    ],
)
def test_a_date_in_a_wrong_form_says_what_is_wrong(written: str, reason: str) -> None:
    with pytest.raises(RecordRejected) as caught:
        search("to_datetime(@)", written)
    assert reason in caught.value.reason


CASES: list[tuple[str, Json]] = [
    # the clocks of Stockholm skip 02:00 to 03:00 on 29 March 2026, and repeat it on 25 October
    ("to_datetime('2026-03-29 02:30:00')", "2026-03-29T01:30:00Z"),
    ("to_datetime('2026-03-29 03:30:00')", "2026-03-29T01:30:00Z"),
    ("to_datetime('2026-10-25 02:30:00')", "2026-10-25T00:30:00Z"),
    ("to_datetime('2026-10-25 03:30:00')", "2026-10-25T02:30:00Z"),
    ("to_datetime('2026-07-01 10:00:00', 'America/New_York')", "2026-07-01T14:00:00Z"),
    ("to_datetime('2026-07-01 10:00:00', '+05:30')", "2026-07-01T04:30:00Z"),
    ("to_datetime('2026-07-01T10:00:00Z', 'America/New_York')", "2026-07-01T10:00:00Z"),
    ("to_datetime('2026-07-01', 'America/New_York')", "2026-07-01"),
    ("to_date('2026-07-01T22:30:00Z')", "2026-07-02"),
    ("to_date('2026-01-01T22:30:00Z')", "2026-01-01"),
    ("to_date('2026-01-01T23:30:00Z')", "2026-01-02"),
    ("to_date('2026-07-01 23:30:00')", "2026-07-01"),
    ("to_date('2026-07-01')", "2026-07-01"),
    ("format_datetime('2026-07-01T08:05:09Z', '%Y-%m-%d %H:%M:%S %Z %z %:z')", "2026-07-01 10:05:09 CEST +0200 +02:00"),
    ("format_datetime('2026-07-01T08:05:09Z', '%H:%M', 'UTC')", "08:05"),
    ("format_datetime('2026-07-01 10:05:09', '%H:%M', 'UTC')", "08:05"),
    ("format_datetime('2026-07-01', '%-d/%-m %y %H:%M', 'America/New_York')", "1/7 26 00:00"),
    (
        "format_datetime('2026-07-05', '%a %A %b %B %j %u %w %V %G %U %W %e %p %%')",
        "Sun Sunday Jul July 186 7 0 27 2026 27 26  5 AM %",
    ),
    ("format_datetime('0950-01-02', '%Y %C %F')", "0950 09 0950-01-02"),
    ("format_datetime('2026-07-01T20:05:09.25Z', '%I %-I %f %s', 'UTC')", "08 8 250000 1782936309"),
    ("format_datetime('2026-07-01', 'no letters')", "no letters"),
    ("add_days('2026-01-31', `1`)", "2026-02-01"),
    ("add_days('2024-03-01', `-1`)", "2024-02-29"),
    ("add_days('2026-03-28T11:00:00Z', `1`)", "2026-03-29T10:00:00Z"),
    ("add_days('2026-03-28 02:30:00', `1`)", "2026-03-29T01:30:00Z"),
    ("add_days('2026-07-01T10:00:00.5Z', `0`)", "2026-07-01T10:00:00.5Z"),
    ("add_days('2026-10-25T01:30:00Z', `0`)", "2026-10-25T01:30:00Z"),
    ("date_diff('2026-04-01', '2026-04-03', 'days')", 2),
    ("date_diff('2026-04-03', '2026-04-01', 'hours')", -48),
    ("date_diff('2026-03-29', '2026-03-30', 'hours')", 24),
    ("date_diff('2026-03-29 00:00:00', '2026-03-30 00:00:00', 'hours')", 23),
    ("date_diff('2026-04-01T08:00:00Z', '2026-04-01T08:00:00.5Z', 'seconds')", 0.5),
    ("date_diff('2026-04-01T08:00:00Z', '2026-04-01T20:00:00Z', 'days')", 0.5),
    ("date_diff('2026-04-01', '2026-03-31T22:00:00Z', 'minutes')", 0),
    ("now()", "2026-04-01T10:00:00Z"),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_result_in_stockholm(text: str, expected: Json) -> None:
    assert search(text, {}, STOCKHOLM) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("add_days('9999-12-31', `1`)", "that many days from '9999-12-31' lie outside the years 1 to 9999"),
        ("add_days('2026-01-01', `1000000000`)", "that many days from '2026-01-01' lie outside the years 1 to 9999"),
        ("add_days('2026-01-01', `0.5`)", "the number of days has to be a whole number, not 0.5"),
        ("to_date(`5`)", "to_date() needs a text, not 5; write to_string(…)"),
        ("format_datetime('2026-01-01', p)", "'%Q' is no letter of a date pattern"),
        ("to_datetime('2026-01-01 10:00:00', z)", "'Mars/Olympus' is no time zone"),
        ("date_diff('2026-01-01', '2026-01-02', u)", "'weeks' is no unit; these are: days, hours, minutes, seconds"),
    ],
)
def test_what_can_not_be_done_with_a_date_says_why(text: str, reason: str) -> None:
    with pytest.raises(RecordRejected) as caught:
        search(text, {"p": "%Q", "z": "Mars/Olympus", "u": "weeks"}, STOCKHOLM)
    assert reason in caught.value.reason


zones = st.sampled_from([STOCKHOLM, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC"])
local_times = st.datetimes(datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2035-01-01")).map(
    lambda when: when.replace(microsecond=0)
)


@given(local_times, zones)
def test_a_local_time_becomes_the_instant_at_which_clocks_show_it(when: datetime, zone: str) -> None:
    found = datetime.fromisoformat(search("to_datetime(@)", when.isoformat(" "), zone))
    shown = found.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if shown == when:
        earlier = found - timedelta(hours=2)
        same = [earlier + timedelta(minutes=30 * step) for step in range(4)]
        assert all(each.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != when for each in same)
    else:  # skipped: moved forward by the gap
        before = (found - timedelta(hours=25)).astimezone(ZoneInfo(zone)).utcoffset()
        after = found.astimezone(ZoneInfo(zone)).utcoffset()
        assert before is not None
        assert after is not None
        assert shown - when == after - before > timedelta(0)


@given(st.datetimes(timezones=st.just(UTC)), zones)
def test_an_instant_is_the_same_instant_whatever_the_zone(when: datetime, zone: str) -> None:
    text = when.isoformat()
    if date(2, 1, 1) < when.date() < date(9998, 1, 1):
        once = search("to_datetime(@)", text, zone)
        assert datetime.fromisoformat(once) == when
        assert search("to_datetime(@)", once, STOCKHOLM) == once


@given(st.dates(date(5, 1, 1), date(9995, 1, 1)), st.integers(-1000, 1000), zones)
def test_a_plain_date_is_never_moved_by_a_zone(day: date, days: int, zone: str) -> None:
    record = {"day": day.isoformat(), "n": days}
    assert search("to_date(day)", record, zone) == search("to_datetime(day)", record, zone) == day.isoformat()
    moved = search("add_days(day, n)", record, zone)
    assert moved == (day + timedelta(days)).isoformat()
    assert search("date_diff(day, later, 'days')", record | {"later": moved}, zone) == days


@given(st.dates(date(1, 1, 1), date(9999, 12, 31)))
def test_our_letters_are_those_of_the_platform(day: date) -> None:
    letters = "%a %A %b %B %d %H %I %j %m %M %p %S %U %w %W %y %%"
    assert search("format_datetime(day, p)", {"day": day.isoformat(), "p": letters}) == day.strftime(letters)
