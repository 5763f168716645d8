"""The endpoint that a file stands for: operations and params of its format, columns of a csv file that is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from etl.catalogue import Connector, Endpoint
from etl.connectors.files_csv import Csv
from etl.connectors.files_formats import build_format
from etl.connectors.files_names import names_in, place
from etl.connectors.files_options import format_of
from etl.errors import EtlError, UsageError
from etl.model import Json, Schema

COLUMN = Schema("string", nullable=False, required=True)
"""A cell of a csv file: always a text, if an empty one."""

CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Use:
    """How a mapping uses a file: it reads it with `params`, or writes the `fields`."""

    endpoint: str
    operation: str
    params: Mapping[str, Json]
    fields: tuple[str, ...] = ()


def with_files(connector: Connector, folder: Path, uses: Iterable[Use]) -> Connector:
    """The connector with the files in use as its endpoints. A name that stands for no file is left out."""
    endpoints: dict[str, Endpoint] = {}
    for use in uses:
        try:
            known = endpoints.get(use.endpoint) or kind_of(connector, use.endpoint, use.operation)
            place(folder, use.endpoint)
        except UsageError:
            continue
        endpoints[use.endpoint] = _used(known, folder, use)
    return replace(connector, endpoints=endpoints)


def kind_of(connector: Connector, name: str, operation: str) -> Endpoint:
    """What is documented of the files with this ending. Raises UsageError where it is none."""
    if operation == "download":
        if not names_in(name):
            hint = "write fields in braces, such as attachments/{id}-{name}"
            raise UsageError(f"every record would be written to the same file '{name}'", hint)
        return replace(connector.endpoints[CONTENT], name=name, key=())
    return replace(connector.endpoints[format_of(name)], name=name)


def _used(known: Endpoint, folder: Path, use: Use) -> Endpoint:
    if use.operation == "list":
        return replace(known, fields=known.fields or _columns(folder, use))
    written = dict.fromkeys(use.fields, Schema())
    return replace(known, write_fields={**known.write_fields, **written})


def _columns(folder: Path, use: Use) -> Mapping[str, Schema]:
    """The columns of a csv file that can be read; what is wrong with others, `etl validate` says."""
    try:
        return dict.fromkeys(columns_of(folder, use), COLUMN)
    except EtlError:
        return {}


def columns_of(folder: Path, use: Use) -> list[str]:
    """The columns of a csv file, where it is there. Raises ConnectionFailed where it is no csv file of this form."""
    form = build_format(use.endpoint, use.params)
    path = place(folder, use.endpoint)
    return form.columns(path) if isinstance(form, Csv) and path.is_file() else []
