-- One row. A release uses a schema whose version is above its own only when serves_from is not above its own:
-- a migration that the previous release can't live with raises serves_from.
CREATE TABLE schema_compatibility (
    id integer PRIMARY KEY CHECK (id = 1),
    version integer NOT NULL,
    serves_from integer NOT NULL
);
INSERT INTO schema_compatibility (id, version, serves_from) VALUES (1, 1, 1);

-- A value of this sequence is never used twice, so a row that was removed and came back has a version that it
-- never had. Zero marks a row in the transaction that makes it.
CREATE SEQUENCE row_versions;

-- There is no index of the counts, on purpose: every view would have to change it. With room in its pages a row
-- is then changed in place, and to sort a few thousand rows takes a millisecond.
CREATE TABLE comic_views (
    comic_number integer PRIMARY KEY,
    view_count bigint NOT NULL CHECK (view_count >= 0),
    version bigint NOT NULL DEFAULT nextval('row_versions')
) WITH (fillfactor = 50);

CREATE TABLE daily_views (
    day date NOT NULL,
    writer text NOT NULL,
    views bigint NOT NULL CHECK (views >= 0),
    PRIMARY KEY (day, writer)
) WITH (fillfactor = 50);

CREATE TABLE view_writers (
    writer text PRIMARY KEY,
    last_batch bigint NOT NULL,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- A removal has no wanted; its seen is the count that went.
CREATE TABLE view_history (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    comic_number integer NOT NULL,
    seen bigint NOT NULL,
    wanted bigint,
    delta bigint NOT NULL
);
CREATE INDEX view_history_by_comic ON view_history (comic_number, id);

CREATE TABLE comics (
    comic_number integer PRIMARY KEY,
    title text NOT NULL,
    caption text,
    transcript text,
    image text,
    link text,
    interactive boolean NOT NULL,
    published date,
    fetched_at timestamptz NOT NULL,
    saved_at timestamptz NOT NULL
);

-- One row: when comics were last saved. A save takes its lock, so saves are committed in the order of their
-- moments, and each moment is later than the one before, also when the clock is not.
CREATE TABLE last_save (
    id integer PRIMARY KEY CHECK (id = 1),
    saved_at timestamptz NOT NULL
);
INSERT INTO last_save (id, saved_at) VALUES (1, to_timestamp(0));

CREATE TABLE fill_lease (
    id integer PRIMARY KEY CHECK (id = 1),
    holder text NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE TABLE accounts (
    username text COLLATE "C" PRIMARY KEY,
    role text NOT NULL,
    active boolean NOT NULL,
    password_hash text NOT NULL,
    session_epoch bigint NOT NULL
);
