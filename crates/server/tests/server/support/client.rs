use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A connection that stays open from request to request.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    /// Requests take at most ten seconds.
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        const AT_MOST: Duration = Duration::from_secs(10);
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(AT_MOST))?;
        stream.set_write_timeout(Some(AT_MOST))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request and reads its whole answer. `Host` is localhost unless `headers` has one.
    pub(crate) fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> io::Result<Answer> {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head.push_str("Host: localhost\r\n");
        }
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        self.send(head.as_bytes())?;
        self.answer(method == "HEAD")
    }

    /// A request whose answer has to begin in time.
    pub(crate) fn request_within(&mut self, limit: Duration, method: &str, path: &str) -> io::Result<Answer> {
        self.0.get_ref().set_read_timeout(Some(limit))?;
        self.request(method, path, &[])
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.get_mut().write_all(bytes)
    }

    /// Reads an answer; that to a HEAD has no body whatever its head says.
    pub(crate) fn answer(&mut self, to_head: bool) -> io::Result<Answer> {
        let status =
            self.line()?.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(malformed)?;
        let mut answer = Answer { status, headers: Vec::new(), body: Vec::new() };
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(malformed)?;
            answer.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        if !to_head && ![204, 304].contains(&status) {
            answer.body = self.body(&answer)?;
        }
        Ok(answer)
    }

    /// Whether nothing more comes, though the connection is open or was closed.
    pub(crate) fn is_at_its_end(&mut self, wait: Duration) -> bool {
        self.0.get_ref().set_read_timeout(Some(wait)).unwrap();
        !matches!(self.0.read(&mut [0]), Ok(1))
    }

    /// Whether the other side has closed the connection. What it had to say is dropped.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.0.get_ref().set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        loop {
            match self.0.read(&mut [0; 1_024]) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() == io::ErrorKind::ConnectionReset,
            }
        }
    }

    fn body(&mut self, answer: &Answer) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if answer.header("transfer-encoding") == Some("chunked") {
            loop {
                let length = usize::from_str_radix(&self.line()?, 16).map_err(|_| malformed())?;
                let began = body.len();
                body.resize(began + length, 0);
                self.0.read_exact(&mut body[began..])?;
                self.line()?;
                if length == 0 {
                    return Ok(body);
                }
            }
        }
        let length = answer.header("content-length").and_then(|length| length.parse().ok());
        body.resize(length.ok_or_else(malformed)?, 0);
        self.0.read_exact(&mut body)?;
        Ok(body)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

fn malformed() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The value of a header, which must not be there twice.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(it, _)| it == name).map(|(_, value)| value.as_str());
        let value = values.next();
        assert!(values.next().is_none(), "{name} is there twice: {:?}", self.headers);
        value
    }

    /// Tells browsers to be strict.
    #[track_caller]
    pub(crate) fn assert_strict(&self, of: &str) {
        let policy = self.header("content-security-policy").unwrap_or_else(|| panic!("{of} has no policy"));
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(self.header(name), Some(value), "{of}");
        }
        assert_eq!(self.header("server"), None, "{of}");
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The number in the title of a comic's page.
    #[track_caller]
    pub(crate) fn comic(&self) -> u32 {
        let page = self.text();
        number_after(&page, "<h1>#").unwrap_or_else(|| panic!("status {}, no comic: {page}", self.status))
    }

    /// The count on a comic's page, if there is one.
    pub(crate) fn views(&self) -> Option<u32> {
        number_after(&self.text(), "data-views=\"")
    }

    /// The deck cookie as it is sent back, without its attributes.
    pub(crate) fn deck(&self) -> Option<String> {
        let cookie = self.header("set-cookie")?;
        Some(cookie.split(';').next().unwrap().to_owned())
    }
}

fn number_after(page: &str, mark: &str) -> Option<u32> {
    let (_, rest) = page.split_once(mark)?;
    rest.split(|it: char| !it.is_ascii_digit()).next()?.parse().ok()
}
