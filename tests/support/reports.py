"""Reports of made-up runs, with something of everything in them."""

from __future__ import annotations

from etl.report import Change, ConnectionReport, MappingReport, RunReport


def mixed_run() -> RunReport:
    """Three mappings: one well, one with rejects and drift, one that failed."""
    return RunReport(
        run_id="01K4ZQ7W",
        status="failed",
        exit_code=3,
        started_at="2026-04-01T10:00:00Z",
        finished_at="2026-04-01T10:01:07Z",
        mappings=[
            MappingReport("projects", read=312, filtered=22, unchanged=289, created=1, written=1, seconds=3.21),
            MappingReport(
                "tasks",
                status="rejected",
                read=12_345,
                unchanged=12_000,
                written=341,
                rejected=4,
                seconds=64.4,
                reasons={"field 'projectExternalId': lookup 'projects' has no 88": 1, "no such project": 3},
                drift={"estimate.unit: not documented": 7},
                warnings=["'category' was null for every record"],
            ),
            MappingReport(
                "employees",
                status="failed",
                read=40,
                unsettled=40,
                error="dimesheets: the API key was refused — check auth.api_key",
            ),
        ],
        connections={
            "blikk": ConnectionReport("blikk", requests=240, retries=1, throttled=1, waited_seconds=58.34),
            "dimesheets": ConnectionReport("dimesheets", requests=5),
        },
    )


def mixed_plan() -> RunReport:
    """A plan with each kind of change."""
    changes = [
        Change("7", "create", {"name": [None, "Villa Björk"], "clientId": [None, 41]}, target_key="blikk-project-7"),
        Change("8", "update", {"name": ["Old", "New"], "description": ["a", None]}, target_key="blikk-project-8"),
        Change("9", "delete", target_key="blikk-project-9"),
        Change("10", "reject", reason="field 'name': required, but null"),
        Change("11", "create or update", {"ssn": [None, "19121212-1212"]}, target_key="blikk-project-11"),
    ]
    projects = MappingReport(
        "projects",
        read=294,
        created=2,
        updated=1,
        written=3,
        deleted=1,
        unchanged=289,
        rejected=1,
        changes=changes,
        source="blikk.projects",
        target="dimesheets.projects",
        reading="reads newest first until the cursor",
    )
    tasks = MappingReport("tasks", read=12, unchanged=12, reading="reads all and compares")
    failed = MappingReport("users", status="failed", read=3, unsettled=3, error="blikk: the host does not answer")
    return RunReport("01K4ZQ7X", exit_code=0, planned=True, mappings=[projects, tasks, failed])
