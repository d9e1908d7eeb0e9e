//! The program, against an upstream on loopback.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::thread;

const NEWEST: u32 = 3;

/// The address of an upstream that has comics 1 to [`NEWEST`].
fn upstream() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().flatten().for_each(|it| drop(answer(it))));
    format!("http://{address}")
}

/// The address of an upstream that is down.
fn nothing() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn answer(mut connection: TcpStream) -> std::io::Result<()> {
    let mut head = BufReader::new(connection.try_clone()?).lines().map_while(Result::ok);
    let request = head.next().unwrap_or_default();
    head.find(String::is_empty);
    let number = match request.split(' ').nth(1).unwrap_or_default() {
        "/info.0.json" => Some(NEWEST),
        path => path.strip_prefix('/').and_then(|it| it.strip_suffix("/info.0.json")?.parse().ok()),
    };
    let (status, body) = match number.filter(|it| (1..=NEWEST).contains(it)) {
        Some(number) => ("200 OK", document(number)),
        None => ("404 Not Found", String::new()),
    };
    let length = body.len();
    write!(connection, "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn document(number: u32) -> String {
    format!(
        r#"{{"month": "1", "num": {number}, "link": "", "year": "2006", "news": "", "safe_title": "Title {number}",
            "transcript": "One says.\nThe other does.", "alt": "Caption {number}", "title": "Title {number}",
            "day": "1", "img": "https://imgs.xkcd.com/comics/{number}.png"}}"#
    )
}

fn terminal_comic(from: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_terminal-comic"));
    command.args(["--from", from]).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_comic_is_shown_by_its_number() {
    let shown = terminal_comic(&upstream(), &["2"]);
    let wanted = "#2: Title 2\n\nCaption: Caption 2\nImage: https://imgs.xkcd.com/comics/2.png\n\n  One says.\n  \
        The other does.\n\nhttps://xkcd.com/2/, by Randall Munroe, CC BY-NC 2.5\n";
    assert_eq!(text(&shown.stdout), wanted);
    assert_eq!((shown.status.code(), text(&shown.stderr)), (Some(0), ""));
}

#[test]
fn the_newest_comic_is_shown_by_that_word() {
    let shown = terminal_comic(&upstream(), &["newest"]);
    assert!(text(&shown.stdout).starts_with("#3: "), "{shown:?}");
    assert_eq!(shown.status.code(), Some(0));
}

#[test]
fn a_random_comic_is_one_of_the_site() {
    let shown = terminal_comic(&upstream(), &[]);
    assert!(["#1: ", "#2: ", "#3: "].iter().any(|it| text(&shown.stdout).starts_with(it)), "{shown:?}");
    assert_eq!((shown.status.code(), text(&shown.stderr)), (Some(0), ""));
}

#[test]
fn while_the_site_is_down_another_comic_stands_in_and_standard_error_says_why() {
    let shown = terminal_comic(&nothing(), &[]);
    assert!(text(&shown.stdout).starts_with("#100000"), "{shown:?}");
    let message = text(&shown.stderr);
    assert!(message.starts_with("xkcd.com can't be reached, here is another comic: "), "{message}");
    assert!(message.to_lowercase().contains("connection refused"), "{message}");
    assert_eq!(shown.status.code(), Some(0));
}

#[test]
fn a_comic_that_was_asked_for_and_cannot_be_had_is_a_failure_with_its_cause() {
    let failed = terminal_comic(&nothing(), &["2"]);
    let message = text(&failed.stderr);
    assert!(message.starts_with("the comic source can't be reached: "), "{message}");
    assert_eq!((failed.status.code(), text(&failed.stdout)), (Some(1), ""));
}

#[test]
fn a_comic_that_is_not_there_is_a_failure() {
    let failed = terminal_comic(&upstream(), &["5"]);
    assert_eq!(text(&failed.stderr), "there is no such comic\n");
    assert_eq!((failed.status.code(), text(&failed.stdout)), (Some(1), ""));
}

#[test]
fn a_number_that_no_comic_has_is_a_mistake_on_the_command_line() {
    let refused = terminal_comic(&upstream(), &["404"]);
    assert!(text(&refused.stderr).contains("not the number of a comic"), "{refused:?}");
    assert_eq!(refused.status.code(), Some(2));
}
