//! What a greeting gives away.

use oxftp_proto::Reply;

use super::Known;
use crate::pipelining::is_vsftpd;

impl Known {
    /// Begins with what is known of a server that greets so.
    pub(super) fn of(greeting: &Reply) -> Self {
        // To ask for what it never had costs four round trips, a data connection among them.
        let lists_in_its_own_way = is_vsftpd(std::iter::once(greeting.text()));
        Self { no_mlst: lists_in_its_own_way, no_mlsd: lists_in_its_own_way, ..Self::default() }
    }
}
