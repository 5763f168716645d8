"""Files as source or target: their paths, their params, and names that are made of fields."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as Folder

from etl.catalogue import Connector, Endpoint
from etl.connectors.files import folder_of
from etl.connectors.files_endpoint import Use, columns_of
from etl.connectors.files_names import names_in, place
from etl.connectors.files_options import PARAMS, format_of, options_of
from etl.errors import ConnectionFailed, UsageError
from etl.expressions.suggest import listed, nearest
from etl.mapping.checks.findings import Checked, Path
from etl.model import Json


def find_file(checked: Checked, path: Path, connector: Connector, endpoint: str, operation: str) -> Endpoint | None:
    """The endpoint that a file's path stands for, after noting what is wrong with it."""
    try:
        place(Folder.cwd(), endpoint)
        if operation != "download":
            format_of(endpoint)
        elif not names_in(endpoint):
            hint = "write fields in braces, such as attachments/{id}-{name}"
            raise UsageError(f"every record would be written to the same file '{endpoint}'", hint)
    except UsageError as error:
        checked.at_value((*path, "endpoint"), "unknown-endpoint", error.message, error.hint)
        return None
    return connector.endpoints.get(endpoint)


def check_file_params(checked: Checked, path: Path, endpoint: str, params: Mapping[str, Json]) -> None:
    """The params that a file's format has, each with a value that can be."""
    kind = format_of(endpoint)
    for name, value in params.items():
        if name not in PARAMS[kind]:
            meant = nearest(name, PARAMS[kind])
            hint = f"did you mean '{meant}'?" if meant else f"it has {listed(sorted(PARAMS[kind]))}"
            checked.at_key((*path, name), "unknown-param", f"a {kind} file has no param '{name}'", hint)
            continue
        try:
            options_of(kind, {name: value})
        except UsageError as error:
            checked.at_value((*path, name), "param-value", error.message, error.hint)


def check_file_to_read(
    checked: Checked, path: Path, connection: str, endpoint: str, params: Mapping[str, Json]
) -> None:
    """A csv file that is there has the delimiter, encoding and header that the mapping says."""
    spec = checked.project.connections.get(connection)
    if spec is None or checked.spec.template:
        return
    try:
        columns_of(folder_of(spec, checked.project.root), Use(endpoint, "list", params))
    except ConnectionFailed as error:
        checked.at_value((*path, "endpoint"), "file", error.message, error.hint)
    except UsageError:
        return  # of its params, which are looked at by themselves


def check_source_key(checked: Checked, source: Endpoint) -> None:
    """Rows have no identity of their own: a column `id` will do, any other has to be named."""
    if checked.spec.source.key or not source.fields or checked.spec.template:
        return
    if "id" not in source.fields:
        message = f"'{source.name}' has no column 'id' by which its records would be told apart"
        hint = f"add `key: …` under `source`; it has {listed(source.fields, 12)}"
        checked.at_value(("source", "endpoint"), "key-not-mapped", message, hint)


def check_file_key(checked: Checked) -> None:
    """An upsert or delete needs to know by which fields rows are told apart."""
    target = checked.spec.target
    if target.operation == "create" and target.missing != "keep" and not target.key:
        message = "records that are gone can't be found in the file without a key"
        checked.at_key(("target", "missing"), "key-not-mapped", message, "add `key: …` under `target`")


def check_download(checked: Checked, source: Endpoint | None) -> None:
    """Content goes from an API that has it into files whose names come from fields."""
    spec = checked.spec
    connector = checked.connectors.get(spec.target.connection)
    if connector is not None and connector.kind != "files":
        hint = "name a connection of the `files` connector, and as endpoint the files' path, such as out/{id}-{name}"
        checked.at_value(("target", "connection"), "operation-not-offered", "`download` writes to files only", hint)
        return
    if source is None:
        return
    if "download" not in source.operations:
        message = f"the records of '{source.name}' have no content that could be downloaded"
        hint = f"it offers {listed(sorted(source.operations))}"
        checked.at_value(("source", "endpoint"), "operation-not-offered", message, hint)
        return
    known = {*source.fields, *(field.name for field in spec.fields)}
    for name in names_in(spec.target.endpoint):
        if name not in known:
            meant = nearest(name, known)
            hint = f"did you mean '{meant}'?" if meant else f"add `{name}: …` under `fields`"
            message = f"the files' names need '{name}', which neither a field nor the record gives"
            checked.at_value(("target", "endpoint"), "unknown-field", message, hint)
