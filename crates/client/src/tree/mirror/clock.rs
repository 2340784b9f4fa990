//! The clock of a server, for all sessions of a mirror.

use oxftp_proto::{RemotePath, ServerZone, Zone};
use tokio::sync::Mutex;

use super::item::Item;
use crate::{Client, Error, Result};

/// The zone in which a server lists times: measured once, where listings do not tell it.
#[derive(Debug)]
pub(super) struct ServerClock(Mutex<State>);

#[derive(Debug)]
struct State {
    zone: Option<ServerZone>,
    /// How often measuring may be tried yet: it takes a directory with files of the last half year.
    tries: u32,
}

impl Default for ServerClock {
    fn default() -> Self {
        Self(Mutex::new(State { zone: None, tries: TRIES }))
    }
}

impl ServerClock {
    /// Says of times that tell no zone in which one they were told, if that can be found out.
    pub(super) async fn place(
        &self,
        client: &mut Client,
        directory: &RemotePath,
        items: &mut [Item],
    ) -> Result<()> {
        if !items.iter().any(has_no_zone) {
            return Ok(());
        }
        let Some(zone) = self.zone(client, directory).await? else { return Ok(()) };
        for item in items {
            item.facts.modified = item.facts.modified.map(|time| zone.localize(time));
        }
        Ok(())
    }

    async fn zone(&self, client: &mut Client, directory: &RemotePath) -> Result<Option<ServerZone>> {
        let mut state = self.0.lock().await;
        if state.zone.is_some() || state.tries == 0 {
            return Ok(state.zone.clone());
        }
        state.tries -= 1;
        match client.measure_server_zone(directory).await {
            Ok(zone) => state.zone = zone,
            Err(Error::StatusCode(_) | Error::UnusableReply { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(state.zone.clone())
    }
}

fn has_no_zone(item: &Item) -> bool {
    item.facts.modified.is_some_and(|time| time.zone() == Zone::Unknown)
}

const TRIES: u32 = 3;
