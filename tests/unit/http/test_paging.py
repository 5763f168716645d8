"""Lists that are followed from page to page end, and never go in circles."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.http.answer import Answer
from etl.http.paging import Chain, Numbered, PagingFailed, Step, build_paging, next_of_link_header
from etl.model import Json

HERE = "https://api.example.com/things?page=1"


def answer(body: Json, url: str = HERE, **headers: str) -> Answer:
    return Answer(200, httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()}), body, url)


def chain(**block: Json) -> Chain:
    made = build_paging(block)
    assert not isinstance(made, Numbered)
    return made


def numbered(**block: Json) -> Numbered:
    made = build_paging(block)
    assert isinstance(made, Numbered)
    return made


def test_without_paging_one_answer_holds_all() -> None:
    paging = chain(kind="none")
    assert paging.after(paging.first(), answer([]), 0) is None
    assert build_paging({}).__class__ is paging.__class__


def test_page_numbers_start_where_the_api_starts() -> None:
    paging = numbered(kind="page_number", page_param="page", size_param="pageSize", size=100)
    assert paging.step(3, 200).query == (("page", "3"), ("pageSize", "100"))
    assert numbered(kind="page_number", page_param="p", start=0).step(3, 200).query == (("p", "2"),)


def test_offsets_count_the_records_before_a_page() -> None:
    paging = numbered(kind="offset", offset_param="skip", limit_param="take", size=50)
    assert paging.step(1, 0).query == (("skip", "0"), ("take", "50"))
    assert paging.step(4, 150).query == (("skip", "150"), ("take", "50"))


@pytest.mark.parametrize("end", [None, "", False])
def test_cursors_are_followed_until_there_is_none(end: Json) -> None:
    paging = chain(kind="cursor", cursor_param="after", next="meta.next", size_param="limit", size=10)
    first = paging.first()
    assert first.query == (("limit", "10"),)
    second = paging.after(first, answer({"meta": {"next": "abc"}}), 10)
    assert second == Step(2, (("limit", "10"), ("after", "abc")))
    assert paging.after(second, answer({"meta": {"next": end}}), 3) is None


def test_a_cursor_of_zero_is_one() -> None:
    paging = chain(kind="cursor", cursor_param="c", next="next")
    assert paging.after(paging.first(), answer({"next": 0}), 1) == Step(2, (("c", "0"),))


def test_a_list_may_say_itself_that_there_is_no_more() -> None:
    paging = chain(kind="cursor", cursor_param="c", next="next", more="has_more")
    assert paging.after(paging.first(), answer({"next": "x", "has_more": False}), 1) is None


@given(st.lists(st.text(min_size=1, max_size=3), min_size=1, max_size=30))
def test_a_cursor_that_comes_again_is_an_error_whatever_came_between(cursors: list[str]) -> None:
    paging = chain(kind="cursor", cursor_param="c", next="next")
    step, seen = paging.first(), set()
    for cursor in cursors:
        if cursor in seen:
            with pytest.raises(PagingFailed, match="goes in circles"):
                paging.after(step, answer({"next": cursor}), 1)
            return
        seen.add(cursor)
        following = paging.after(step, answer({"next": cursor}), 1)
        assert following is not None
        step = following


def test_links_in_the_body_are_followed_relative_or_whole() -> None:
    paging = chain(kind="next_link", next='"@odata.nextLink"')
    first = paging.first()
    second = paging.after(first, answer({"@odata.nextLink": "things?$skiptoken=2"}), 5)
    assert second == Step(2, url="https://api.example.com/things?$skiptoken=2")
    whole = "https://API.example.com:443/things?$skiptoken=3"
    assert paging.after(second, answer({"@odata.nextLink": whole}, url=second.url or ""), 5) == Step(3, url=whole)


def test_links_in_a_header_of_any_name_are_followed() -> None:
    paging = chain(kind="next_link", header="X-Next")
    assert paging.after(paging.first(), answer([], x_next="/things?page=2"), 5) == Step(
        2, url="https://api.example.com/things?page=2"
    )
    assert paging.after(paging.first(), answer([]), 5) is None


@pytest.mark.parametrize("link", ["https://evil.example.com/x", "http://api.example.com/x", "//evil/x"])
def test_a_link_to_another_address_is_an_error_and_not_followed(link: str) -> None:
    paging = chain(kind="next_link", next="next")
    with pytest.raises(PagingFailed, match="another address"):
        paging.after(paging.first(), answer({"next": link}), 5)


def test_a_link_back_to_a_page_already_read_is_an_error() -> None:
    paging = chain(kind="next_link", next="next")
    with pytest.raises(PagingFailed, match="goes in circles"):
        paging.after(paging.first(), answer({"next": HERE}), 5)


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ('<https://a/2>; rel="next"', "https://a/2"),
        ('<https://a/1>; rel="prev", <https://a/3>; rel="next"', "https://a/3"),
        ("<https://a/2>; rel=next", "https://a/2"),
        ('<https://a/2?x=1,2;3>; title="a, <b>; c"; rel="last next"', "https://a/2?x=1,2;3"),
        ('<https://a/9>; rel="last"', None),
        ("", None),
        ("nonsense", None),
    ],
)
def test_link_headers_are_read_as_the_standard_has_them(header: str, target: str | None) -> None:
    assert next_of_link_header(header) == target


def test_the_link_header_is_followed() -> None:
    paging = chain(kind="link_header")
    link = '</things?page=2>; rel="next"'
    assert paging.after(paging.first(), answer([], link=link), 1) == Step(
        2, url="https://api.example.com/things?page=2"
    )


def test_totals_are_read_from_body_or_header() -> None:
    body = numbered(kind="page_number", page_param="page", total="totalItemCount").totals
    assert body.records(answer({"totalItemCount": 230})) == 230
    assert body.records(answer({"totalItemCount": "230"})) == 230
    assert body.records(answer({"totalItemCount": True})) is None
    header = numbered(kind="page_number", page_param="page", total_header="X-Total-Count").totals
    assert header.records(answer([], x_total_count="12")) == 12
    assert header.records(answer([], x_total_count="many")) is None


def test_a_number_of_pages_that_is_not_there_is_an_error_and_no_end() -> None:
    totals = numbered(kind="page_number", page_param="page", total_pages="totalPages").totals
    with pytest.raises(PagingFailed, match="how many pages"):
        totals.last(answer({"items": []}))
