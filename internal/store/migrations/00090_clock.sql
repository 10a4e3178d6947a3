-- The latest time that a gateway on this database has reached, from which time goes on where a machine's clock was set back. Times are as in
-- the first migration.

-- +goose Up

CREATE TABLE clock (
    one       BIGINT PRIMARY KEY CHECK (one = 1),
    mark      BIGINT NOT NULL,                -- 0 = none yet
    jumped_at BIGINT NOT NULL                 -- when a clock that was far ahead was last believed; 0 = never
);
INSERT INTO clock (one, mark, jumped_at) VALUES (1, 0, 0);

-- +goose Down

DROP TABLE clock;
