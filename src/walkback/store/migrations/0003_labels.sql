-- What a person said of a post without seeing its score. A coder is a name that people choose for this.
CREATE TABLE label (
    "case"      VARCHAR NOT NULL,
    source      VARCHAR NOT NULL,
    id          VARCHAR NOT NULL,
    coder       VARCHAR NOT NULL,
    value       VARCHAR NOT NULL,
    labelled_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY ("case", source, id, coder)
);
