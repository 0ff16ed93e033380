//! Server-sent events, from pieces as they arrive.
//!
//! Bounds: `UNFINISHED_BYTES_MAX` bytes of an event that has not ended.

use crate::error::Failure;

const UNFINISHED_BYTES_MAX: usize = 4 << 20;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) data: String,
}

/// Reads events; knows the last id.
#[derive(Debug, Default)]
pub(super) struct Parser {
    rest: Vec<u8>,
    event: Event,
    id: String,
    last_id: String,
}

impl Parser {
    /// The place behind the last event that has ended.
    pub(super) fn last_id(&self) -> &str {
        &self.last_id
    }

    /// The connection ended: what was unfinished comes again.
    pub(super) fn cut(&mut self) {
        self.rest.clear();
        self.event = Event::default();
        self.id.clone_from(&self.last_id);
    }

    /// Events that have ended with this piece.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<Vec<Event>, Failure> {
        let mut events = Vec::new();
        let mut piece = piece;
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            self.rest.extend_from_slice(&piece[..end]);
            piece = &piece[end + 1..];
            let line = std::mem::take(&mut self.rest);
            let line = String::from_utf8_lossy(&line);
            self.line(line.trim_end_matches('\r'), &mut events);
        }
        self.rest.extend_from_slice(piece);
        if self.rest.len() + self.event.data.len() > UNFINISHED_BYTES_MAX {
            let mib = UNFINISHED_BYTES_MAX >> 20;
            return Err(Failure::downstream(
                502,
                format!("an event of the engine's feed is longer than {mib} MiB"),
            ));
        }
        Ok(events)
    }

    fn line(&mut self, line: &str, events: &mut Vec<Event>) {
        if line.is_empty() {
            self.last_id.clone_from(&self.id);
            let event = std::mem::take(&mut self.event);
            if !event.data.is_empty() {
                events.push(event);
            }
            return;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" => value.clone_into(&mut self.id),
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "retry: 1000\n\n: alive\nid: p1\n\nid: p2\nevent: error\ndata: {\"a\":\ndata: 1}\n\nid: p3\ndata: cut";

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn pieces_make_the_same_events_wherever_they_are_cut() {
        for at in 0..TEXT.len() {
            let mut parser = Parser::default();
            let mut events = parser.push(&TEXT.as_bytes()[..at]).unwrap();
            events.extend(parser.push(&TEXT.as_bytes()[at..]).unwrap());
            assert_eq!(events, [event("error", "{\"a\":\n1}")], "{at}");
            assert_eq!(parser.last_id(), "p2");
            parser.cut();
            assert_eq!(parser.push(b"data: x\r\n\r\n").unwrap(), [event("", "x")]);
            assert_eq!(parser.last_id(), "p2");
        }
    }

    #[test]
    fn an_event_has_an_end() {
        let mut parser = Parser::default();
        let piece = vec![b'x'; UNFINISHED_BYTES_MAX / 2 + 1];
        parser.push(&piece).unwrap();
        assert!(parser.push(&piece).is_err());
    }
}
