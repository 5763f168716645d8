"""The envelope around every answer: JSON whose `content` is JSON text once more."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from etl.sandbox.exchange import Answer, Json, Record, Refusal, json_answer
from etl.sandbox.settings import Settings


def success(message: str, appointments: Sequence[Record]) -> Answer:
    """The answer of an import or a REST write that went well, with the appointments it touched."""
    touched = [{"Id": appointment["id"], "Guid": appointment["AppointmentGuid"]} for appointment in appointments]
    content = {"Success": True, "Message": message, "Status": 200, "Phrase": "OK", "Appointments": touched}
    return json_answer(_envelope(content, 200))


def failure(description: str, settings: Settings) -> Refusal:
    """A call that failed as a whole; where that shows depends on the setting, as both SDKs know other rules."""
    if settings.failure == "success_false":
        content = {"Success": False, "Message": description, "Status": 500, "Phrase": None, "Appointments": []}
        return Refusal(json_answer(_envelope(content, 200)))
    answer = _envelope({"Error": "The import failed.", "Description": description}, 500)
    return Refusal(json_answer(answer, 500 if settings.failure == "http_500" else 200))


def _envelope(content: Json, status: int) -> Json:
    return {"content": orjson.dumps(content).decode(), "contentType": "application/json", "statusCode": status}
