-- The tables of the registers as release 0.1.0 made them.

CREATE TABLE bulk (
    id INTEGER NOT NULL,
    place TEXT NOT NULL,
    at BIGINT NOT NULL,
    "key" TEXT,
    headers TEXT,
    value BLOB,
    PRIMARY KEY (id),
    UNIQUE (place)
);

CREATE INDEX bulk_waiting ON bulk ("key") WHERE "key" IS NOT NULL;

CREATE TABLE consents (
    person TEXT NOT NULL,
    agency TEXT NOT NULL,
    purpose TEXT NOT NULL,
    step BIGINT NOT NULL,
    given BOOLEAN NOT NULL,
    valid_until INTEGER,
    event_id TEXT NOT NULL,
    PRIMARY KEY (person, agency, purpose, step)
);

CREATE TABLE events (
    position INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    type TEXT NOT NULL,
    person TEXT NOT NULL,
    fact TEXT NOT NULL,
    version INTEGER NOT NULL,
    change TEXT NOT NULL,
    vital_fact TEXT,
    fate TEXT NOT NULL,
    fate_position BIGINT NOT NULL,
    fate_at BIGINT NOT NULL,
    with_event TEXT,
    sent_to TEXT,
    withheld_from TEXT,
    PRIMARY KEY (position),
    UNIQUE (event_id)
);

CREATE INDEX events_decided_later ON events (fate_position) WHERE fate_position != position;

CREATE INDEX events_vital ON events (vital_fact) WHERE vital_fact IS NOT NULL;

CREATE INDEX ix_events_fact ON events (fact);

CREATE TABLE held (
    position BIGINT NOT NULL,
    held_at BIGINT NOT NULL,
    released_at BIGINT,
    rank BIGINT NOT NULL,
    person TEXT NOT NULL,
    why TEXT NOT NULL,
    until BIGINT NOT NULL,
    at BIGINT NOT NULL,
    "key" TEXT NOT NULL,
    headers TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (position, held_at)
);

CREATE INDEX ix_held_person ON held (person);

CREATE INDEX ix_held_until ON held (until);

CREATE TABLE numbers (
    number TEXT NOT NULL,
    position BIGINT NOT NULL,
    person TEXT NOT NULL,
    fact_id TEXT NOT NULL,
    PRIMARY KEY (number, position)
);

CREATE INDEX ix_numbers_person ON numbers (person);

CREATE TABLE progress (
    topic TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (topic)
);

CREATE TABLE protections (
    person TEXT NOT NULL,
    step BIGINT NOT NULL,
    level TEXT NOT NULL,
    PRIMARY KEY (person, step)
);

CREATE TABLE refusals (
    place TEXT NOT NULL,
    event_id TEXT,
    at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (place)
);

CREATE INDEX ix_refusals_event_id ON refusals (event_id);

CREATE INDEX ix_refusals_reason ON refusals (reason);

CREATE TABLE residences (
    person TEXT NOT NULL,
    step BIGINT NOT NULL,
    province TEXT NOT NULL,
    PRIMARY KEY (person, step)
);

CREATE TABLE set_aside (
    position BIGINT NOT NULL,
    decided_at BIGINT NOT NULL,
    event_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (position, verdict)
);

CREATE INDEX ix_set_aside_decided_at ON set_aside (decided_at);

CREATE INDEX ix_set_aside_event_id ON set_aside (event_id);

CREATE TABLE taken (
    event_id TEXT NOT NULL,
    place TEXT NOT NULL,
    PRIMARY KEY (event_id)
);

CREATE TABLE tallies (
    position BIGINT NOT NULL,
    name TEXT NOT NULL,
    label TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (position, name, label)
);
