"""Which posts name which themes: counts by bucket and author, as exact integers."""

from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Final

import duckdb

from walkback.store.tallies import IN_WINDOW, TALLIES, Tally

_NUMBERS: Final = count(1)  # each its own table

_COUNT: Final = f"SELECT count(*) FROM {{posts}} WHERE {IN_WINDOW} AND scorable"

# Drawn by a hash that is the same everywhere and always.
_LAY_OUT: Final = r"""
CREATE TEMP TABLE {themed} AS
WITH drawn AS (
    SELECT * FROM {posts}
    WHERE scorable AND created_at >= $start AND created_at < $end
        AND md5_number_lower(source || ':' || id) % $every = 0
),
lowered AS (
    SELECT drawn.source, drawn.cluster, drawn.created_at, drawn.compound,
        replace(lower(text), chr(8217), '''') AS words
    FROM drawn JOIN post USING (source, id)
),
parted AS (
    SELECT * REPLACE (' ' || regexp_replace(words, '[^\p{L}\p{N}_'']+', ' ', 'g') || ' ' AS words)
    FROM lowered
),
spelt AS (
    SELECT * REPLACE (regexp_replace(regexp_replace(words, '''+ ', ' ', 'g'), ' [ '']*', ' ', 'g') AS words)
    FROM parted
)
SELECT * EXCLUDE words, [{found}] AS themes FROM spelt
"""

# The mean of these is a share of posts, and its interval one of a share.
_SHARES: Final = """(
SELECT source, cluster, created_at, CASE WHEN themes[{number}] THEN 1 ELSE 0 END::DECIMAL(5, 4) AS compound
FROM {themed}
)"""
_NAMING: Final = "(SELECT source, cluster, created_at, compound FROM {themed} WHERE themes[{number}])"


class ThemedPosts:
    """A case's posts with words, and which patterns each holds; one in `every` where there are very many."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        posts: str,
        patterns: Sequence[str],
        window: tuple[datetime, datetime],
        *,
        most: int,
    ) -> None:
        """Looks for the patterns (RE2) in the texts of about `most` posts of the table `posts`, once.

        A text is spelt for that: in lower case, with a blank for whatever is no letter, digit, underscore or
        apostrophe inside a word, and a blank at both ends.
        """
        self._connection = connection
        self._name = f"themed_{next(_NUMBERS)}"
        asked = {"start": window[0], "end": window[1]}
        ((found_posts,),) = connection.execute(_COUNT.replace("{posts}", posts), asked).fetchall()
        self.every = max(1, -(-int(found_posts) // most))
        found = ", ".join(f"regexp_matches(words, $pattern_{at})" for at in range(len(patterns)))
        named = {f"pattern_{at}": pattern for at, pattern in enumerate(patterns)}
        sql = _LAY_OUT.replace("{found}", found).replace("{posts}", posts).replace("{themed}", self._name)
        connection.execute(sql, {**asked, **named, "every": self.every})

    def shares(self, number: int, edges: Sequence[datetime]) -> list[Tally]:
        """Of the pattern at `number`: tallies over all posts; compound is 1 where a post holds it, else 0."""
        return self._tallies(_SHARES, number, edges, negative=0.0)

    def naming(self, number: int, edges: Sequence[datetime], *, negative: float) -> list[Tally]:
        """Of the pattern at `number`: tallies over the posts that hold it."""
        return self._tallies(_NAMING, number, edges, negative=negative)

    def _tallies(
        self, relation: str, number: int, edges: Sequence[datetime], *, negative: float
    ) -> list[Tally]:
        chosen = relation.replace("{number}", str(number + 1)).replace("{themed}", self._name)
        sql = TALLIES.replace("{posts}", chosen)
        asked = {"start": edges[0], "end": edges[-1], "edges": list(edges[:-1]), "negative": negative}
        return [Tally(*row) for row in self._connection.execute(sql, asked).fetchall()]
