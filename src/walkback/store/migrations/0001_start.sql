-- Only what is looked up by key while writing has a key: each index costs a third of the time to write a
-- row. Rows of observation, match and sentiment exist for posts alone, and their writers ask before adding.
-- Times are UTC instants. No handle is in any column: authors are pseudonyms, texts are masked.

CREATE TABLE post (
    source          VARCHAR NOT NULL,
    id              VARCHAR NOT NULL,
    kind            VARCHAR NOT NULL,
    author          VARCHAR,
    created_at      TIMESTAMPTZ NOT NULL,
    edited_at       TIMESTAMPTZ,
    lang            VARCHAR,
    text            VARCHAR NOT NULL USING COMPRESSION zstd,  -- half the time of DuckDB's own choice, and smaller
    text_state      VARCHAR NOT NULL,
    url             VARCHAR,
    parent_id       VARCHAR,
    conversation_id VARCHAR,
    place           VARCHAR,
    first_seen_at   TIMESTAMPTZ NOT NULL,
    fetched_at      TIMESTAMPTZ NOT NULL,
    content_hash    UBIGINT,
    via             VARCHAR NOT NULL,
    PRIMARY KEY (source, id)
);

-- Public counts at a moment; rows are only ever added.
CREATE TABLE observation (
    source      VARCHAR NOT NULL,
    id          VARCHAR NOT NULL,
    observed_at TIMESTAMPTZ NOT NULL,
    likes       BIGINT,
    replies     BIGINT,
    reposts     BIGINT,
    quotes      BIGINT,
    score       BIGINT,
    views       BIGINT
);

CREATE VIEW latest_observation AS
SELECT * FROM observation
QUALIFY row_number() OVER (PARTITION BY source, id ORDER BY observed_at DESC) = 1;

-- A row for every post that the query was held against; `terms` is NULL where it didn't match.
CREATE TABLE match (
    "case"     VARCHAR NOT NULL,
    source     VARCHAR NOT NULL,
    id         VARCHAR NOT NULL,
    query_hash VARCHAR NOT NULL,
    terms      VARCHAR[]
);

-- Exact decimals: sums of floating-point numbers differ from run to run with two threads.
CREATE TABLE sentiment (
    source   VARCHAR NOT NULL,
    id       VARCHAR NOT NULL,
    scorer   VARCHAR NOT NULL,
    version  VARCHAR NOT NULL,
    compound DECIMAL(5, 4) NOT NULL,
    negative DECIMAL(4, 3) NOT NULL,
    neutral  DECIMAL(4, 3) NOT NULL,
    positive DECIMAL(4, 3) NOT NULL
);

-- How: `archive`, a file taken as complete between its first and last post; `stated` by the user;
-- `asked` of the platform.
CREATE TABLE coverage (
    "case"     VARCHAR NOT NULL,
    source     VARCHAR NOT NULL,
    query_hash VARCHAR NOT NULL,
    starts_at  TIMESTAMPTZ NOT NULL,
    ends_at    TIMESTAMPTZ NOT NULL,
    status     VARCHAR NOT NULL,
    how        VARCHAR NOT NULL,
    origin     VARCHAR NOT NULL,
    PRIMARY KEY ("case", source, query_hash, origin, starts_at, ends_at, status)
);

CREATE TABLE cursor (
    "case"     VARCHAR NOT NULL,
    source     VARCHAR NOT NULL,
    query_hash VARCHAR NOT NULL,
    value      VARCHAR NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY ("case", source, query_hash)
);

CREATE TABLE run (
    id          VARCHAR PRIMARY KEY,
    "case"      VARCHAR NOT NULL,
    what        VARCHAR NOT NULL,
    origin      VARCHAR NOT NULL,
    started_at  TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    requests    BIGINT NOT NULL DEFAULT 0,
    posts       BIGINT NOT NULL DEFAULT 0,
    duplicates  BIGINT NOT NULL DEFAULT 0,
    quarantined BIGINT NOT NULL DEFAULT 0,
    refused     BIGINT NOT NULL DEFAULT 0,
    cost        DECIMAL(12, 4) NOT NULL DEFAULT 0,
    outcome     VARCHAR NOT NULL
);

-- What could not be read. The words themselves stay in the file: nobody could mask a broken line safely.
CREATE TABLE quarantine (
    "case"         VARCHAR NOT NULL,
    origin         VARCHAR NOT NULL,
    line           BIGINT NOT NULL,
    item           BIGINT NOT NULL,
    reason         VARCHAR NOT NULL,
    digest         VARCHAR NOT NULL,
    quarantined_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY ("case", origin, line, item)
);

-- A post that must not come back: the SHA-256 of source:id.
CREATE TABLE tombstone (
    key_hash VARCHAR PRIMARY KEY,
    why      VARCHAR NOT NULL,
    made_at  TIMESTAMPTZ NOT NULL
);
