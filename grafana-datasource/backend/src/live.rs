//! Live channels: what the engine's feed tells of new exceptions, as frames. One listener of the engine for each
//! channel; Grafana runs one stream for all who look at it.
//!
//! Bounds: `PACKETS_MAX` packets wait for Grafana; while it takes none, nothing is read, and the engine cuts off who is
//! too far behind. A listener that was cut off comes again with the place that it had reached, so nothing is lost.

pub(crate) mod channel;
mod events;

use crate::engine::{Engine, percent};
use crate::error::Failure;
use crate::frame::json_frame;
use crate::lifetime::Ending;
use crate::log;
use crate::metrics::Live;
use crate::query::{Event, Filters, feed_frame};
use events::Parser;
use grafana_plugin_sdk::pluginv2::StreamPacket;
use http::Method;
use http::header::ACCEPT;
use std::time::Duration;
use tokio::sync::mpsc;
use tonic::Status;

/// Packets that wait for Grafana.
const PACKETS_MAX: usize = 16;
/// Time without a sign of life after which the engine is asked anew; it gives one every 15 seconds.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Time before the next try after the first failure, doubled with each further one.
const RETRY: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(30);

/// Why a listener stopped.
enum Stop {
    /// Grafana listens no more.
    Gone,
    /// The engine ended it.
    Cut(Failure),
}

/// Starts a channel; it ends when what it returns is dropped.
pub(crate) fn run(
    engine: Engine,
    filters: Filters,
    live: Live,
    ending: Ending,
) -> mpsc::Receiver<Result<StreamPacket, Status>> {
    let (packets, receiver) = mpsc::channel(PACKETS_MAX);
    tokio::spawn(async move {
        tokio::select! {
            () = listen(&engine, &filters, &packets) => {}
            () = packets.closed() => {}
            () = ending.wait() => {}
        }
        drop(live);
    });
    receiver
}

/// Listens until Grafana is gone, through cut connections and restarts of the engine.
async fn listen(engine: &Engine, filters: &Filters, packets: &mpsc::Sender<Result<StreamPacket, Status>>) {
    let mut parser = Parser::default();
    let (mut wait, mut told) = (RETRY, String::new());
    loop {
        let place = parser.last_id().to_owned();
        match listen_once(engine, filters, &mut parser, packets).await {
            Stop::Gone => return,
            Stop::Cut(failure) => {
                if failure.status == 400 && !place.is_empty() {
                    // A place of another lake: begin anew.
                    parser = Parser::default();
                }
                if parser.last_id() != place {
                    (wait, told) = (RETRY, String::new());
                }
                if failure.message != told {
                    log::warn("a live channel comes again", &[("why", &failure.message)]);
                    told = failure.message;
                }
            }
        }
        parser.cut();
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(RETRY_MAX);
    }
}

async fn listen_once(
    engine: &Engine,
    filters: &Filters,
    parser: &mut Parser,
    packets: &mpsc::Sender<Result<StreamPacket, Status>>,
) -> Stop {
    let mut request = engine.request(Method::GET, &path(filters)).header(ACCEPT, "text/event-stream");
    if !parser.last_id().is_empty() {
        request = request.header("Last-Event-ID", parser.last_id());
    }
    let mut response = match tokio::time::timeout(engine.settings.timeout, engine.send(request)).await {
        Ok(Ok(response)) if response.status().is_success() => response,
        Ok(Ok(response)) => return Stop::Cut(engine.refusal(response).await),
        Ok(Err(failure)) => return Stop::Cut(failure),
        Err(_) => return Stop::Cut(Failure::downstream(504, "the engine's feed did not answer in time")),
    };
    loop {
        let chunk = match tokio::time::timeout(SILENCE_MAX, response.chunk()).await {
            Ok(Ok(Some(chunk))) => chunk,
            Ok(Ok(None)) => return Stop::Cut(Failure::downstream(502, "the engine ended the feed")),
            Ok(Err(_)) => {
                return Stop::Cut(Failure::downstream(502, "the connection to the engine's feed was cut"));
            }
            Err(_) => return Stop::Cut(Failure::downstream(504, "the engine's feed gave no sign of life")),
        };
        let events = match parser.push(&chunk) {
            Ok(events) => events,
            Err(failure) => return Stop::Cut(failure),
        };
        let exceptions: Vec<Event> = events
            .iter()
            .filter(|event| event.name == "error")
            .filter_map(|event| serde_json::from_str(&event.data).ok())
            .filter(|event| channel::meets(filters, event))
            .collect();
        if exceptions.is_empty() {
            continue;
        }
        let frame = feed_frame(&exceptions, &engine.settings);
        let Ok(json) = json_frame(&frame, false, true) else { continue };
        let packet = StreamPacket { data: json.to_string().into_bytes() };
        if packets.send(Ok(packet)).await.is_err() {
            return Stop::Gone;
        }
    }
}

/// The engine's feed with those filters that it knows.
fn path(filters: &Filters) -> String {
    let parameters = [
        ("pattern", filters.pattern.clone()),
        ("service", filters.service.clone()),
        ("session", filters.session.clone()),
        ("user", filters.user.clone()),
        ("severity_min", filters.severity_min.map(|severity| severity.to_string())),
    ];
    let mut path = "/api/v1/feed?kinds=error".to_owned();
    for (name, value) in parameters {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", percent(&value)));
        }
    }
    path
}
