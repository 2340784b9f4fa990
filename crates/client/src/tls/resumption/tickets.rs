//! Session store of one control connection.

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

/// The TLS sessions of one control connection.
///
/// rustls uses up a TLS 1.3 ticket with each connection. Most servers send new tickets on every data connection.
/// ProFTPD sends only two in all, and refuses a data connection without a ticket with `425`. When no ticket is
/// left, the recorded handshake of the control connection is replayed, which yields the same tickets again.
#[derive(Debug)]
pub(crate) struct TicketStore {
    sessions: Mutex<Sessions>,
    replay: Option<HandshakeReplay>,
}

/// A recorded handshake, and the configuration to replay it with.
#[derive(Debug)]
pub(crate) struct HandshakeReplay {
    pub(crate) transcript: Arc<Transcript>,
    pub(crate) config: ClientConfig,
}

#[derive(Debug, Default)]
struct Sessions {
    group: Option<NamedGroup>,
    tls12: Option<Tls12ClientSessionValue>,
    /// Oldest first.
    tls13: VecDeque<Tls13ClientSessionValue>,
}

impl TicketStore {
    /// Creates an empty store; with `replay`, a handshake is replayed when no ticket is left.
    pub(crate) fn new(replay: Option<HandshakeReplay>) -> Self {
        Self { sessions: Mutex::default(), replay }
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientSessionStore for TicketStore {
    fn set_kx_hint(&self, _server: ServerName<'static>, group: NamedGroup) {
        self.sessions().group = Some(group);
    }

    fn kx_hint(&self, _server: &ServerName<'_>) -> Option<NamedGroup> {
        self.sessions().group
    }

    fn set_tls12_session(&self, _server: ServerName<'static>, session: Tls12ClientSessionValue) {
        self.sessions().tls12 = Some(session);
    }

    fn tls12_session(&self, _server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.sessions().tls12.clone()
    }

    fn remove_tls12_session(&self, _server: &ServerName<'static>) {
        self.sessions().tls12 = None;
    }

    fn insert_tls13_ticket(&self, _server: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        let tickets = &mut self.sessions().tls13;
        if tickets.len() == MAX_TICKETS {
            tickets.pop_front();
        }
        tickets.push_back(ticket);
    }

    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        let newest = self.sessions().tls13.pop_back();
        if newest.is_some() {
            return newest;
        }
        let HandshakeReplay { transcript, config } = self.replay.as_ref()?;
        let mut tickets = transcript.replay_tickets(config, server);
        let ticket = tickets.pop_back();
        self.sessions().tls13 = tickets;
        ticket
    }
}

const MAX_TICKETS: usize = 8;
