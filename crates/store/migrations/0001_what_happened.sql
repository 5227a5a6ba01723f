-- One text for both databases. SQLite keeps a UUID as its text in small letters, PostgreSQL as its own type; JSON is text in both.
-- Instants are milliseconds since 1970-01-01 UTC. Every key begins with the domain: a tenant is a wall.

CREATE TABLE conversations (
    domain        UUID NOT NULL,
    id            UUID NOT NULL,
    call_id       UUID,
    -- When it began, or the first that is known of it where its beginning was lost.
    at_ms         BIGINT NOT NULL,
    -- Null where its beginning was lost, with everything down to `dialled`.
    began_ms      BIGINT,
    secretary     TEXT,
    language      TEXT,
    engine        TEXT,
    caller        TEXT,
    caller_digits TEXT NOT NULL DEFAULT '',
    caller_name   TEXT,
    dialled       TEXT,
    -- Null while it goes on, and for ever where its process died.
    ended_ms      BIGINT,
    outcome       TEXT,
    barge_ins     BIGINT NOT NULL DEFAULT 0,
    cost_micros   BIGINT NOT NULL DEFAULT 0,
    recording     TEXT,
    event_log     TEXT,
    PRIMARY KEY (domain, id)
);
CREATE INDEX conversations_by_time ON conversations (domain, at_ms, id);
CREATE INDEX conversations_by_end ON conversations (domain, ended_ms);
CREATE INDEX conversations_by_caller ON conversations (domain, caller_digits);

CREATE TABLE turns (
    domain       UUID NOT NULL,
    conversation UUID NOT NULL,
    number       BIGINT NOT NULL,
    at_ms        BIGINT NOT NULL,
    speaker      TEXT NOT NULL,
    words        TEXT,
    heard_ms     BIGINT,
    cut_short    BOOLEAN NOT NULL,
    response_ms  BIGINT,
    stt_ms       BIGINT,
    brain_ms     BIGINT,
    tts_ms       BIGINT,
    PRIMARY KEY (domain, conversation, number),
    FOREIGN KEY (domain, conversation) REFERENCES conversations (domain, id) ON DELETE CASCADE
);

CREATE TABLE messages (
    domain       UUID NOT NULL,
    id           UUID NOT NULL,
    conversation UUID NOT NULL,
    call_id      UUID NOT NULL,
    at_ms        BIGINT NOT NULL,
    kind         TEXT NOT NULL,
    fields       TEXT NOT NULL,
    PRIMARY KEY (domain, id),
    FOREIGN KEY (domain, conversation) REFERENCES conversations (domain, id) ON DELETE CASCADE
);
CREATE INDEX messages_by_time ON messages (domain, at_ms, id);
CREATE INDEX messages_by_conversation ON messages (domain, conversation);

CREATE TABLE outbox (
    domain       UUID NOT NULL,
    id           UUID NOT NULL,
    conversation UUID NOT NULL,
    message      UUID,
    webhook      TEXT NOT NULL,
    payload      TEXT NOT NULL,
    created_ms   BIGINT NOT NULL,
    -- waiting, delivered or dead.
    state        TEXT NOT NULL,
    attempts     BIGINT NOT NULL,
    -- Nobody tries before. Who takes it moves this on by the length of his lease.
    next_ms      BIGINT NOT NULL,
    -- When it was delivered or given up.
    settled_ms   BIGINT,
    error        TEXT,
    PRIMARY KEY (domain, id),
    FOREIGN KEY (domain, conversation) REFERENCES conversations (domain, id) ON DELETE CASCADE
);
-- What is due: to anybody, and to one receiver.
CREATE INDEX outbox_due ON outbox (next_ms) WHERE state = 'waiting';
CREATE INDEX outbox_due_to ON outbox (domain, webhook, next_ms) WHERE state = 'waiting';
CREATE INDEX outbox_by_state ON outbox (domain, state, created_ms);
CREATE INDEX outbox_by_conversation ON outbox (domain, conversation);

-- Conversations that were erased: an entry that is carried a second time must not bring them back.
CREATE TABLE gone (
    domain       UUID NOT NULL,
    conversation UUID NOT NULL,
    at_ms        BIGINT NOT NULL,
    PRIMARY KEY (domain, conversation)
);
