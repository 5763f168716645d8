"""What source, target and lookups name: connection, endpoint, operation and params."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from etl.catalogue import Connector, Endpoint, Op, Param, Window
from etl.expressions.suggest import listed, nearest
from etl.mapping.checks.fields import key_of
from etl.mapping.checks.files import (
    check_download,
    check_file_key,
    check_file_params,
    check_file_to_read,
    check_source_key,
    find_file,
)
from etl.mapping.checks.findings import Checked, Path
from etl.mapping.checks.operations import offers
from etl.model import Json


def check_endpoints(checked: Checked) -> None:
    """Source, parent, target and lookups against the connectors."""
    spec = checked.spec
    source = resolve(checked, ("source",), spec.source.connection, spec.source.endpoint, "list")
    if source is not None:
        _params(checked, ("source",), spec.source.connection, source, spec.source.params)
        if _is_files(checked, spec.source.connection):
            check_source_key(checked, source)
    for lookup in spec.lookups.values():
        if lookup.connection is not None and lookup.endpoint is not None:
            path = ("lookups", lookup.name)
            endpoint = resolve(checked, path, lookup.connection, lookup.endpoint, "list")
            if endpoint is not None:
                _params(checked, path, lookup.connection, endpoint, lookup.params)
                _listed_by_itself(checked, path, endpoint)
    operation = spec.target.operation
    if operation == "download":
        check_download(checked, source)
    if operation != "download" or _is_files(checked, spec.target.connection):
        target = resolve(checked, ("target",), spec.target.connection, spec.target.endpoint, operation)
        if target is not None and operation != "download" and _is_files(checked, spec.target.connection):
            check_file_params(checked, ("target", "params"), target.name, spec.target.params)
            check_file_key(checked)
        elif target is not None:
            _nothing_takes(checked, spec.target.params)
            _found_by_key(checked, target)


def _listed_by_itself(checked: Checked, path: Path, endpoint: Endpoint) -> None:
    """A lookup's rows are read at once: not from lists below a record of another endpoint."""
    if endpoint.parent:
        message = f"'{endpoint.name}' can only be listed for one of the {endpoint.parent['endpoint']}, not as a lookup"
        hint = "write them to a file by a mapping of their own, and name that file here"
        checked.at_value((*path, "endpoint"), "missing-parent", message, hint)


def _is_files(checked: Checked, connection: str) -> bool:
    connector = checked.connectors.get(connection)
    return connector is not None and connector.kind == "files"


def _nothing_takes(checked: Checked, params: Mapping[str, Json]) -> None:
    """A write has no params: what an API always needs stands in its connector, all else is a field."""
    for name in params:
        message = f"'{name}' would not be sent: only a file that is written has params"
        checked.at_key(("target", "params", name), "unknown-param", message, "leave it out, or map it under `fields`")


def _found_by_key(checked: Checked, target: Endpoint) -> None:
    """Where the API has no upsert of its own, what is there is looked for: by a key that its list shows."""
    offered, key = target.operations, key_of(target, checked.spec.target)
    by_id = key == (target.id_field,) and ("get" in offered or target.read_one is not None)
    if checked.spec.target.operation != "upsert" or "upsert" in offered or "list" not in offered or by_id:
        return
    hidden = next((name for name in key if name in target.written() and target.shown_at(name) is None), None)
    if hidden is not None:
        place = "key" if checked.spec.target.key else "endpoint"
        shown = [name for name in target.written() if target.shown_at(name) is not None]
        message = f"what is there can't be found by '{hidden}': the list of {target.name} does not show it"
        hint = f"name a key that it shows ({listed(shown, 12)}), or write `operation: create`"
        checked.at_value(("target", place), "operation-not-offered", message, hint)


def _params(checked: Checked, path: Path, connection: str, endpoint: Endpoint, params: Mapping[str, Json]) -> None:
    if _is_files(checked, connection):
        check_file_params(checked, (*path, "params"), endpoint.name, params)
        check_file_to_read(checked, path, connection, endpoint.name, params)
    else:
        check_params(checked, (*path, "params"), endpoint, params)


