"""Who speaks and who repeats: posts by author, and groups of posts with the same words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from walkback.store.tallies import IN_WINDOW


@dataclass(frozen=True, slots=True)
class Copies:
    """Posts whose words are the same but for case, marks, links and numbers; `text` is the first's."""

    posts: int
    authors: int
    sources: int
    first_at: datetime
    last_at: datetime
    text: str


# Authors are alike where they wrote as much: a row for each number of posts, as many authors have it.
SPREAD: Final = f"""
WITH by_author AS (
    SELECT cluster, count(*) AS posts FROM {{posts}} WHERE {IN_WINDOW} GROUP BY cluster
)
SELECT posts, count(*) AS authors FROM by_author GROUP BY posts ORDER BY posts
"""

# The mean of these is a share of posts, and its interval one of a share.
YOUNG_DAYS: Final = 30
YOUNG: Final = f"""(
SELECT source, cluster, created_at,
    CASE WHEN account_days < {YOUNG_DAYS} THEN 1 ELSE 0 END::DECIMAL(5, 4) AS compound
FROM {{posts}} WHERE account_days IS NOT NULL
)"""

# What is there twice is looked for first: counting the authors of every text takes ten times as long.
COPIES: Final = f"""
WITH twice AS (
    SELECT content_hash FROM {{posts}} WHERE {IN_WINDOW} AND content_hash IS NOT NULL
    GROUP BY content_hash HAVING count(*) > 1
),
repeated AS (
    SELECT content_hash, count(*) AS posts, count(DISTINCT cluster) AS authors,
        count(DISTINCT source) AS sources, min(created_at) AS first_at, max(created_at) AS last_at,
        arg_min({{'source': source, 'id': id}}, (created_at, source, id)) AS first
    FROM {{posts}} SEMI JOIN twice USING (content_hash) WHERE {IN_WINDOW}
    GROUP BY content_hash HAVING count(DISTINCT cluster) >= $fewest
    ORDER BY posts DESC, first_at, content_hash LIMIT $most
)
SELECT posts, authors, sources, first_at, last_at, post.text
FROM repeated JOIN post ON post.source = first.source AND post.id = first.id
ORDER BY posts DESC, first_at, post.text
"""
