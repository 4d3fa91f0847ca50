"""From the store, through a scorer, back into the store."""

from datetime import UTC, datetime

import duckdb
import pytest
from worlds import add, case_at, post

from walkback.analysis.scorers.vader import Vader
from walkback.analysis.scoring import score_pending
from walkback.store import Doomed, Store

WORDS = ("great", "awful", "not bad!", "GREAT but sad", "a plan", "😁 fine", "don't like", "")


def stored(case):
    """(text, compound) of every score."""
    with duckdb.connect(case.store_path, read_only=True) as connection:
        return connection.execute(
            "SELECT text, compound::DOUBLE FROM post JOIN sentiment USING (source, id) ORDER BY text"
        ).fetchall()


@pytest.mark.parametrize("count", [40, 45_000])
def test_what_is_stored_is_what_the_scorer_says(tmp_path, count):
    """In one batch or several."""
    case, vader = case_at(tmp_path), Vader()
    add(case, [post(id=str(number), text=f"zoom {number} {WORDS[number % 8]}") for number in range(count)])
    heard = []

    def scored(*told):
        heard.append(told)

    assert score_pending(case, Store(case.store_path), vader, scored=scored) == count
    assert [told[0] for told in heard] == [*range(vader.batch, count, vader.batch), count]
    assert {told[1] for told in heard} == {count}
    got = stored(case)
    assert len(got) == count
    assert [row for row in got if vader.score_text(row[0]).compound != row[1]] == []
    assert score_pending(case, Store(case.store_path), vader, scored=scored) == 0


def test_posts_that_move_between_two_turns_are_scored_all_the_same(tmp_path, monkeypatch):
    """Who erases writes the file anew: what was in the third slice is in the second one then."""
    case, vader, turns = case_at(tmp_path), Vader(), []
    store = Store(case.store_path)
    add(case, [post(id=f"{number:02}", text=f"zoom {number}") for number in range(12)])
    vader.batch = 2

    def others(_):
        turns.append(len(stored(case)))
        if len(turns) == 3:
            first = Doomed(source="x", posts=tuple(("x", f"{number:02}") for number in range(3)))
            store.erase([first], why="asked", now=datetime(2026, 1, 1, tzinfo=UTC))

    monkeypatch.setattr("walkback.store.pending._SLICE", 4)
    monkeypatch.setattr("walkback.store.scores._HOLD_S", 0.0)
    monkeypatch.setattr("walkback.store.scores.time.sleep", others)
    score_pending(case, store, vader, scored=lambda *_: None)

    assert [text for text, _ in stored(case)] == sorted(f"zoom {number}" for number in range(3, 12))
