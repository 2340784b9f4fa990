//! Time zone of a server's listings, shared by all sessions of a mirror.

use oxftp_proto::{Precision, RemotePath, ServerZone, Zone};
use tokio::sync::Mutex;

use super::{
    node::{NodeFacts, NodeKind},
    node_table::NodeTable,
};
use crate::{Client, Result};

/// Time zone of a server's listings, measured once if the listings do not include it.
#[derive(Debug)]
pub(crate) struct ServerClock(Mutex<ClockState>);

#[derive(Debug)]
struct ClockState {
    zone: Option<ServerZone>,
    /// Number of measurements that may still be tried. One succeeds only in a directory with files of the last
    /// half year.
    tries_left: u32,
}

impl Default for ServerClock {
    fn default() -> Self {
        Self(Mutex::new(ClockState { zone: None, tries_left: MAX_TRIES }))
    }
}

impl ServerClock {
    /// Applies the server's zone to times without a zone, if the zone can be measured.
    pub(crate) async fn apply_zone(
        &self,
        client: &mut Client,
        directory: &RemotePath,
        nodes: &mut NodeTable,
    ) -> Result<()> {
        if !nodes.facts().any(has_no_zone) {
            return Ok(());
        }
        if let Some(zone) = self.zone(client, directory, nodes).await? {
            nodes.set_zone(zone);
        }
        Ok(())
    }

    async fn zone(
        &self,
        client: &mut Client,
        directory: &RemotePath,
        nodes: &NodeTable,
    ) -> Result<Option<ServerZone>> {
        let mut state = self.0.lock().await;
        if state.zone.is_some() || state.tries_left == 0 {
            return Ok(state.zone.clone());
        }
        state.tries_left -= 1;
        let files = nodes.iter().filter(|node| node.kind == NodeKind::File && has_no_zone(node.facts));
        let timed = files.filter_map(|node| Some((directory.join(&node.name), node.facts.modified?)));
        let timed = timed.filter(|(_, time)| time.precision() > Precision::Day).take(SAMPLES).collect();
        state.zone = client.measure_zone_of(timed).await?;
        Ok(state.zone.clone())
    }
}

fn has_no_zone(facts: NodeFacts) -> bool {
    facts.modified.is_some_and(|time| time.zone() == Zone::Unknown)
}

const MAX_TRIES: u32 = 3;
const SAMPLES: usize = 3;