def resolve(checked: Checked, path: Path, connection: str, endpoint: str, operation: str) -> Endpoint | None:
    """The endpoint that a block names, after noting what is wrong with it."""
    connector = connector_of(checked, (*path, "connection"), connection)
    if connector is None:
        return None
    is_file = connector.kind == "files"
    found = find_file(checked, path, connector, endpoint, operation) if is_file else connector.endpoints.get(endpoint)
    if found is None and is_file:
        return None
    if found is None:
        meant = nearest(endpoint, connector.endpoints)
        hint = f"did you mean '{meant}'?" if meant else f"it has {listed(sorted(connector.endpoints), 40)}"
        message = f"'{connector.name}' has no endpoint '{endpoint}'"
        checked.at_value((*path, "endpoint"), "unknown-endpoint", message, hint)
        return None
    _offers(checked, path, connector, found, operation)
    return found


def connector_of(checked: Checked, path: Path, connection: str) -> Connector | None:
    """The connector of a connection; an undeclared one is noted."""
    if connection in checked.project.connections or connection in checked.connectors:
        return checked.connectors.get(connection)
    known = sorted(checked.project.connections)
    meant = nearest(connection, known)
    if meant:
        hint = f"did you mean '{meant}'?"
    elif known:
        hint = f"declared are {listed(known)}; add it under `connections` in etl.yaml"
    else:
        hint = "declare it under `connections` in etl.yaml"
    checked.at_value(path, "unknown-connection", f"no connection is called '{connection}'", hint)
    return None


def _offers(checked: Checked, path: Path, connector: Connector, endpoint: Endpoint, operation: str) -> None:
    if offers(endpoint, operation):
        return
    offered = set(endpoint.operations)
    name = f"{connector.name} {endpoint.name}"
    has = listed(sorted(offered))
    if operation == "list":
        message = f"{name} can't be read: the API documents no list of them"
        checked.at_value((*path, "endpoint"), "operation-not-offered", message, f"it offers {has}")
        return
    written = sorted(offered & {"create", "update", "upsert", "delete"})
    hint = f"it offers {listed(written)}" if written else f"it can only be read (it offers {has})"
    given = "operation" in checked.document.data.get("target", {})
    message = f"{name} has no operation '{operation}'" + ("" if given else ", the default")
    checked.at_value((*path, "operation" if given else "endpoint"), "operation-not-offered", message, hint)


# --- params --------------------------------------------------------------------------------------


def check_params(checked: Checked, path: Path, endpoint: Endpoint, params: Mapping[str, Json]) -> None:
    """The params of a list operation: known, of the right type, among the documented values, none missing."""
    operation = endpoint.operations.get("list")
    if operation is None:
        return
    for name, value in params.items():
        _param(checked, (*path, name), operation, name, value)
    _span(checked, path, operation.window, params)
    if checked.spec.template:
        return
    misspelt = {nearest(name, operation.params) for name in params if name not in operation.params}
    for name, param in operation.params.items():
        if name not in {*params, *misspelt} and _needed(operation, param):
            message = f"{endpoint.name} can't be listed without the param '{name}'"
            shown = path if params else path[:-1]
            checked.at_key(shown, "missing-param", message, f"add `params: {{{name}: …}}`{_allowed(param)}")


def _needed(operation: Op, param: Param) -> bool:
    """Dates by which a list is asked for in slices must be there where it can't be asked without them."""
    window = operation.window
    if window is not None and param.name in (window.start, window.end):
        return window.required
    return param.required


def _span(checked: Checked, path: Path, window: Window | None, params: Mapping[str, Json]) -> None:
    """A span of days that ends before it begins holds nothing, and most APIs don't mind."""
    if window is None:
        return
    days = [str(params.get(name)) for name in (window.start, window.end)]
    if all(map(_date, days)) and days[0][:10] > days[1][:10]:
        message = f"'{window.end}' is before '{window.start}', {days[0]}: there are no such days"
        checked.at_value((*path, window.end), "param-range", message, "name the first day and the last one")


