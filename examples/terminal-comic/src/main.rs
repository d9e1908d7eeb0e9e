#![doc = include_str!("../README.md")]

mod page;
mod pick;
mod stand_ins;

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Arg, ArgMatches, Command};
use xkcd_adapters_xkcd::{NoArchive, XkcdComics, XkcdConfig};
use xkcd_domain::error_chain::Chain;

use pick::{Wish, pick};

const PATIENCE: Duration = Duration::from_secs(10);

fn command() -> Command {
    let comic = Arg::new("comic")
        .help("A number, or `newest`; without it a random comic is shown")
        .value_parser(str::parse::<Wish>);
    let from = Arg::new("from")
        .long("from")
        .value_name("URL")
        .help("Where the comics are")
        .default_value("https://xkcd.com");
    Command::new("terminal-comic").about("Shows an xkcd comic in the terminal").args([comic, from])
}

fn main() -> ExitCode {
    match run(&command().get_matches()) {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to be told when that fails.
            let _ = writeln!(io::stderr(), "{}", page::line(&Chain(&*error).to_string()));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &ArgMatches) -> Result<ExitCode, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let code = runtime.block_on(show(arguments));
    // A fetch that hangs keeps nobody.
    runtime.shutdown_background();
    code
}

async fn show(arguments: &ArgMatches) -> Result<ExitCode, Box<dyn Error>> {
    let wish = arguments.get_one("comic").copied().unwrap_or(Wish::Random);
    let from = arguments.get_one::<String>("from").cloned().unwrap_or_default();
    let config = XkcdConfig::new(from, "terminal-comic (an example of XKCD App)".to_owned());
    let xkcd = XkcdComics::start(config, Arc::new(NoArchive))?;

    let picked = pick(wish, Arc::new(xkcd.clone()), rand::random(), Instant::now() + PATIENCE).await?;
    let Some(picked) = picked else {
        writeln!(io::stderr(), "there is no such comic")?;
        return Ok(ExitCode::FAILURE);
    };
    if picked.stand_in {
        let why = xkcd.status().last_error.unwrap_or_else(|| "it did not answer".to_owned());
        let message = format!("xkcd.com can't be reached, here is another comic: {why}");
        writeln!(io::stderr(), "{}", page::line(&message))?;
    }
    io::stdout().write_all(page::page(&picked.shown.comic).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
