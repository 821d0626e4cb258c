//! Page: events gathered in order until the bounds of a page are met.
//!
//! Does not know where they come from.

use conclave_core::{Event, limits};

/// A page in the making.
#[derive(Debug, Default)]
pub(crate) struct Page {
    events: Vec<Event>,
    text_bytes: usize,
}

impl Page {
    /// Whether another event may be taken.
    pub(crate) fn has_room(&self) -> bool {
        self.events.len() < limits::PAGE_EVENTS_MAX && self.text_bytes < limits::PAGE_BYTES_MAX
    }

    /// Takes the next event.
    pub(crate) fn push(&mut self, event: Event) {
        self.text_bytes += event.entry.weight() - size_of::<Event>();
        self.events.push(event);
    }

    /// The page.
    pub(crate) fn into_events(self) -> Vec<Event> {
        self.events
    }
}
