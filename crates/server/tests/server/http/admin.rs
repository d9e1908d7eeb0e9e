//! The admin site over HTTP, on the embedded store.

/// Makes tests of checks that hold on any store: here on the embedded one, with five rows. `servers/admin.rs` goes
/// through the same on PostgreSQL and Redis.
macro_rules! on_any_store {
    ($($name:ident,)*) => {
        pub(crate) const ON_ANY_STORE: &[(&str, fn(&crate::support::App))] = &[$((stringify!($name), $name)),*];

        mod on_the_embedded_store {
            $(
                #[test]
                fn $name() {
                    super::$name(&super::super::Site::with_rows(5).app);
                }
            )*
        }
    };
}

mod counts;
mod edge;
mod hostile;
pub(crate) mod matrix;
pub(crate) mod sessions;
mod sign_in;
mod verbs;

use std::path::Path;

use tempfile::TempDir;

use crate::support::{App, Browser, Database, Launch, SUPERUSER, with_admins};

/// An app with a superuser and a viewer, and a look into its store.
struct Site {
    app: App,
    data: TempDir,
}

impl Site {
    /// Over the comics that come with the app.
    #[track_caller]
    fn new() -> Self {
        Self::of(|launch| launch)
    }

    #[track_caller]
    fn of(set_up: impl FnOnce(Launch) -> Launch) -> Self {
        let data = tempfile::tempdir().unwrap();
        let launch = with_admins(Launch::development().data(data.path()));
        Self { app: set_up(launch).start(), data }
    }

    /// With rows for comics of the app: 1000001 has 1 view, 1000002 has 2 …
    #[track_caller]
    fn with_rows(rows: u32) -> Self {
        let site = Self::new();
        site.add_rows(1_000_000, rows);
        site
    }

    fn add_rows(&self, after: u32, rows: u32) {
        self.database().run(&format!(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {rows})
             INSERT INTO comic_views (comic_number, view_count, version)
             SELECT {after} + n, n, 0 FROM n WHERE {after} + n <> 404;
             INSERT INTO daily_views (day, writer, views) SELECT date('now'), 'test', sum(view_count) FROM comic_views"
        ));
    }

    fn database(&self) -> Database {
        Database::open(self.data.path())
    }

    #[track_caller]
    fn superuser(&self) -> Browser {
        Browser::signed_in(&self.app, SUPERUSER)
    }

    fn folder(&self) -> &Path {
        self.data.path()
    }
}
