"""Values as an API spells them: canonical → wire, compiled once per endpoint from `wire` and the fields' own `wire`.

The connector's `wire` block:

    date, date_time, time      strftime patterns; without one: ISO 8601 (`2026-04-01`, `2026-04-01T10:00:00Z`, `10:30`)
    query_date, query_date_time   the same for query parameters; default: as in bodies
    boolean: ["False", "True"]    false and true as text
    text: true                 every value is sent as text (numbers keep their digits: 1.50)
    list_join: ";"             lists in bodies become one text
    array: ","                 what joins arrays in a query parameter; `repeat` repeats the parameter instead

A field's own `wire` (and a param's): a strftime pattern for date, date-time and time; `text`, `number`, `0/1`, `false/true` (any
pair written false/true) for a boolean; `text` for a number; `ticks` for a span of time as 100 ns steps (from `1:30`, `PT1H30M`
or a number of hours); `json` for an object or list as JSON text; `;` or any other text for what joins a list.
A plain date in a date-time field is that calendar day at 00:00 and is never moved by a zone. An instant is written in UTC,
or in the project's zone where the connection says `datetime: local`.
"""
