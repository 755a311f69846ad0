-- Version 1. Times are milliseconds since 1970, by the database's clock.

-- Ids that were enqueued and are not yet in a job. It has no index: rows stay
-- for a fraction of a second.
CREATE TABLE deepotasks_inbox (
    enqueued_at integer NOT NULL,
    deadline    integer NOT NULL,
    id          text   NOT NULL
);

-- Every id once. batch says which job waits for it.

CREATE TABLE deepotasks_task (
    batch       integer  NOT NULL,
    enqueued_at integer  NOT NULL,
    deadline    integer  NOT NULL,
    ended_at    integer,
    state       integer NOT NULL DEFAULT 0, -- 0 waiting, 1 handled as a success, 2 handled otherwise, 3 given up
    id          text     PRIMARY KEY
);

-- Ids whose handler has failed, and what it was given.
CREATE TABLE deepotasks_failure (
    failed_at integer NOT NULL,
    attempts  integer NOT NULL,
    id        text    PRIMARY KEY,
    error     text    NOT NULL,
    task      text    -- the task as JSON, if it had ended: the API need not be asked again
);

CREATE TABLE deepotasks_worker (
    id         text   PRIMARY KEY,
    started_at integer NOT NULL,
    seen_at    integer NOT NULL
);

-- One row for each quota. Times are microseconds since 1970.
CREATE TABLE deepotasks_quota (
    name         text   PRIMARY KEY,
    next_at      integer NOT NULL, -- the theoretical arrival time of the generic cell rate algorithm
    paused_until integer NOT NULL
);

CREATE TABLE deepotasks_schema (
    version integer PRIMARY KEY
);
INSERT INTO deepotasks_schema (version) VALUES (1);
