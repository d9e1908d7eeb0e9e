//! A client's connection, which ends when no answer comes of it.
//!
//! The HTTP library gives a time to the first head of a connection and to a client who asks for nothing more. A
//! later head that stops half-way, and a body that nobody reads to its end, it waits for without end.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::KEEP_ALIVE;

/// From the first byte that a client sends to the first of the answer. A form may take 10 s to come; the rest is for the
/// head and for a handler whose passwords and stores have a queue.
const TIME_TO_ANSWER: Duration = Duration::from_secs(30);
/// After an answer, when the client sends nothing: the library's own limit comes first where it has one.
const TIME_BETWEEN: Duration = KEEP_ALIVE.saturating_add(Duration::from_secs(5));

/// A connection with those limits. After one of them it fails with [`ErrorKind::TimedOut`].
pub(super) struct Connection<S> {
    stream: S,
    limit: Pin<Box<Sleep>>,
    /// Whether the client has sent something since the last answer.
    is_asked: bool,
    timed_out: Counter,
}

impl<S> Connection<S> {
    /// Counts in `timed_out` if it ends that way.
    pub(super) fn new(stream: S, timed_out: Counter) -> Self {
        Self { stream, limit: Box::pin(sleep(TIME_BETWEEN)), is_asked: false, timed_out }
    }

    fn asked(&mut self) {
        if !self.is_asked {
            self.is_asked = true;
            self.limit.as_mut().reset(Instant::now() + TIME_TO_ANSWER);
        }
    }

    fn written(
        &mut self,
        result: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match result {
            Poll::Ready(Ok(1..)) => {
                self.is_asked = false;
                self.limit.as_mut().reset(Instant::now() + TIME_BETWEEN);
                result
            }
            Poll::Pending => self.in_time(context).map(Err),
            Poll::Ready(_) => result,
        }
    }

    /// Pending until the limit is reached.
    fn in_time(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        self.limit.as_mut().poll(context).map(|()| {
            self.timed_out.inc();
            tracing::info!(event = "connection.timed_out", is_asked = self.is_asked);
            ErrorKind::TimedOut.into()
        })
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        if result.is_pending() {
            return self.in_time(context).map(Err);
        }
        if buffer.filled().len() > before {
            self.asked();
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(result, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.written(result, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const A_MOMENT: Duration = Duration::from_millis(10);

    fn pair() -> (DuplexStream, Connection<DuplexStream>, Counter) {
        let (client, server) = duplex(64);
        let timed_out = Counter::default();
        (client, Connection::new(server, timed_out.clone()), timed_out)
    }

    /// Reads until nothing more comes; how long that took, and why it ended.
    async fn read_on(connection: &mut Connection<DuplexStream>) -> (Duration, Option<ErrorKind>) {
        let began = Instant::now();
        let ended = connection.read_to_end(&mut Vec::new()).await;
        (began.elapsed(), ended.err().map(|error| error.kind()))
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_has_to_come_to_an_end() {
        let (mut client, mut connection, timed_out) = pair();
        let slow = tokio::spawn(async move {
            while client.write_all(b"a").await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        });
        let (took, why) = read_on(&mut connection).await;
        assert_eq!(why, Some(ErrorKind::TimedOut));
        assert!(took >= TIME_TO_ANSWER && took < TIME_TO_ANSWER + A_MOMENT, "{took:?}");
        assert_eq!(timed_out.get(), 1);
        drop(connection);
        slow.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn each_answer_begins_the_time_anew() {
        let (mut client, mut connection, timed_out) = pair();
        for _ in 0..3 {
            client.write_all(b"ask").await.unwrap();
            connection.read_exact(&mut [0; 3]).await.unwrap();
            sleep(TIME_TO_ANSWER.saturating_sub(A_MOMENT)).await;
            connection.write_all(b"answer").await.unwrap();
            client.read_exact(&mut [0; 6]).await.unwrap();
        }
        let (took, why) = read_on(&mut connection).await;
        assert_eq!(why, Some(ErrorKind::TimedOut));
        assert!(took >= TIME_BETWEEN && took < TIME_BETWEEN + A_MOMENT, "{took:?}");
        assert_eq!(timed_out.get(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_of_an_answer_is_sent_away() {
        let (client, mut connection, timed_out) = pair();
        let began = Instant::now();
        let error = connection.write_all(&[0; 1_000]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        let took = began.elapsed();
        assert!(took >= TIME_BETWEEN && took < TIME_BETWEEN + A_MOMENT, "{took:?}");
        assert_eq!(timed_out.get(), 1);
        drop(client);
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_has_not_timed_out() {
        let (mut client, mut connection, timed_out) = pair();
        client.write_all(b"ask").await.unwrap();
        drop(client);
        assert_eq!(read_on(&mut connection).await, (Duration::ZERO, None));
        assert_eq!(timed_out.get(), 0);
    }
}
