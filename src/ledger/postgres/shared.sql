-- What processes that share the ledger keep beside it: who is alive, who leads what, the pace of an account.
CREATE TABLE @worker (
    id TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    pid BIGINT NOT NULL,
    -- What it does, for people.
    doing TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    -- Until then its claims hold, unless it gives a sign of life; by the database's clock.
    until TIMESTAMPTZ NOT NULL
);

-- What one worker at a time does: planning for an account, looking up for a run.
CREATE TABLE @lead (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL
);

-- The pace of an account, for all who send for it.
CREATE TABLE @limiter (
    account TEXT PRIMARY KEY,
    -- When the next request may leave, if it left at an even pace.
    turn_at TIMESTAMPTZ NOT NULL,
    -- The same of requests that are recorded and about to leave.
    depart_at TIMESTAMPTZ NOT NULL,
    -- Nobody sends before then.
    paused_until TIMESTAMPTZ NOT NULL,
    -- Requests a second as of `rate_at`; grows back to the set rate from there.
    rate DOUBLE PRECISION NOT NULL,
    rate_at TIMESTAMPTZ NOT NULL,
    -- When the rate was last cut.
    cut_at TIMESTAMPTZ NOT NULL,
    -- Requests of a day that were given a turn.
    day TEXT NOT NULL,
    used BIGINT NOT NULL
);

-- Log-ins, by server and user: one that was refused, and the one that is being tried.
CREATE TABLE @login (
    place TEXT NOT NULL,
    username TEXT NOT NULL,
    -- When and with which words it was refused, and a mark by which other credentials are told from these; null if it was not.
    refused_at TEXT,
    message TEXT,
    mark TEXT,
    -- Who tries now, and until when nobody else does.
    trying TEXT NOT NULL,
    trying_until TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (place, username)
);
