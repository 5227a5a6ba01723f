-- More of where the waiting time before an answer went: until the end of the turn was sure, until the model's first token (a part of
-- `brain_ms`), in an engine that tells no parts, and from the first audio to the first of it that left (after `response_ms`).

ALTER TABLE turns ADD COLUMN endpoint_ms BIGINT;
ALTER TABLE turns ADD COLUMN token_ms BIGINT;
ALTER TABLE turns ADD COLUMN engine_ms BIGINT;
ALTER TABLE turns ADD COLUMN leg_ms BIGINT;
