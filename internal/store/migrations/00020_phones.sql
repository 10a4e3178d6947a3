-- Phones of officers that changed or were lost since directory.csv was written. Times are as in the first migration.

-- +goose Up

CREATE TABLE officer_phones (
    officer_id  TEXT PRIMARY KEY,
    number      {{BYTES}},                    -- sealed under the key beside it; NULL: lost
    wrapped_key {{BYTES}},
    at          BIGINT NOT NULL
);

-- +goose Down

DROP TABLE officer_phones;
