"""Bodies of writes in the shapes that connectors name: object, array, wrapped, multipart, name/value arrays."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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
    """How records become one request's body. `many`: one request takes a batch; `left_out`: what it does not take."""

    many: bool
    shape: Shape | None
    files: tuple[str, ...] = ()
    root: Path | None = None
    left_out: frozenset[str] = frozenset()

    def content(self, records: Sequence[Record]) -> bytes | None:
        """The JSON text; None for a multipart body."""
        if self.shape is None:
            return None
        return encode(self.shape([self._taken(record) for record in records] if self.left_out else records))

    def parts(self, record: Record) -> Callable[[], Files] | None:
        """What opens the parts of a multipart body; None for JSON. Raises RecordRejected where a file is missing."""
        if self.shape is not None:
            return None
        record = self._taken(record)
        paths = {name: self._file(name, record) for name in self.files if record.get(name) is not None}
        texts = {name: value for name, value in record.items() if name not in self.files and value is not None}

        def opened() -> Files:
            parts: list[tuple[str, Part]] = [(name, (None, str(value))) for name, value in texts.items()]
            for name, path in paths.items():
                kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
                parts.append((name, (path.name, path.open("rb"), kind)))
            return parts

        return opened

    def _taken(self, record: Record) -> Record:
        if not self.left_out:
            return record
        return {name: value for name, value in record.items() if name not in self.left_out}

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
    """The body of an operation, from its block; fields that belong to other operations only are left out of it."""
    body = _shaped(op, fields, wire, options, root)
    others = (name for name, schema in fields.items() if schema.operations and op.name not in schema.operations)
    return replace(body, left_out=frozenset(others))


def _shaped(op: Op, fields: Mapping[str, Schema], wire: Wire, options: Mapping[str, Json], root: Path | None) -> Body:
    block = op.body if op.body is not None else ("array" if op.name == "upsert" else "object")
    if block == "object":
        return Body(False, lambda records: records[0])
    if block == "array":
        return Body(True, list)
    if isinstance(block, str):  # name_value
        return Body(True, _name_value({}, fields, wire, options))
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
    """One element per record: what to call, if that is said, and its fields as two arrays of one length and order."""
    chosen = block.get("alternatives", {}).get(options.get("procedures"), block)
    chosen = {**block, "procedure": chosen} if isinstance(chosen, str) else chosen
    procedure, parameters = chosen.get("procedure"), chosen.get("parameters")
    name, names, values = (
        block.get(part, usual)
        for part, usual in (
            ("name", "StoredProcedureName"),
            ("names", "ParameterNames"),
            ("values", "ParameterValues"),
        )
    )
    constants = compile_record(fields, wire)(dict(block.get("constants", {})))
    called = {} if procedure is None else {name: procedure}

    def element(record: Record) -> Record:
        sent = {**constants, **record}
        if parameters is not None:
            sent = {key: sent[key] for key in parameters if key in sent}
        return {**called, names: list(sent), values: list(sent.values())}

    return lambda records: [element(record) for record in records]
