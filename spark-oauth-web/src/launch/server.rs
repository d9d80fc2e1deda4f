//! Accepts connections and serves them, until told to stop.
//!
//! `axum::serve` sets no time limit for the head of a request, so that a slow
//! client could hold a connection for ever; this loop does, and is otherwise the same.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::header::DATE;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use spark_oauth_core::ports::{Clock as _, SystemClock};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::date;

/// How long a client may take for the head of a request, and stay idle before it.
const HEAD_LIMIT: Duration = Duration::from_secs(30);

/// How long requests in flight may take to end after the signal.
const DRAIN_LIMIT: Duration = Duration::from_secs(30);

/// Serves `router` until `stop`; then requests in flight are finished, up to
/// [`DRAIN_LIMIT`] or until `abort`.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
    abort: CancellationToken,
) {
    let connections = GracefulShutdown::new();
    loop {
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener) => accepted,
        };
        let router = router.clone();
        let service = service_fn(move |request| answer(router.clone(), peer, request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_LIMIT)
            .auto_date_header(false)
            .serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    tokio::select! {
        () = connections.shutdown() => tracing::info!("every request in flight was finished"),
        () = tokio::time::sleep(DRAIN_LIMIT) => {
            tracing::warn!("some requests took too long and were cut off");
        }
        () = abort.cancelled() => tracing::warn!("requests in flight were cut off"),
    }
}

async fn answer(
    router: Router,
    peer: SocketAddr,
    request: hyper::Request<Incoming>,
) -> Result<axum::response::Response, Infallible> {
    let mut request: Request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    let mut response = router.oneshot(request).await?;
    if let Some(date) = date::header(SystemClock.now()) {
        response.headers_mut().insert(DATE, date);
    }
    Ok(response)
}

/// The next connection. Where the process has no file descriptor left, it waits
/// for one instead of spinning.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // A small answer goes out at once.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
