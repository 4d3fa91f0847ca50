"""What a lake says of how its posts were gathered."""

from dataclasses import astuple
from datetime import datetime
from decimal import Decimal

from walkback.case import Case
from walkback.lake import ANY_QUERY, Covered, Lake, reach_of
from walkback.store import CoverageRow, RunRow


class LakeRecords:
    """The records of a lake, as those of a store into which it was imported.

    `rows` and `posts`: how many rows were read, and of how many posts they were.
    """

    def __init__(self, lake: Lake, case: Case, rows: int, posts: int, now: datetime) -> None:
        """Nothing is read yet."""
        self._lake = lake
        self._case = case
        self._run = RunRow(
            what="import",
            origin=lake.folder.address("").rstrip("/"),
            started_at=now,
            finished_at=now,
            posts=posts,
            duplicates=rows - posts,
            quarantined=0,
            refused=0,
            outcome="done",
            requests=0,
            cost=Decimal(0),
        )

    def coverage(self, case: Case) -> list[CoverageRow]:
        """What was covered for a topic's query, by source and time.

        Where the lake says nothing, it is an archive: complete from the first to the last day that it has.
        """
        if case.name != self._case.name:  # the control topic: an archive is the case's already
            return _rows(self._lake.coverage_of(case))
        return _rows(self._lake.covered(case) or _reaches(self._lake))

    def runs(self, case: Case) -> list[RunRow]:
        """Reading the lake is all that was done."""
        return [self._run] if case.name == self._case.name else []


def _reaches(lake: Lake) -> list[Covered]:
    files = lake.post_files()
    reaches = {
        source: reach_of([file.day for file in files if file.source == source])
        for source in {file.source for file in files}
    }
    return [
        Covered("", source, ANY_QUERY, *reach, "complete", "archive") for source, reach in reaches.items()
    ]


def _rows(spans: list[Covered]) -> list[CoverageRow]:
    rows = {CoverageRow(span.source, span.start, span.end, span.status, span.how) for span in spans}
    return sorted(rows, key=astuple)
