"""The yaml-language-server as an editor drives it: documents opened, completions, help and problems asked for."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.node import installed, node

VERSION = "2.0.0"
PATIENCE = 20.0
CURSOR = "\N{CARET}"
"""Where the cursor stands in a text."""

_SETTINGS = {
    "yaml": {
        "validate": True,
        "hover": True,
        "completion": True,
        "schemaStore": {"enable": False},
        "kubernetesCRDStore": {"enable": False},
    }
}


@dataclass
class LanguageServer:
    """A session with the server."""

    process: subprocess.Popen[bytes]
    folder: Path
    _answers: dict[int, Any] = field(default_factory=dict)
    _problems: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _arrived: queue.Queue[dict[str, Any] | None] = field(default_factory=queue.Queue)
    _number: int = 0

    def completions(self, text: str) -> dict[str, str]:
        """What the server offers where the cursor stands: label → help."""
        uri, place = self._open(text)
        answer = self._ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": place})
        items = answer["items"] if isinstance(answer, dict) else answer or []
        return {item["label"]: _text(item.get("documentation")) for item in items}

    def hover(self, text: str) -> str:
        """The help for what stands under the cursor."""
        uri, place = self._open(text)
        answer = self._ask("textDocument/hover", {"textDocument": {"uri": uri}, "position": place})
        return _text(answer["contents"]) if answer else ""

    def problems(self, *texts: str) -> list[list[tuple[int, str]]]:
        """Of each document the lines, from 1, that the server underlines, with its words."""
        opened = [self._open(text)[0] for text in texts]
        while not self._problems.keys() >= set(opened):
            self._take()
        return [
            sorted((each["range"]["start"]["line"] + 1, each["message"]) for each in self._problems[uri])
            for uri in opened
        ]

    def _open(self, text: str) -> tuple[str, dict[str, int]]:
        """Shows the server a new document; its address and where the cursor stands in it."""
        self._number += 1
        uri = (self.folder / f"document{self._number}.yaml").as_uri()
        before, _, _ = text.partition(CURSOR)
        place = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text.replace(CURSOR, "")}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        return uri, place

    # --- the protocol ----------------------------------------------------------------------------

    def begin(self) -> None:
        asked = {"processId": None, "rootUri": self.folder.as_uri(), "capabilities": _CAPABILITIES}
        self._ask("initialize", asked)
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": _SETTINGS}})

    def _ask(self, method: str, params: dict[str, Any]) -> Any:
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        while number not in self._answers:
            self._take()
        return self._answers.pop(number)

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.process.stdin.flush()

    def _take(self) -> None:
        message = self._arrived.get(timeout=PATIENCE)
        assert message is not None, "the language server ended"
        if message.get("method") == "textDocument/publishDiagnostics":
            self._problems[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            asked = message["params"].get("items", []) if message["method"] == "workspace/configuration" else []
            result = [_SETTINGS.get(item.get("section", ""), {}) for item in asked]
            self._send({"id": message["id"], "result": result or None})
        elif "id" in message:
            assert "error" not in message, message["error"]
            self._answers[message["id"]] = message["result"]

    def listen(self) -> None:
        """Reads what the server says until it ends; in a thread of its own."""
        assert self.process.stdout
        while line := self.process.stdout.readline():
            length = int(line.split(b":")[1])
            while self.process.stdout.readline().strip():
                pass
            self._arrived.put(json.loads(self.process.stdout.read(length)))
        self._arrived.put(None)


_CAPABILITIES: dict[str, Any] = {
    "workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}},
    "textDocument": {
        "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
        "hover": {"contentFormat": ["markdown"]},
        "publishDiagnostics": {},
    },
}


@contextmanager
def language_server(folder: Path) -> Iterator[LanguageServer]:
    """A server for documents in this folder. Skips the test where no npm registry can be reached."""
    program = installed("yaml-language-server", VERSION) / "bin" / "yaml-language-server"
    with subprocess.Popen(
        [node(), str(program), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        server = LanguageServer(process, folder)
        listener = threading.Thread(target=server.listen)
        listener.start()
        try:
            server.begin()
            yield server
        finally:
            process.kill()
            listener.join()


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(map(_text, content))
    return str(content.get("value", "")) if isinstance(content, dict) else str(content or "")
