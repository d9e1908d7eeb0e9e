use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// What a process writes, line by line, as it comes.
pub(crate) struct Lines {
    seen: Arc<Mutex<Vec<String>>>,
    reader: JoinHandle<()>,
}

impl Lines {
    pub(crate) fn of(pipe: impl Read + Send + 'static) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&seen);
        let reader = thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                written.lock().unwrap().push(line);
            }
        });
        Self { seen, reader }
    }

    pub(crate) fn so_far(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// All lines, when the writer has closed its end.
    pub(crate) fn until_the_end(self) -> Vec<String> {
        self.reader.join().unwrap();
        self.seen.lock().unwrap().clone()
    }
}
