//! A keep-alive HTTP/1.1 client by hand, cheap enough to be part of a load.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    /// What the next exchange sends.
    pub(crate) out: Vec<u8>,
    read: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, out: Vec::with_capacity(1024), read: Vec::with_capacity(4096) })
    }

    /// Sends what is in `out`, reads one answer; its status.
    pub(crate) async fn exchange(&mut self) -> std::io::Result<u16> {
        self.stream.write_all(&self.out).await?;
        self.read.clear();
        loop {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(status) = complete(&self.read) {
                return Ok(status);
            }
        }
    }

    /// The last answer, head and body.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.read).into_owned()
    }

    /// The body of the last answer.
    pub(crate) fn body(&self) -> String {
        let text = self.text();
        text.split_once("\r\n\r\n").map_or_else(String::new, |(_, body)| body.to_owned())
    }
}

/// The status of a whole answer with a `content-length`.
fn complete(bytes: &[u8]) -> Option<u16> {
    let head = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..head]).ok()?;
    let length = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse::<usize>().ok())
        .unwrap_or(0);
    if bytes.len() < head + 4 + length {
        return None;
    }
    text.get(9..12)?.parse().ok()
}

/// Writes the request that pays a bill by card.
pub(crate) fn write_payment(out: &mut Vec<u8>, credential: &str, key: &str, bill: &str, card: &str) {
    use std::io::Write;
    let body = format!(r#"{{"bill":"{bill}","method":"card","card":"{card}"}}"#);
    out.clear();
    write!(
        out,
        "POST /v1/payments HTTP/1.1\r\nHost: rig\r\nAuthorization: Bearer {credential}\r\n\
         Content-Type: application/json\r\nIdempotency-Key: {key}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len(),
    )
    .expect("a vector takes it");
}
