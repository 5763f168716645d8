"""What somebody has set up in Dime.Scheduler before anything was moved there."""

from __future__ import annotations

from etl.sandbox.dimescheduler.records import key_of
from etl.sandbox.exchange import Record

_GROUPS = ("Department", "Avdelning", "Region", "Kompetens", "Team")
_CATEGORIES = (("Akut", "#EB5A46"), ("Planerat", "#41B18B"), ("Jour", "#0079BF"))
_MARKERS = (("Bekräftad", "#41B18B"), ("Preliminär", "#F2D600"))
_CALENDARS = ("Standard", "Jour", "Deltid 75 %")
_RESOURCE_TYPES = ("Person", "Fordon", "Utrustning")

Rows = dict[str, Record]


def set_up() -> dict[str, Rows]:
    """Filter groups, categories and the like, by collection and key."""
    return {
        "filter_groups": _rows("GroupName", [{"GroupName": name} for name in _GROUPS]),
        "categories": _rows(
            "CategoryName",
            [{"CategoryName": name, "DisplayName": name, "CategoryHexColor": color} for name, color in _CATEGORIES],
        ),
        "time_markers": _rows("TimeMarker", [{"TimeMarker": name, "HexColor": color} for name, color in _MARKERS]),
        "pins": _rows("Name", [{"Name": "VIP", "HexColor": "#F2D600"}]),
        "containers": _rows("Name", [{"Name": "Inkorg"}]),
        "calendars": _rows("name", [{"name": name} for name in _CALENDARS]),
        "resource_types": _rows("name", [{"name": name} for name in _RESOURCE_TYPES]),
    }


def _rows(name: str, records: list[Record]) -> Rows:
    return {key_of([record[name]]): {"id": number, **record} for number, record in enumerate(records, 1)}
