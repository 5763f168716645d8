"""One connection to a REST API: its client, throttle and login, and the sources and targets on it.

Operation blocks of a connector and their meaning (paging, auth, retry and error: see `etl.http`):

    path: "/things/{id}"       names in braces are filled from the record (or the parent's params) and percent-encoded;
                               `{id}` is the target id where one is known, else the field `id_field` of the record
    query: {page: 1, ids: "{id}"}   always sent; text may hold names in braces as `path` does
    records: items             path of the records in an answer; missing key = an error, not an end
    record: data               path of the one record in the answer of get/create; default: the answer itself
    body: object               the record itself
          array                a list of records: one request for a batch
          {wrap: data}         {data: record}; for upsert {data: [records]} (`many: true|false` says otherwise)
          {multipart: {files: [file]}}   a part for each field; the named ones hold paths of files, which are streamed
          {name_value: {procedure: mboc_upsertJob,           one element per record, with the record's fields as two arrays
                        alternatives: {legacy: mboc_job},    chosen by the connection's options: {procedures: legacy}
                        name: StoredProcedureName, names: ParameterNames, values: ParameterValues,   the default spelling
                        constants: {SentFromBackOffice: true}}}                                      sent with each record
    results: {records: results, key: externalId, success: success, error: error, created: isNew}
                               per-item results of a batch; all but `records` are relative to one result. Matched by key as text,
                               by position where keys are null or unknown; an item without a result is rejected, never taken as done
    envelope: {content: content,          JMESPath of the inner answer: an object, or JSON as text, decoded in place
               failed: "statusCode != `200` || content.Error",   truthy = refused; sees the answer with `content` decoded
               text: "content.Description || content.Error",     the reason
               status: statusCode}                               its own status, for messages; optional
    conflict: {statuses: [409], code: closed-period, reason: "its timesheet period is closed"}
                               a refusal that means one certain thing: the record becomes a reject with this code and reason
    idempotent: true           sending again does no harm. get, list, PUT and DELETE are so without saying
    not_found: [400]           statuses that say `no such record` for this operation
    window: {start: filter.from, end: filter.to, days: 31, required: true}
    flatten: {items: dates}    one record per inner item, the outer fields beside it
    options: {replace: true}   of update: the request replaces the whole record, so it is read, merged and then written

Endpoint blocks:

    parent: {endpoint: tasks, params: {taskId: id}}     path param → path in the parent record
    match: {params: {filter.query: customerNumber},     list params ← JMESPath on the output, to look for a record
            compare: {customerNumber: customerNumber},  written field → JMESPath on a listed record; all must be equal
            id: id, created: created,                   JMESPath of its id and its time of creation
            detail: false}                              true: compare with the full form of each candidate
"""
