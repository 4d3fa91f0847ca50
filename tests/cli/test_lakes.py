"""`walkback export --partitioned` and `walkback import LAKE`: a store as a lake, and a lake as a store."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests import worlds
from tests.cli.command import walkback
from tests.lakes import case_file, object_store
from tests.worlds import add, post

from walkback.lake import POST_SCHEMA
from walkback.post import Engagement, TextState
from walkback.store import Span, Store

START = datetime(2023, 8, 1, 23, 30, tzinfo=UTC)
CASE = worlds.CASE.replace("[[events]]", '[query.control]\nany = ["webcam"]\n[[events]]', 1)
TABLES = {
    "post": "SELECT * FROM post ORDER BY source, id",
    "latest_observation": "SELECT * FROM latest_observation ORDER BY source, id",
    "coverage": "SELECT source, query_hash, starts_at, ends_at, status, how FROM coverage ORDER BY ALL",
    "match": """SELECT source, id, terms FROM match WHERE "case" = 'zoom' ORDER BY ALL""",
}


@pytest.fixture
def case(tmp_path):
    """A case with sixty posts of three sources over three days, deleted ones and ones without author too."""
    (tmp_path / "here").mkdir()
    case = case_file(tmp_path / "here", CASE)
    posts = [
        post(
            id=f"{number}/ä",
            source=("x", "reddit", "a/b c")[number % 3],
            author=None if number % 7 == 0 else f"{number % 5:032x}",
            created_at=START + timedelta(hours=number),
            edited_at=START + timedelta(hours=number + 1) if number % 11 == 0 else None,
            text="" if number % 13 == 0 else f"zoom is {'awful' if number % 2 else 'great'} {number}",
            text_state=TextState.DELETED if number % 13 == 0 else TextState.PRESENT,
            engagement=Engagement(likes=number, views=None) if number % 4 == 0 else None,
            account_days=30 if number % 5 == 0 else None,
            place="r/zoom",
            url=f"https://example.org/{number}",
        )
        for number in range(60)
    ]
    covered = (
        Span("x", START, START + timedelta(days=3), "complete", "asked", of_query=True),
        Span("reddit", START, START + timedelta(days=3), "complete"),
        Span("reddit", START, START + timedelta(days=1), "erased"),
    )
    add(case, posts, coverage=covered)
    return case


def exported(case, place="../lake"):
    """The folder that the command made."""
    done = walkback("export", case.path.name, place, "--partitioned", folder=case.path.parent)
    assert done.returncode == 0, done.stderr
    return case.path.parent.parent / "lake"


def another(folder, case, *, with_key=True):
    """The same case in another folder, without a store."""
    folder.mkdir()
    if with_key:
        key = case.store_path.with_suffix(".key")
        (folder / key.name).write_bytes(key.read_bytes())
    return case_file(folder, case.path.read_text())


def contents(case):
    """What the store of a case holds, table by table."""
    copy = Store(case.store_path).private_copy()
    try:
        return {table: copy.sql(query, {}).to_pylist() for table, query in TABLES.items()}
    finally:
        copy.close()


def rewrite(file, rows):
    """A file as somebody else might write it."""
    nullable = [field.with_nullable(nullable=True) for field in POST_SCHEMA]
    pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(nullable)), file)


def test_a_store_made_of_a_lake_holds_what_the_first_one_held(tmp_path, case):
    """Posts to the last column, latest counts and coverage; a second import changes nothing."""
    exported(case)
    there = another(tmp_path / "there", case)

    done = walkback("import", "zoom.toml", "../lake", folder=tmp_path / "there")
    once = contents(there)
    again = walkback("import", "zoom.toml", "../lake", folder=tmp_path / "there")

    assert "60 stored" in done.stdout
    assert once == contents(case)
    assert "0 stored, 60 known already" in again.stdout
    assert contents(there) == once


def test_a_store_takes_its_own_lake_without_a_change(case):
    """Importing what was exported from there."""
    before = contents(case)
    exported(case)

    walkback("import", "zoom.toml", "../lake", folder=case.path.parent)

    after = contents(case)
    assert {table: after[table] for table in TABLES if table != "coverage"} == {
        table: before[table] for table in TABLES if table != "coverage"
    }
    assert {json.dumps(row, default=str) for row in after["coverage"]} == {
        json.dumps(row, default=str) for row in before["coverage"]
    }


def test_the_files_are_laid_out_by_source_and_day(case):
    """A folder of each source and day of UTC, sorted by time, with the least and greatest time known."""
    lake = exported(case)

    files = sorted((lake / "posts").rglob("*.parquet"))

    assert {file.parent.parent.name for file in files} == {"source=x", "source=reddit", "source=a%2Fb%20c"}
    assert {file.parent.name for file in files} == {f"day=2023-08-0{day}" for day in (1, 2, 3, 4)}
    for file in files:
        times = pq.read_table(file)["created_at"].to_pylist()
        known = pq.read_metadata(file).row_group(0).column(4).statistics
        assert times == sorted(times)
        assert {f"day={moment:%Y-%m-%d}" for moment in times} == {file.parent.name}
        assert (known.min, known.max) == (times[0], times[-1])
    assert lake.stat().st_mode & 0o077 == 0


def test_exporting_again_replaces_what_the_store_wrote_before(case):
    """A post that was erased is in no file any more, and a day without posts has none."""
    lake = exported(case)
    first = {file for file in lake.rglob("*.parquet") if file.parent.name == "day=2023-08-01"}

    walkback("purge", "zoom.toml", "--older-than", "2023-08-03", "--yes", folder=case.path.parent)
    exported(case)

    assert first
    assert not [file for file in first if file.exists()]
    assert sum(pq.read_metadata(file).num_rows for file in (lake / "posts").rglob("*.parquet")) == 37


def test_two_stores_with_one_key_share_a_lake(tmp_path, case):
    """Each writes its own files; a post that both have is imported once."""
    lake = exported(case)
    other = another(tmp_path / "other", case)
    add(other, [post(id="0/ä", source="x"), post(id="new", source="x")])

    done = walkback("export", "zoom.toml", "../lake", "--partitioned", folder=tmp_path / "other")
    third = another(tmp_path / "third", case)
    taken = walkback("import", "zoom.toml", "../lake", folder=tmp_path / "third")

    assert done.returncode == 0, done.stderr
    assert len({file.name for file in (lake / "posts").rglob("*.parquet")}) == 2
    assert "61 stored, 1 known already" in taken.stdout
    assert Store(third.store_path).status(third).posts == 61


def test_authors_of_another_key_get_pseudonyms_of_ours(tmp_path, case):
    """As many authors as before, none by the name that it had; the command says so."""
    exported(case)
    there = another(tmp_path / "there", case, with_key=False)

    done = walkback("import", "zoom.toml", "../lake", folder=tmp_path / "there")

    ours = {(row["source"], row["author"]) for row in contents(there)["post"]}
    theirs = {(row["source"], row["author"]) for row in contents(case)["post"]}
    assert "its pseudonyms are another store's" in done.stdout
    assert {author for _, author in ours & theirs} == {None}
    assert len(ours) == len(theirs)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"kind": "essay"}, "kind is not one of"),
        ({"id": ""}, "id is empty"),
        ({"id": None}, "id is missing"),
        ({"text_state": "lost"}, "text_state is not one of"),
        ({"text": "x" * 100_001}, "text is longer than 100,000 characters"),
        ({"url": "https://" + "x" * 2_000}, "url is longer than 2,000 characters"),
    ],
)
def test_a_row_that_is_no_post_goes_to_quarantine(tmp_path, case, broken, reason):
    """With its file and row; its neighbours are kept."""
    lake = exported(case)
    file = lake / "posts/source=x/day=2023-08-02" / next((lake / "coverage").iterdir()).name
    rows = pq.read_table(file).to_pylist()
    rows[2] |= broken
    rewrite(file, rows)
    there = another(tmp_path / "there", case)

    done = walkback("import", "zoom.toml", "../lake", folder=tmp_path / "there")

    [(_, fault)] = Store(there.store_path).quarantine(there)
    assert "59 stored, 0 known already, 1 in quarantine" in done.stdout
    assert reason in fault.reason
    assert f"posts/source=x/day=2023-08-02/{file.name}, row 3: " in fault.reason


def test_a_file_that_can_not_be_read_keeps_no_other_out(tmp_path, case):
    """Cut off, or with too few columns: one fault each, which names the file."""
    lake = exported(case)
    cut, bare = (
        next((lake / f"posts/source={source}/day=2023-08-02").iterdir()) for source in ("x", "reddit")
    )
    lost = sum(pq.read_metadata(file).num_rows for file in (cut, bare))
    cut.write_bytes(cut.read_bytes()[:-100])
    pq.write_table(pq.read_table(bare).select(["id", "text"]), bare)
    there = another(tmp_path / "there", case)

    done = walkback("import", "zoom.toml", "../lake", folder=tmp_path / "there")

    told = [fault.reason for _, fault in Store(there.store_path).quarantine(there)]
    assert f"{60 - lost} stored, 0 known already, 2 in quarantine" in done.stdout
    assert any("source=x" in reason and "can't be read" in reason for reason in told)
    assert any("source=reddit" in reason and "has no column source, kind" in reason for reason in told)


def test_words_and_names_that_got_in_unmasked_are_masked(tmp_path, case):
    """A lake that somebody else wrote: handles in text, an author by name, a deleted post with words."""
    lake = exported(case)
    file = next((lake / "posts/source=x/day=2023-08-02").iterdir())
    rows = pq.read_table(file).to_pylist()
    rows[0] |= {"author": "jane_doe", "text": "zoom listens, says @jane_doe", "text_state": "present"}
    rows[1] |= {"text": "gone, but here", "text_state": "deleted"}
    rewrite(file, rows)
    there = another(tmp_path / "there", case)

    walkback("import", "zoom.toml", "../lake", folder=tmp_path / "there")

    kept = {row["id"]: row for row in contents(there)["post"]}
    assert "jane_doe" not in json.dumps([kept[row["id"]] for row in rows], default=str)
    assert kept[rows[1]["id"]]["text"] == ""


def test_what_is_no_lake_or_not_whole_is_told_in_a_line(tmp_path, case):
    """Each with what to do, and without a traceback."""
    lake = exported(case)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").write_text("mine")
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange/lake.json").write_text('{"walkback_lake": 99}')
    other = another(tmp_path / "other", case, with_key=False)
    add(other, [post()])

    def said(*arguments, folder=case.path.parent):
        done = walkback(*arguments, folder=folder)
        assert done.returncode in {1, 2}
        assert "Traceback" not in done.stderr
        return done.stderr.strip()

    assert "is not empty and is no lake" in said("export", "zoom.toml", "../full", "--partitioned")
    assert "another key" in said("export", "zoom.toml", "../lake", "--partitioned", folder=tmp_path / "other")
    assert "a lake of form 99" in said("import", "zoom.toml", "../strange")
    assert "no address that is known" in said("import", "zoom.toml", "ftp://host/lake")
    assert "keys, region" in said("import", "zoom.toml", "s3://key:secret@bucket/lake").lower()
    assert "Of the options --covers alone" in said("import", "zoom.toml", "../lake", "--source", "x")
    (lake / "unfinished").mkdir(exist_ok=True)
    (lake / "unfinished/1234").touch()
    assert "not written to the end" in said("import", "zoom.toml", "../lake")


def test_an_export_that_failed_is_noticed_and_done_again(tmp_path, case):
    """Where a file can't be written the lake says that it is not whole, until the export is run again."""
    lake = exported(case)
    blocked = next((lake / "posts/source=x/day=2023-08-03").iterdir())
    content = blocked.read_bytes()
    blocked.unlink()
    blocked.mkdir()  # nothing can be renamed to that

    failed = walkback("export", "zoom.toml", "../lake", "--partitioned", folder=case.path.parent)
    there = another(tmp_path / "there", case)
    refused = walkback("import", "zoom.toml", "../lake", folder=tmp_path / "there")
    blocked.rmdir()
    exported(case)

    assert failed.returncode == 1
    assert "can't be written" in failed.stderr
    assert not list(lake.rglob(".*.part"))
    assert refused.returncode == 2
    assert not there.store_path.exists()
    assert pq.read_table(blocked).equals(pq.read_table(pa.BufferReader(content)))


def test_an_object_store_is_a_folder_like_any_other(monkeypatch, tmp_path, case):
    """Export to S3 on loopback and import from there; a wrong name is told without a secret."""
    with object_store(monkeypatch) as bucket:
        exported(case, f"{bucket}/zoom/lake")
        there = another(tmp_path / "there", case)
        done = walkback("import", "zoom.toml", f"{bucket}/zoom/lake", folder=tmp_path / "there")
        missing = walkback("import", "zoom.toml", f"{bucket}/nowhere", folder=tmp_path / "there")
        nobody = walkback(
            "export", "zoom.toml", "s3://no-such-bucket/lake", "--partitioned", folder=case.path.parent
        )

    assert "60 stored" in done.stdout, done.stderr
    assert contents(there) == contents(case)
    for failed in (missing, nobody):
        assert failed.returncode in {1, 2}
        assert "s3://" in failed.stderr
        assert "secret" not in failed.stderr
        assert "Traceback" not in failed.stderr
