-- An episode of an alert: something began that somebody wants to know, and later ended.
-- `told_at`: when an address took its message; NULL: none has yet. The message has figures, no post's words.
CREATE TABLE alert (
    "case"    VARCHAR NOT NULL,
    kind      VARCHAR NOT NULL,
    subject   VARCHAR NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    closed_at TIMESTAMPTZ,
    told_at   TIMESTAMPTZ,
    message   VARCHAR NOT NULL,
    PRIMARY KEY ("case", kind, subject, opened_at)
);
