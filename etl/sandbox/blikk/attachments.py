"""Files and links of a task (Blikk: Core resources, Tasks)."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Callable, Mapping

from etl.sandbox.blikk.bodies import Property, read_body
from etl.sandbox.blikk.desk import Desk
from etl.sandbox.blikk.lists import Listing, answer_list, by_text
from etl.sandbox.blikk.refusals import invalid, not_found
from etl.sandbox.blikk.shapes import user_name
from etl.sandbox.blikk.task_children import TASK, Children
from etl.sandbox.exchange import Answer, Call, Json, Part, Record
from etl.sandbox.routing import Route

_LINK_KINDS = ("googleDrive", "dropbox", "oneDrive")
_RENAMED = (Property("name", "string", required=True),)
_LISTING = Listing(sorts={"name": by_text("name")})
_LINK: Record = {"type": "link", "contentType": None, "sizeInBytes": None}
_BLANK: Record = {**_LINK, "taskId": None, "name": "Ny länk", "externalLinkUrl": "https://drive.example.com/fil"}


class Attachments:
    collection = "task_attachments"
    blank = _BLANK

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._store = desk.store
        self._children = Children(desk, "task_attachments", "attachment", "attachmentId")

    def routes(self) -> list[Route]:
        path = TASK + "/Attachments"
        return [
            Route("GET", path, self.list_page, "Task_Read", "task_attachments"),
            Route("GET", path + "/{attachmentId}/Download", self.download, "Task_Read"),
            Route("POST", path, self.create, "Task_Write"),
            Route("PUT", path + "/{attachmentId}", self.update, "Task_Write"),
            Route("DELETE", path + "/{attachmentId}", self.delete, "Task_Write"),
        ]

    def list_page(self, call: Call) -> Answer:
        return answer_list(call, _LISTING, self._children.of_task(call), self.show)

    def download(self, call: Call) -> Answer:
        attachment = self._children.find(call)
        if attachment["type"] != "file":
            raise not_found("file of the attachment", "attachmentId")
        content = self._store.blob(attachment["id"])
        body = made_up(attachment) if content is None else content
        return Answer(200, body, attachment["contentType"], {"Content-Disposition": "attachment"})

    def create(self, call: Call) -> Answer:
        if call.form is None:
            raise invalid({"": ["The request has to be multipart/form-data."]})
        fields, content = _read(call.form)
        key = self._children.add(call, fields)
        if content is not None:
            self._store.put_blob(key, content)
        return self._desk.written(key)

    def update(self, call: Call) -> Answer:
        return self._children.update(call, self._children.find(call), read_body(call, _RENAMED, self._store))

    def delete(self, call: Call) -> Answer:
        self._store.remove_blob(self._children.find(call)["id"])
        return self._children.delete(call)

    def view(self) -> Callable[[Record], Json]:
        """Shows records in full."""
        return self.show

    def show(self, attachment: Record) -> Json:
        shown = ("id", "name", "type", "contentType", "sizeInBytes", "externalLinkUrl")
        return {
            "objectName": "task.attachment.list",
            **{name: attachment[name] for name in shown},
            "createdByUser": user_name(self._store, attachment["createdById"]),
            "createdDate": attachment["created"],
            "updatedDate": attachment["updated"],
        }


def made_up(attachment: Record) -> bytes:
    """The content of a file that came with the made-up data: always the same bytes, as many as it says."""
    seed = hashlib.sha256(str(attachment["id"]).encode()).digest()
    size = int(attachment["sizeInBytes"])
    return (seed * (size // len(seed) + 1))[:size]


def _read(parts: Mapping[str, Part]) -> tuple[Record, bytes | None]:
    """A file, or a link with its kind; never both."""
    file, url, kind = parts.get("file"), _text(parts, "externalUrl"), _text(parts, "externalUrlType")
    if (file is None) == (url is None):
        raise invalid({"file": ["Either a file or an externalUrl is required."]})
    if file is None:
        if kind not in _LINK_KINDS:
            raise invalid({"externalUrlType": [f"The value '{kind}' is not valid for externalUrlType."]})
        return {**_LINK, "name": _text(parts, "name") or url, "externalLinkUrl": url}, None
    name = file.filename or "fil"
    content_type = file.content_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
    fields = {
        "name": _text(parts, "name") or name,
        "type": "file",
        "contentType": content_type,
        "sizeInBytes": len(file.content),
        "externalLinkUrl": None,
    }
    return fields, file.content


def _text(parts: Mapping[str, Part], name: str) -> str | None:
    part = parts.get(name)
    return part.content.decode("utf-8", "replace").strip() or None if part else None