def _param(checked: Checked, path: Path, operation: Op, name: str, value: Json) -> None:
    param = operation.params.get(name)
    if param is not None:
        _value(checked, path, param, value)
    elif name in _own(operation):
        message = f"'{name}' is the engine's own: it always asks for the largest pages, in an order that loses nothing"
        checked.at_key(path, "engine-param", message, "leave it out")
    else:
        meant = nearest(name, operation.params)
        known = listed(operation.params, 20)
        hint = f"did you mean '{meant}'?" if meant else f"it has {known}" if known else "it has none"
        checked.at_key(path, "unknown-param", f"no param of this endpoint is called '{name}'", hint)


def _own(operation: Op) -> set[str]:
    """Params that the engine sets by itself: paging and sorting."""
    own = {str(value) for key, value in operation.paging.items() if key.endswith("_param")}
    if operation.sort is not None:
        own |= {operation.sort.by_param, operation.sort.order_param}
    return own | set(operation.query)


def _value(checked: Checked, path: Path, param: Param, value: Json) -> None:
    for place, each in _each(path, param, value):
        wrong = _wrong(param, (param.items or "string") if param.type == "array" else param.type, each)
        if wrong:
            code, message, hint = wrong
            checked.at_value(place, code, f"'{param.name}' {message}", hint)


def _each(path: Path, param: Param, value: Json) -> list[tuple[Path, Json]]:
    """The single values of a param with their places; a list may also be written `5,21,46`."""
    if param.type != "array":
        return [(path, value)]
    if isinstance(value, list):
        return [((*path, index), each) for index, each in enumerate(value)]
    return [(path, each.strip()) for each in value.split(",")] if isinstance(value, str) else [(path, value)]


def _wrong(param: Param, kind: str, value: Json) -> tuple[str, str, str | None] | None:
    if value is None or isinstance(value, list | dict):
        return "param-type", f"takes {_words(kind)}", _example(kind) or "give it a value, or leave it out"
    if not _fits(kind, value):
        return "param-type", f"takes {_words(kind)}, not {value!r}", _example(kind)
    if param.values and not _among(value, param.values):
        names = [str(each) for each in param.values]
        meant = nearest(str(value), names)
        hint = f"did you mean '{meant}'?" if meant else f"its values are {listed(names, 20)}"
        return "param-value", f"has no value {value!r}", hint
    if kind in ("integer", "number") and _outside(param, float(value)):
        return "param-range", f"can't be {value}", _range(param)
    return None


def _fits(kind: str, value: Json) -> bool:
    text = str(value).strip()
    if kind == "boolean":
        return isinstance(value, bool) or text.lower() in ("true", "false")
    if isinstance(value, bool):
        return False
    if kind in ("integer", "number"):
        return _number(text, whole=kind == "integer")
    if kind in ("date", "date-time"):
        return _date(text)
    return True


def _number(text: str, *, whole: bool) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return value == value and (not whole or value.is_integer())


def _date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        try:
            datetime.fromisoformat(text.replace(" +", "+").replace(" Z", "Z"))
        except ValueError:
            return False
    return True


def _among(value: Json, values: tuple[Json, ...]) -> bool:
    return str(value).casefold() in {str(each).casefold() for each in values}


def _outside(param: Param, value: float) -> bool:
    low, high = param.minimum, param.maximum
    return (low is not None and value < low) or (high is not None and value > high)


def _range(param: Param) -> str:
    if param.minimum is not None and param.maximum is not None:
        return f"it goes from {param.minimum} to {param.maximum}"
    return f"it starts at {param.minimum}" if param.minimum is not None else f"it goes up to {param.maximum}"


def _allowed(param: Param) -> str:
    return f" ({listed(map(str, param.values))})" if param.values else ""


def _words(kind: str) -> str:
    return {"integer": "a whole number", "boolean": "true or false", "string": "a text"}.get(kind, f"a {kind}")


def _example(kind: str) -> str | None:
    return {
        "date": "write it as 2026-04-01",
        "date-time": "write it as 2026-04-01T10:00:00Z",
        "boolean": "write true or false",
    }.get(kind)
