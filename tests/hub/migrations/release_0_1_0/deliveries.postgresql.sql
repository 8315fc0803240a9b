-- The tables of the deliveries as release 0.1.0 made them.

CREATE TABLE deliveries (
    agency TEXT NOT NULL,
    position BIGINT NOT NULL,
    event_id TEXT NOT NULL,
    delivered_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    replayed_by TEXT,
    PRIMARY KEY (agency, position)
);

CREATE INDEX ix_deliveries_event_id ON deliveries (event_id);

CREATE TABLE delivery_attempts (
    agency TEXT NOT NULL,
    position BIGINT NOT NULL,
    number INTEGER NOT NULL,
    at BIGINT NOT NULL,
    seconds FLOAT NOT NULL,
    outcome TEXT NOT NULL,
    error_class TEXT,
    message TEXT,
    requested_by TEXT,
    requested_at BIGINT,
    reason TEXT,
    PRIMARY KEY (agency, position, number)
);

CREATE TABLE delivery_feeds (
    agency TEXT NOT NULL,
    turns BIGINT NOT NULL,
    PRIMARY KEY (agency)
);

CREATE TABLE held_deliveries (
    agency TEXT NOT NULL,
    position BIGINT NOT NULL,
    event_id TEXT NOT NULL,
    type TEXT NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    key TEXT NOT NULL,
    value BYTEA NOT NULL,
    headers BYTEA NOT NULL,
    attempts INTEGER NOT NULL,
    error_class TEXT,
    message TEXT,
    held_at BIGINT NOT NULL,
    behind BIGINT,
    waiting_since BIGINT,
    due_at BIGINT,
    requested_by TEXT,
    requested_at BIGINT,
    reason TEXT,
    delivered_at BIGINT,
    PRIMARY KEY (agency, position)
);

CREATE INDEX held_deliveries_behind ON held_deliveries (agency, behind);

CREATE INDEX held_deliveries_due ON held_deliveries (agency, state, due_at, position);

CREATE INDEX held_deliveries_person ON held_deliveries (agency, key, state, position);

CREATE INDEX ix_held_deliveries_event_id ON held_deliveries (event_id);
