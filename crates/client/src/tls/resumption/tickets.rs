//! What TLS sessions are resumed with.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustls::{
    ClientConfig, NamedGroup,
    client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue},
    pki_types::ServerName,
};

use super::transcript::Transcript;

/// The sessions of one control connection.
///
/// rustls spends a TLS 1.3 ticket with each connection. Most servers send new ones on every data
/// connection; ProFTPD sends two in all, and whoever has spent them is refused with `425`. When
/// none is left, the transcript of the control connection's handshake is read once more, which
/// gives the same tickets again.
#[derive(Debug)]
pub(crate) struct Tickets {
    kept: Mutex<Kept>,
    again: Option<(Arc<Transcript>, ClientConfig)>,
}

#[derive(Debug, Default)]
struct Kept {
    group: Option<NamedGroup>,
    tls12: Option<Tls12ClientSessionValue>,
    /// The oldest first.
    tls13: VecDeque<Tls13ClientSessionValue>,
}

impl Tickets {
    /// Makes an empty store that can have a handshake read again.
    pub(crate) fn new(again: Option<(Arc<Transcript>, ClientConfig)>) -> Self {
        Self { kept: Mutex::default(), again }
    }

    /// Takes all TLS 1.3 tickets out.
    pub(crate) fn take_all(&self) -> VecDeque<Tls13ClientSessionValue> {
        std::mem::take(&mut self.kept().tls13)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, _server: ServerName<'static>, group: NamedGroup) {
        self.kept().group = Some(group);
    }

    fn kx_hint(&self, _server: &ServerName<'_>) -> Option<NamedGroup> {
        self.kept().group
    }

    fn set_tls12_session(&self, _server: ServerName<'static>, session: Tls12ClientSessionValue) {
        self.kept().tls12 = Some(session);
    }

    fn tls12_session(&self, _server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.kept().tls12.clone()
    }

    fn remove_tls12_session(&self, _server: &ServerName<'static>) {
        self.kept().tls12 = None;
    }

    fn insert_tls13_ticket(&self, _server: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        let tickets = &mut self.kept().tls13;
        if tickets.len() == MOST_TICKETS {
            tickets.pop_front();
        }
        tickets.push_back(ticket);
    }

    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        let newest = self.kept().tls13.pop_back();
        if newest.is_some() {
            return newest;
        }
        let (transcript, config) = self.again.as_ref()?;
        let mut tickets = transcript.tickets_again(config, server);
        let ticket = tickets.pop_back();
        self.kept().tls13 = tickets;
        ticket
    }
}

const MOST_TICKETS: usize = 8;
