//! `xkcdapp`: see `xkcdapp --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    xkcdapp::commands::run()
}
