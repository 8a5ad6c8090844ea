//! Exchanges as tests make them.

use std::sync::Arc;

use super::Exchange;
use crate::shared::Shared;

impl Exchange {
    /// An exchange with this request, of which each line ends with a line feed.
    pub(crate) fn reading(request: &str) -> Self {
        let mut x = Self::default();
        let bytes = format!("{}\n\n", request.trim_end()).replace('\n', "\r\n");
        crate::http1::request::read(bytes.as_bytes(), &mut x.head).expect("a head").expect("a whole head");
        x
    }

    /// The same with the states of a program.
    pub(crate) fn with_states(mut self, states: &'static [crate::shared::NewState]) -> Self {
        let program = crate::program::Program { states, ..crate::program::Program::EMPTY };
        let clock = crate::clock::Clock::manual();
        self.shared = Some(Shared::new(
            Box::leak(Box::new(program)),
            (Arc::clone(&self.params), None),
            (None, tokio::sync::watch::Sender::new(0)),
            clock,
            Vec::new(),
        ));
        self
    }

    /// The request line and the fields that would be sent on, and those alone.
    pub(crate) fn sent(&self) -> String {
        let mut out = self.head.path.clone();
        self.edits.write_query(&self.head, &mut out);
        out.push(b'\n');
        crate::head::write_fields(&self.head.bytes, &self.head.fields, &mut out);
        out.extend_from_slice(&self.edits.lines);
        String::from_utf8(out).expect("text").replace("\r\n", "\n")
    }
}
