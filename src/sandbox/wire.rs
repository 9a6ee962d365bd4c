//! Connections that can be cut: no reply, half a reply, or a reset.
//!
//! Owns the listener and the stream under the HTTP server. A handler holds the [`Wire`] of its connection and says
//! before it answers how the connection is to end; the stream then fails while the reply is written, so the client
//! sees what it would see if the server had died. Without such a word the stream is an ordinary one.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// How the connection ends when the next byte is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// It ends without a byte.
    NoReply = 1,
    /// It ends after half of the reply's body.
    HalfBody = 2,
    /// It is reset.
    Reset = 3,
}

/// A handler's hold on its connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Wire(Arc<AtomicU8>);

impl Wire {
    /// Has the connection cut at the next write.
    pub(super) fn cut(&self, cut: Cut) {
        self.0.store(cut as u8, Ordering::Release);
    }

    fn order(&self) -> Option<Cut> {
        match self.0.load(Ordering::Acquire) {
            1 => Some(Cut::NoReply),
            2 => Some(Cut::HalfBody),
            3 => Some(Cut::Reset),
            _ => None,
        }
    }
}

/// Accepts connections that can be cut.
pub(super) struct WireListener(pub(super) TcpListener);

impl Listener for WireListener {
    type Io = WireStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (WireStream, SocketAddr) {
        loop {
            if let Ok((stream, address)) = self.0.accept().await {
                // A connection whose delay cannot be set off still works.
                let _ = stream.set_nodelay(true);
                return (WireStream { stream, wire: Wire::default(), left: None }, address);
            }
            // Accepting fails while no file handle is free; trying at once would only spin.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, WireListener>> for Wire {
    fn connect_info(stream: IncomingStream<'_, WireListener>) -> Wire {
        stream.io().wire.clone()
    }
}

/// A connection that can be cut.
pub(super) struct WireStream {
    stream: TcpStream,
    wire: Wire,
    /// Bytes of a halved reply that may still pass; none before its head was seen.
    left: Option<usize>,
}

impl WireStream {
    /// How many of these bytes may pass; an error once none may.
    fn allowance(&mut self, cut: Cut, bytes: &[u8]) -> io::Result<usize> {
        let left = match cut {
            Cut::NoReply => 0,
            Cut::Reset => {
                // Without it the client would see an orderly end.
                let _ = self.stream.set_zero_linger();
                0
            }
            Cut::HalfBody => *self.left.get_or_insert_with(|| half(bytes)),
        };
        if left == 0 { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(left.min(bytes.len())) }
    }
}

/// Length of a reply's head and half of its body; the server hands both over in one piece.
fn half(reply: &[u8]) -> usize {
    let head = reply.windows(4).position(|window| window == b"\r\n\r\n").map_or(reply.len() / 2, |at| at + 4);
    head + (reply.len() - head) / 2
}

impl AsyncRead for WireStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for WireStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Some(cut) = self.wire.order() else {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        };
        let allowed = match self.allowance(cut, bytes) {
            Ok(allowed) => allowed,
            Err(error) => return Poll::Ready(Err(error)),
        };
        let written = Pin::new(&mut self.stream).poll_write(context, &bytes[..allowed]);
        if let (Poll::Ready(Ok(count)), Some(left)) = (&written, self.left.as_mut()) {
            *left = left.saturating_sub(*count);
        }
        written
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
    use super::*;

    #[test]
    fn half_a_reply_keeps_its_head() {
        for (reply, expected) in
            [("A\r\n\r\n12345678", 9), ("A\r\n\r\n1", 5), ("A\r\n\r\n", 5), ("no head!", 6), ("", 0)]
        {
            assert_eq!(half(reply.as_bytes()), expected, "{reply:?}");
        }
    }
}
