//! What a greeting gives away.

use oxftp_proto::{Reply, server::ServerKind};

use super::Known;

impl Known {
    /// Begins with what is known of a server that greets so.
    pub(super) fn of(greeting: &Reply) -> Self {
        let lacks_mlsx = ServerKind::identify(&greeting.text(), None).quirks().lacks_mlsx;
        Self { no_mlst: lacks_mlsx, no_mlsd: lacks_mlsx, ..Self::default() }
    }
}
