//! Web: HTTP on a connection, and the WebSocket that it may become.
//!
//! Hyper reads and writes HTTP/1.1 on the connection that the first bytes showed to be for it; axum
//! finds the route. After an upgrade hyper is gone and the same outlet goes on, so that events reach
//! a browser the way they reach a terminal. Does not know how a listener accepts.

mod asking;
mod entered;
mod groups;
mod guard;
mod letting_in;
mod messages;
mod moderate;
pub(crate) mod openapi;
mod operators;
mod pages;
mod problem;
mod routes;
mod socket;
mod stream;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use bytes::BytesMut;
use conclave_core::limits;
use conclave_hub::{Hub, Outlet};
use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;

use crate::connection::{Reader, linger};
use crate::gate::{Gate, Place};
use crate::irc::IrcDriver;
use crate::refuse::Turned;
use crate::server::Context;
use crate::stage::Stage;
use guard::Guard;
use operators::Operated;
use routes::Visit;
use socket::Socket;
use stream::{Handed, Stream};

/// The web as a server has it.
#[derive(Debug)]
pub(crate) struct Site {
    guard: Guard,
    routes: Router,
}

impl Site {
    /// A site of that name on that hub, whose terminals come to those addresses.
    pub(crate) fn new(
        hub: &Arc<Hub>,
        gate: &Arc<Gate>,
        server_name: &str,
        greeting: &[SocketAddr],
    ) -> Self {
        let operated = Operated {
            gate: Arc::clone(gate),
            server_name: server_name.into(),
            greeting: greeting.into(),
        };
        let routes = routes::routes(Arc::clone(hub), operated);
        Self { guard: Guard::new(server_name), routes }
    }
}

/// Serves HTTP on a connection of which these bytes were looked at.
pub(crate) fn serve(
    context: Arc<Context>,
    place: Place,
    halves: (Reader, Arc<Outlet>),
    first: BytesMut,
) -> Stage {
    Stage::new(serve_http(context, place, halves, first))
}

async fn serve_http(
    context: Arc<Context>,
    place: Place,
    (reader, outlet): (Reader, Arc<Outlet>),
    first: BytesMut,
) -> Option<Stage> {
    let address = place.address();
    let handed = Handed::default();
    let stream = Stream::new(reader, first, Arc::clone(&outlet), handed.clone());
    let visit = Visit::new(address, context.message_rate);
    let service = {
        let (context, visit) = (Arc::clone(&context), visit.clone());
        hyper::service::service_fn(move |request| {
            let (context, visit) = (Arc::clone(&context), visit.clone());
            async move { Ok::<_, std::convert::Infallible>(answer(&context, visit, request).await) }
        })
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HTTP_HEAD_MAX)
        .max_buf_size(limits::HTTP_HEAD_BYTES_MAX)
        .max_headers(limits::HTTP_HEADERS_MAX)
        .serve_connection(stream, service)
        .with_upgrades();
    let is_let_go = tokio::select! {
        ended = connection => {
            if let Err(error) = ended {
                tracing::debug!(peer = %address, %error, "an HTTP connection ended early");
                // Hyper answers most of what it cannot read, but not all.
                if !handed.has_written() {
                    let turned = if error.is_timeout() { Turned::SlowHead } else { Turned::NotHttp1 };
                    context.hub.put(&outlet, turned.words().into());
                }
            }
            false
        }
        _why = outlet.asked_to_go() => true,
    };
    if let Some(upgrade) = visit.take_upgrade().filter(|_| !is_let_go)
        && let Ok(upgraded) = upgrade.await
        && let Ok(parts) = upgraded.downcast::<Stream>()
    {
        drop(parts.io);
        if let Some(framing) = visit.irc()
            && let Some(reader) = handed.take()
        {
            let driver = IrcDriver::new(context, place, (reader, outlet), framing);
            return Some(driver.run(&parts.read_buf));
        }
        if let Some(reader) = handed.take() {
            return Some(Socket::new(context, place, (reader, outlet)).run(&parts.read_buf));
        }
    }
    let Some(mut reader) = handed.take() else {
        outlet.close();
        return None;
    };
    Some(Stage::new(async move {
        linger(&context.stopping, &outlet, &mut reader, limits::FAREWELL_MAX).await;
        drop(place);
        None
    }))
}

/// Answers one request.
async fn answer(
    context: &Context,
    visit: Visit,
    request: hyper::Request<hyper::body::Incoming>,
) -> axum::response::Response {
    use futures_util::FutureExt as _;
    let mut request = request.map(axum::body::Body::new);
    let upgrade = request.headers().get("upgrade").and_then(|value| value.to_str().ok());
    let is_socket = upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
    if is_socket && request.uri().path() == "/" {
        *request.uri_mut() = axum::http::Uri::from_static("/api/v1/ws");
        request.extensions_mut().insert(routes::AtRoot);
    }
    let response = match context.site.guard.check(&request) {
        Ok(()) => {
            let routed = routes::call(context.site.routes.clone(), visit, request);
            // A fault in one route ends that request and nothing else.
            let caught = std::panic::AssertUnwindSafe(routed).catch_unwind().await;
            caught.unwrap_or_else(|_panic| problem::broken())
        }
        Err(problem) => problem.into_response(),
    };
    guard::with_headers(response)
}
