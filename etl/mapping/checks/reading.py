"""How a source is read: incremental, with detail, below a parent."""

from __future__ import annotations

from etl.catalogue import Endpoint
from etl.expressions.suggest import nearest
from etl.mapping.checks.expressions import Typed
from etl.mapping.checks.findings import Checked
from etl.mapping.checks.records import alias_for, parent_of


def check_reading(checked: Checked) -> None:
    """Whether the endpoint offers the ways of reading that the mapping asks for."""
    endpoint = checked.source
    if endpoint is None:
        return
    _incremental(checked, endpoint)
    _detail(checked, endpoint)
    _parent(checked, endpoint)


def check_detail_use(checked: Checked, typed: Typed) -> None:
    """Warns of `detail: true` where nothing needs it: it costs one request per record."""
    endpoint, source = checked.source, checked.spec.source
    if endpoint is None or source.detail is None or typed.needs_detail or typed.broken or source.extra_fields:
        return
    if checked.spec.template or source.detail.when is not None or not _documents_detail(endpoint):
        return
    message = "`detail` asks for each record one by one, and no field here needs it"
    checked.warn_key(("source", "detail"), "unused-detail", message, "leave it out: the list holds all that is used")


def _documents_detail(endpoint: Endpoint) -> bool:
    return any(schema.detail_only for schema in endpoint.fields.values())


def _incremental(checked: Checked, endpoint: Endpoint) -> None:
    spec = checked.spec.source.incremental
    if spec.enabled and endpoint.incremental is None:
        message = f"'{endpoint.name}' offers neither a filter for changed records nor a sort by their last change"
        hint = "leave `incremental` out: all is read then, and only what changed is sent"
        checked.at_key(("source", "incremental"), "not-incremental", message, hint)


def _detail(checked: Checked, endpoint: Endpoint) -> None:
    if checked.spec.source.detail is not None and not reads_one(endpoint):
        message = f"'{endpoint.name}' has no operation that reads one record in full"
        checked.at_key(("source", "detail"), "no-detail", message, "leave `detail` out")


def reads_one(endpoint: Endpoint) -> bool:
    """Whether the API gives one record in full: by its own operation, or through the list."""
    return "get" in endpoint.operations or endpoint.read_one is not None


def _parent(checked: Checked, endpoint: Endpoint) -> None:
    parent = checked.spec.source.parent
    documented = parent_of(endpoint)
    if parent is None:
        if documented is not None and not checked.spec.template:
            message = f"'{endpoint.name}' can only be listed for one of the {documented}"
            hint = f"add `parent: {{endpoint: {documented}, as: {alias_for(documented)}}}` under `source`"
            checked.at_value(("source", "endpoint"), "missing-parent", message, hint)
        return
    if documented is None:
        message = f"'{endpoint.name}' is listed by itself, not below a parent"
        checked.at_key(("source", "parent"), "no-parent-here", message, "leave `parent` out")
    elif parent.endpoint != documented:
        connector = checked.connectors[checked.spec.source.connection]
        exists = parent.endpoint in connector.endpoints
        meant = nearest(parent.endpoint, [documented])
        message = f"the parent of '{endpoint.name}' is '{documented}', not '{parent.endpoint}'"
        hint = f"did you mean '{meant}'?" if meant and not exists else f"write {documented}"
        checked.at_value(("source", "parent", "endpoint"), "wrong-parent", message, hint)
    if parent.alias in endpoint.fields:
        message = f"the records have a field '{parent.alias}' of their own, which the parent would hide"
        checked.at_value(("source", "parent", "as"), "hidden-field", message, "choose another name")


def check_each_alias(checked: Checked) -> None:
    """Notes an `each` whose name would hide a field of the record."""
    each, endpoint = checked.spec.source.each, checked.source
    if each is not None and endpoint is not None and each.alias in endpoint.fields and each.alias != each.items:
        message = f"the records have a field '{each.alias}' of their own, which the item would hide"
        checked.at_value(("source", "each", "as"), "hidden-field", message, "choose another name")
