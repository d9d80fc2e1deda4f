//! A client that costs little: it shares the processor with what is measured.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// No answer that is measured has more header fields.
const MOST_FIELDS: usize = 64;

/// One connection that is kept alive (HTTP/1.1).
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, as it lies in the buffer of its connection.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    fields: Vec<(&'a str, &'a str)>,
    pub(crate) body: &'a [u8],
}

/// Where the body of an answer lies.
struct Extent {
    status: u16,
    body_begins: usize,
    body_ends: usize,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(64 * 1024),
        })
    }

    /// Sends a request and reads the whole answer; gives the status alone.
    pub(crate) async fn status_of(&mut self, request: &[u8]) -> io::Result<u16> {
        Ok(self.exchange(request).await?.status)
    }

    /// Sends a request and gives the answer with its header fields.
    pub(crate) async fn answer_to(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        let extent = self.exchange(request).await?;
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut head = httparse::Response::new(&mut fields);
        head.parse(&self.buffer).map_err(unreadable)?;
        let fields = head
            .headers
            .iter()
            .map(|field| Ok((field.name, std::str::from_utf8(field.value)?)))
            .collect::<Result<_, std::str::Utf8Error>>()
            .map_err(unreadable)?;
        Ok(Answer {
            status: extent.status,
            fields,
            body: &self.buffer[extent.body_begins..extent.body_ends],
        })
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<Extent> {
        self.buffer.clear();
        self.stream.write_all(request).await?;
        let mut extent = None;
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if extent.is_none() {
                extent = extent_of(&self.buffer)?;
            }
            match extent {
                Some(extent) if self.buffer.len() >= extent.body_ends => return Ok(extent),
                _ => {}
            }
        }
    }
}

/// `None` while the head is not complete.
fn extent_of(buffer: &[u8]) -> io::Result<Option<Extent>> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut head = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(body_begins) = head.parse(buffer).map_err(unreadable)? else {
        return Ok(None);
    };
    let length = head
        .headers
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case("content-length"))
        .and_then(|field| std::str::from_utf8(field.value).ok()?.parse::<usize>().ok())
        .ok_or_else(|| unreadable("an answer without a length"))?;
    Ok(Some(Extent {
        status: head.code.unwrap_or_default(),
        body_begins,
        body_ends: body_begins + length,
    }))
}

fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl<'a> Answer<'a> {
    /// The values of the header fields with this name, which is in lower case.
    pub(crate) fn fields<'n>(
        &self,
        name: &'n str,
    ) -> impl Iterator<Item = &'a str> + use<'_, 'a, 'n> {
        let fields = self.fields.iter();
        fields.filter_map(move |(own, value)| own.eq_ignore_ascii_case(name).then_some(*value))
    }
}
