"""How a list goes on: state machines without I/O, fed answers, that say the next request or the end.

    {kind: none}                                    one answer holds all
    {kind: page_number, page_param: page, size_param: pageSize, size: 100,   `size` is asked for: the largest allowed
     start: 1, max_size: 100,                       number of the first page; documented maximum of `size_param`
     total: totalItemCount,                         JMESPaths in the answer, all optional: records in all,
     total_pages: totalPages,                       pages in all (declared but missing in an answer: an error),
     page: page, page_size: pageSize}               the page answered and the page size used (a smaller one is warned about)
    {kind: offset, offset_param: skip, limit_param: take, size: 100, start: 0, max_size: 100, total: count, page_size: limit}
    {kind: cursor, cursor_param: cursor, next: meta.next, size_param: limit, size: 100, more: meta.has_more, total: …}
                                                    `next`: path of the next cursor, null ends; `more`: path that is false at the end
    {kind: next_link, next: '"@odata.nextLink"', total: …}   path of the next address in the body, or `header: X-Next`
    {kind: link_header, total: …}                   RFC 8288 `Link: <…>; rel="next"`

`total_header: X-Total-Count` may stand in place of `total` everywhere. `size_param` and `size` are understood by the
last two as well (sent with the first request only: a link carries its own parameters).
"""
