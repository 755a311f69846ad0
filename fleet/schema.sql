-- Version 1, for PostgreSQL and SQLite. Times are milliseconds since 1970, by the database's clock.

-- Ids that were enqueued and are not yet in a job. It has no index: rows stay
-- for a fraction of a second.
CREATE TABLE deepotasks_inbox (
    enqueued_at bigint NOT NULL,
    deadline    bigint NOT NULL,
    id          text   NOT NULL
);

-- Every id once. batch says which job waits for it. In PostgreSQL half
-- of each page is left free, so that an id's one update stays on its page and touches no index.
CREATE TABLE deepotasks_task (
    batch       bigint   NOT NULL,
    enqueued_at bigint   NOT NULL,
    deadline    bigint   NOT NULL,
    ended_at    bigint,
    state       smallint NOT NULL DEFAULT 0, -- 0 waiting, 1 handled as a success, 2 handled otherwise, 3 given up
    id          text     PRIMARY KEY
) {half full};

-- Ids whose handler has failed, and what it was given.
CREATE TABLE deepotasks_failure (
    failed_at bigint  NOT NULL,
    attempts  integer NOT NULL,
    id        text    PRIMARY KEY,
    error     text    NOT NULL,
    task      text    -- the task as JSON, if it had ended: the API need not be asked again
);

CREATE TABLE deepotasks_worker (
    id         text   PRIMARY KEY,
    started_at bigint NOT NULL,
    seen_at    bigint NOT NULL
) {half full};

-- One row for each quota. Times are microseconds since 1970.
CREATE TABLE deepotasks_quota (
    name         text   PRIMARY KEY,
    next_at      bigint NOT NULL, -- the theoretical arrival time of the generic cell rate algorithm
    paused_until bigint NOT NULL
) {half full};

CREATE TABLE deepotasks_schema (
    version integer PRIMARY KEY
);
INSERT INTO deepotasks_schema (version) VALUES (1);
