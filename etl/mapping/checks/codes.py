"""Every code of the static checks with what it is about: for the documentation, and for tools that list rules."""

from __future__ import annotations

from collections.abc import Mapping

CODES: Mapping[str, Mapping[str, str]] = {
    "Connections and endpoints": {
        "unknown-connection": "A mapping names a connection that neither etl.yaml nor the mapping itself declares.",
        "credentials": "The connection's `auth` does not hold the keys that the connector's login takes.",
        "strange-key": "This connector has no use for the key: files have no address, an API has no folder.",
        "unknown-option": "The connector has no such choice; nothing would come of it.",
        "unknown-instance": "The vendor has no instance of this name.",
        "no-address": "Neither the connection nor its connector says where the API is.",
        "loose-throttle": "The connection's own throttle allows more than the API does. Where that is right, say "
        "`force: true` in it.",
        "unknown-endpoint": "The connector does not document this endpoint. `etl connectors NAME` lists those it has.",
        "operation-not-offered": "The API does not offer this operation on the endpoint: a list that can't be read, "
        "a record that can't be deleted.",
        "unknown-param": "The endpoint does not document this param. Many APIs ignore what they don't know, so that a "
        "misspelt filter would quietly give every record.",
        "engine-param": "Paging and sorting are the engine's own: it asks for the largest pages in the order in which "
        "records move least.",
        "missing-param": "The API does not answer this list without the param.",
        "param-type": "The value of a param is of the wrong type.",
        "param-value": "The API documents the values of this param, and this is none of them.",
        "param-range": "A param lies outside the documented range, or a span of days ends before it begins.",
        "batch-size": "The API takes fewer records in one request.",
    },
    "Reading": {
        "not-incremental": "The endpoint has neither a filter for changed records nor a sort by their last change.",
        "no-detail": "The API documents no way to read one record of this endpoint in full.",
        "unused-detail": "`detail` costs one request per record. Where no expression uses a field that only the "
        "detail has, it costs time for nothing.",
        "missing-parent": "The endpoint's records belong to a record of another endpoint and can only be listed below "
        "that.",
        "no-parent-here": "The endpoint is listed by itself.",
        "wrong-parent": "The endpoint's records belong to those of another endpoint.",
        "key-type": "A key is a single value, and this is an object or a list.",
        "item-key": "The key of an `each` item has to come from the item: its record's own key joins it anyway.",
        "hidden-field": "The name under which a parent or an `each` item appears is that of a field of the record, "
        "which could not be reached any more.",
    },
    "Expressions": {
        "expression": "The text is not valid JMESPath.",
        "unknown-field": "The documented record has no such field. Fields that the live API has beyond its documents "
        "are declared under `source.extra_fields`.",
        "detail-only": "The list does not hold this field; only a record's full form does.",
        "no-field-here": "A path goes on below a value that has no fields.",
        "field-of-list": "A field is taken of a list. `tags.name` is null; `tags[].name` is the name of each tag.",
        "not-a-list": "An index, slice, filter or `[]` stands behind what is no list: the result is always null.",
        "not-an-object": "`.*` takes the values of an object, and this is none: the result is always null.",
        "negation": "JMESPath's `!` binds tighter than `.`: `!a.b` is read as `(!a).b`, which is always null.",
        "never-equal": "A comparison that can never hold (or always does): a number with a text, or a value that the "
        "documents don't list.",
        "order": "JMESPath puts only numbers in order; `<` and `>` between anything else give null.",
        "literal": "What stands between backticks is JSON. JMESPath takes anything else for text, even a misspelt "
        "`null`, `true` or `false`. A warning where text may be meant.",
        "unknown-function": "There is no such function. `etl functions` lists all there are.",
        "arity": "A function is called with too few or too many arguments.",
        "argument": "An argument that is written out can't be used: an unknown unit, a pattern that is none.",
        "argument-type": "A function is given what it can't take. A warning where some records get by (null passes "
        "through most functions).",
        "null-argument": "JMESPath's own functions fail on null, and this value can be null: such records would be "
        "rejected. The message offers a form that takes null.",
        "lookup-by": "A lookup's key is a single value, and this is an object or a list.",
        "unknown-lookup": "The mapping declares no lookup of this name.",
        "unknown-var": "Neither etl.yaml nor `--var` declares a var of this name.",
    },
    "Lookups and vars": {
        "file": "The csv file that is read has another delimiter, encoding or header than the mapping says.",
        "lookup-file": "The lookup's file is not there, or can't be read.",
        "lookup-key": "The lookup's file has no such column.",
        "lookup-empty": "The lookup's file has no rows, so that every record would miss.",
        "lookup-duplicates": "Several rows of the lookup have the same key; only the first is ever found.",
        "lookup-no-key": "Rows of the lookup have no key, so that nothing finds them.",
        "unused-lookup": "No expression uses the lookup.",
        "unused-var": "No expression and no param uses the var.",
    },
    "Target fields": {
        "unknown-target-field": "The target's endpoint has no such field.",
        "missing-field": "The target requires a field that the mapping does not name.",
        "key-not-mapped": "The field that identifies a record in the target is not among the mapping's fields.",
        "key-changed": "`missing: {set: …}` finds a record by its key, and can't change that.",
        "constant-key": "The target's key is the same for every record, so that only the first could be written.",
        "sensitive-key": "What is gone is to be found by its key, and of a sensitive key only a hash is stored.",
        "nullable-key": "A record whose key is null is rejected, and the documents say that this one can be null.",
        "type-mismatch": "The value can never become what the target's field is, without loss. A warning where `type` "
        "asks for another form than the target documents.",
        "value-not-allowed": "The target documents the values of this field, and this is none of them.",
        "value-too-long": "A fixed text is longer than the target's field takes.",
        "truncate": "`truncate` cuts text: the field holds something else, or takes less than it leaves.",
        "map-key": "`map` names a value that the source never has.",
        "map-gap": "The source documents a value that `map` does not name; records with it are rejected.",
        "map-type": "`map` compares text, and the value is an object or a list.",
    },
    "Tests in the file": {
        "test-record": "A test's record has a field that the source does not document.",
        "test-expect": "A test expects what no record can become, or its `now` is no date.",
    },
    "Between mappings": {
        "duplicate-name": "Two mappings have the same name. What is stored of a run goes by it.",
        "renamed-from": "`renamed_from` takes over what is stored under a name that no mapping has any more.",
        "unknown-mapping": "No mapping of the project has this name.",
        "cycle": "Mappings wait for each other, so that none could start.",
        "written-twice": "Two mappings make the same key and write the same field: the later one wins, each time.",
    },
}
"""By section: code → what it is about."""

ABOUT: Mapping[str, str] = {code: about for section in CODES.values() for code, about in section.items()}
"""Code → what it is about."""
