"""How much is made up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    users: int
    companies: int
    persons: int
    projects: int
    boards: int
    tasks: int
    time_reports: int
    articles: int
    time_entries: int


FULL = Sizes(
    users=48,
    companies=260,
    persons=340,
    projects=360,
    boards=40,
    tasks=2400,
    time_reports=3600,
    articles=180,
    time_entries=420,
)
SMALL = Sizes(
    users=12, companies=25, persons=30, projects=30, boards=6, tasks=120, time_reports=180, articles=24, time_entries=60
)
