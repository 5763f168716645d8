"""How a list goes on: state machines without I/O, fed answers, that say the next request or the end.

    {kind: none}                            one answer holds all
    {kind: page_number, page_param: page, size_param: pageSize,
     size: 100, max_size: 100,              the size asked for (the largest allowed) and the documented maximum
     start: 1,                              number of the first page
     total: totalItemCount,                 JMESPaths in an answer, all optional: records in all;
     total_pages: totalPages,               pages in all (declared, but missing in an answer: an error);
     page: page, page_size: pageSize}       the page answered and the page size used (a smaller one is warned about)
    {kind: offset, offset_param: skip, limit_param: take, size: 100, start: 0, total: count, page_size: limit}
    {kind: cursor, cursor_param: cursor,
     next: meta.next,                       path of the next cursor; null ends
     more: meta.has_more,                   optional path that is false at the end
     size_param: limit, size: 100, total: …}
    {kind: next_link,
     next: '"@odata.nextLink"',             path of the next address in the body, or `header: X-Next`
     size_param: …, size: …, total: …}      sent with the first request only: a link carries its own parameters
    {kind: link_header, …}                  RFC 8288 `Link: <…>; rel="next"`, otherwise as next_link

`total_header: X-Total-Count` may stand in place of `total` everywhere.
"""
