"""Bodies of writes in the shapes that connectors name: object, array, wrapped, multipart, name/value arrays."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from etl.catalogue import Op, Wire
from etl.connectors.wire import compile_record
from etl.errors import RecordRejected
from etl.http.answer import Files, Part
from etl.http.decoding import encode
from etl.model import Json, Record, Schema

Shape = Callable[[Sequence[Record]], Json]


@dataclass(frozen=True, slots=True)
class Body:
    """How records become one request's body. `many`: one request takes a batch."""

    many: bool
    shape: Shape | None
    files: tuple[str, ...] = ()
    root: Path | None = None

    def content(self, records: Sequence[Record]) -> bytes | None:
        """The JSON text; None for a multipart body."""
        return None if self.shape is None else encode(self.shape(records))

    def parts(self, record: Record) -> Callable[[], Files] | None:
        """What opens the parts of a multipart body; None for JSON. Raises RecordRejected where a file is missing."""
        if self.shape is not None:
            return None
        paths = {name: self._file(name, record) for name in self.files}
        texts = {name: value for name, value in record.items() if name not in paths and value is not None}

        def opened() -> Files:
            parts: list[tuple[str, Part]] = [(name, (None, str(value))) for name, value in texts.items()]
            for name, path in paths.items():
                kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
                parts.append((name, (path.name, path.open("rb"), kind)))
            return parts

        return opened

    def _file(self, name: str, record: Record) -> Path:
        """Only files below the project's folder: a record must not choose what else of this machine is sent."""
        root = (self.root or Path()).resolve()
        path = (root / str(record.get(name) or "")).resolve()
        if not path.is_relative_to(root):
            raise RecordRejected(f"the file must lie below {root}", field=name, code="file")
        if not path.is_file():
            raise RecordRejected(f"there is no file {path}", field=name, code="file")
        return path


def build_body(
    op: Op, fields: Mapping[str, Schema], wire: Wire, options: Mapping[str, Json], root: Path | None
) -> Body:
    """The body of an operation, from its block."""
    block = op.body if op.body is not None else ("array" if op.name == "upsert" else "object")
    if block == "object":
        return Body(False, lambda records: records[0])
    if block == "array":
        return Body(True, list)
    if not isinstance(block, Mapping):
        return Body(False, None, (), root)
    if "wrap" in block:
        return _wrapped(str(block["wrap"]), bool(block.get("many", op.name == "upsert")))
    if "multipart" in block:
        return Body(False, None, tuple((block["multipart"] or {}).get("files", ())), root)
    return Body(True, _name_value(block["name_value"], fields, wire, options))


def _wrapped(key: str, many: bool) -> Body:
    return Body(many, (lambda records: {key: list(records)}) if many else (lambda records: {key: records[0]}))


def _name_value(
    block: Mapping[str, Json], fields: Mapping[str, Schema], wire: Wire, options: Mapping[str, Json]
) -> Shape:
    """One element per record: what to call, and the record's fields as two arrays of one length and order."""
    chosen = options.get("procedures")
    procedure = block.get("alternatives", {}).get(chosen, block["procedure"])
    name, names, values = (
        block.get(part, usual)
        for part, usual in (
            ("name", "StoredProcedureName"),
            ("names", "ParameterNames"),
            ("values", "ParameterValues"),
        )
    )
    constants = compile_record(fields, wire)(dict(block.get("constants", {})))

    def element(record: Record) -> Record:
        sent = {**constants, **record}
        return {name: procedure, names: list(sent), values: list(sent.values())}

    return lambda records: [element(record) for record in records]
