//! A browser without a screen: keeps cookies, and fills in the forms that pages hold.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::{Answer, App, Connection, Launch, secrets};

/// The password of every account that tests make.
pub(crate) const PASSWORD: &str = "kettle-moss-tricycle";
/// Makes and may change everything.
pub(crate) const SUPERUSER: &str = "ada";
/// May look.
pub(crate) const VIEWER: &str = "vera";

/// The same launch, with an account in its store.
#[track_caller]
pub(crate) fn with_account(launch: Launch, name: &str, role: &str) -> Launch {
    let launch = launch.set("XKCDAPP_ADMIN_USERNAME", name).set("XKCDAPP_ADMIN_PASSWORD", PASSWORD);
    let ended = launch.run(&["create-admin", "--no-input", "--if-missing", "--role", role], "");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    launch
}

/// The same launch, with a superuser and a viewer.
#[track_caller]
pub(crate) fn with_admins(launch: Launch) -> Launch {
    with_account(with_account(launch, SUPERUSER, "superuser"), VIEWER, "viewer")
}

#[derive(Clone)]
pub(crate) struct Browser {
    address: SocketAddr,
    pub(crate) cookies: BTreeMap<String, String>,
    /// Sent with every request.
    pub(crate) headers: Vec<(String, String)>,
}

impl Browser {
    pub(crate) fn of(app: &App) -> Self {
        Self { address: app.address, cookies: BTreeMap::new(), headers: Vec::new() }
    }

    /// Somebody who has signed in.
    #[track_caller]
    pub(crate) fn signed_in(app: &App, name: &str) -> Self {
        let mut browser = Self::of(app);
        let answer = browser.sign_in(name, PASSWORD);
        assert_eq!(answer.status, 303, "{}", answer.text());
        browser
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    #[track_caller]
    pub(crate) fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        self.submit("/admin/login/", "/admin/login/", &[("username", name), ("password", password)])
    }

    #[track_caller]
    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, None)
    }

    /// Opens a page, and sends a form with its token.
    #[track_caller]
    pub(crate) fn submit(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token(page);
        let fields: Vec<_> =
            [("csrf_token", token.as_str())].into_iter().chain(fields.iter().copied()).collect();
        self.post(action, &fields)
    }

    /// The token of the forms of a page.
    #[track_caller]
    pub(crate) fn token(&mut self, page: &str) -> String {
        let answer = self.get(page);
        assert_eq!(answer.status, 200, "{page}: {}", answer.text());
        let token = value_of(&answer.text(), "csrf_token");
        secrets::keep(&token);
        token
    }

    /// Sends a form as it is.
    #[track_caller]
    pub(crate) fn post(&mut self, action: &str, fields: &[(&str, &str)]) -> Answer {
        for (_, password) in fields.iter().filter(|(name, _)| name.contains("password")) {
            secrets::keep(password);
        }
        let encoded: Vec<_> =
            fields.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value))).collect();
        self.send("POST", action, Some(&encoded.join("&")))
    }

    #[track_caller]
    pub(crate) fn send(&mut self, method: &str, path: &str, body: Option<&str>) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head.push_str("Host: localhost\r\n");
        }
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<_> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            head.extend(["Cookie: ", &cookies.join("; "), "\r\n"]);
        }
        if let Some(body) = body {
            let length = body.len().to_string();
            let kind = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ";
            head.extend([kind, &length, "\r\n"]);
        }
        let mut connection = Connection::open(self.address).unwrap();
        connection.send(format!("{head}\r\n{}", body.unwrap_or_default()).as_bytes()).unwrap();
        let answer = connection.answer(method == "HEAD").unwrap();
        answer.assert_strict(path);
        if path.starts_with("/admin/") {
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        }
        self.keep_cookies(&answer);
        answer
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                secrets::keep(value);
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// The value of the first input of a name.
#[track_caller]
pub(crate) fn value_of(page: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.split_once(&mark).unwrap_or_else(|| panic!("no {name} in {page}"));
    rest.split('"').next().unwrap().to_owned()
}

/// The values of all inputs of a name.
pub(crate) fn values_of(page: &str, name: &str) -> Vec<String> {
    let mark = format!("name=\"{name}\" value=\"");
    page.split(&mark).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

pub(crate) fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
