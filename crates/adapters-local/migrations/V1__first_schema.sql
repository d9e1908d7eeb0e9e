-- All tables are STRICT: SQLite then refuses values of another type instead of keeping them as they come. Its
-- INTEGER has 64 bits, what other databases call bigint. Moments are UTC by SQLite's own clock.

-- One row. A release reads a file whose version is above its own only when serves_from is not above its own:
-- a migration that the previous release can't live with raises serves_from.
CREATE TABLE schema_compatibility (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,
    serves_from INTEGER NOT NULL,
    opened_at INTEGER NOT NULL
) STRICT;
INSERT INTO schema_compatibility (id, version, serves_from, opened_at) VALUES (1, 1, 1, unixepoch());

-- version is the id of the comic's last entry in view_history, 0 without one. Ids are never used twice, so a
-- row that was removed and came back has a version that it never had.
CREATE TABLE comic_views (
    comic_number INTEGER PRIMARY KEY,
    view_count INTEGER NOT NULL CHECK (view_count >= 0),
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX comic_views_by_count ON comic_views (view_count);

CREATE TABLE daily_views (
    day TEXT NOT NULL,
    writer TEXT NOT NULL,
    views INTEGER NOT NULL CHECK (views >= 0),
    PRIMARY KEY (day, writer)
) STRICT, WITHOUT ROWID;

CREATE TABLE view_writers (
    writer TEXT PRIMARY KEY,
    last_batch INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A removal has no wanted; its seen is the count that went.
CREATE TABLE view_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    changed_at_ms INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    comic_number INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    wanted INTEGER,
    delta INTEGER NOT NULL
) STRICT;
CREATE INDEX view_history_by_comic ON view_history (comic_number);

-- saved_at_ms rises with every save, also when the clock does not.
CREATE TABLE comics (
    comic_number INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    caption TEXT,
    transcript TEXT,
    image TEXT,
    link TEXT,
    interactive INTEGER NOT NULL,
    published TEXT,
    fetched_at INTEGER NOT NULL,
    saved_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX comics_by_save ON comics (saved_at_ms);

CREATE TABLE fill_lease (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    holder TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE accounts (
    username TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    active INTEGER NOT NULL,
    password_hash TEXT NOT NULL,
    session_epoch INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    session_key TEXT PRIMARY KEY,
    username TEXT NOT NULL,
    session_epoch INTEGER NOT NULL,
    signed_in_at INTEGER NOT NULL,
    csrf_token BLOB NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);

CREATE TABLE sign_in_attempts (
    address TEXT NOT NULL,
    name_and_address TEXT NOT NULL,
    attempted_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_attempts_by_address ON sign_in_attempts (address, attempted_at_ms);
CREATE INDEX sign_in_attempts_by_time ON sign_in_attempts (attempted_at_ms);
