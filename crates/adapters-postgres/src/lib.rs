//! ComicArchive, ViewCounter, ViewLedger and AccountStore over PostgreSQL.
