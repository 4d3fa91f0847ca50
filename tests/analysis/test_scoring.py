"""From the store, through a scorer, back into the store."""

import duckdb
import pytest
from worlds import add, case_at, post

from walkback.analysis.scorers.vader import Vader
from walkback.analysis.scoring import score_pending
from walkback.store import Store

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
