//! A server that answers what no HTTP library would.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

/// Accepts one connection, reads the request and lets `answer` do as it likes.
/// The base URL and the thread, which ends with what `answer` returns.
pub(super) fn serve<T: Send + 'static>(
    answer: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let thread = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_request(&mut stream);
        answer(stream)
    });
    (base, thread)
}

/// What the server ended with. The runtime goes on meanwhile, since it has a
/// connection to close.
pub(super) async fn end_of<T: Send + 'static>(server: JoinHandle<T>) -> T {
    tokio::task::spawn_blocking(|| server.join().unwrap())
        .await
        .unwrap()
}

/// Answers with these bytes and cuts the connection.
pub(super) fn serve_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> String {
    let (base, _) = serve(move |mut stream| stream.write_all(bytes.as_ref()));
    base
}

/// Reads the head of a request and as much of a body as it announces.
fn read_request(stream: &mut TcpStream) {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        request.extend_from_slice(&byte);
    }
    let head = String::from_utf8(request).unwrap().to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    stream.read_exact(&mut vec![0; length]).unwrap();
}
