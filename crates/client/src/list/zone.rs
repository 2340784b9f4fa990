//! Measurement of the server's time zone.

use oxftp_proto::{Precision, RemotePath, ServerZone, Timestamp, Zone};

use crate::{Client, ListCommand, Result};

impl Client {
    /// Measures the time zone of the server's listings: compares the listed times of some files with their
    /// times in UTC (`LIST`, `MDTM`; RFC 3659, 3).
    ///
    /// Later listings of this client use the measured zone. Returns `None` if no listed file shows a time
    /// of day, as for old files, or if the files disagree. An offset does not include daylight saving time:
    /// for listings that go back more than half a year, a zone name is better
    /// ([`ClientBuilder::server_zone`](crate::ClientBuilder::server_zone)).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// if client.measure_server_zone("pub").await?.is_none() {
    ///     println!("no listed file shows a time of day");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`list`](Self::list) and [`modified`](Self::modified).
    pub async fn measure_server_zone(
        &mut self,
        directory: impl Into<RemotePath>,
    ) -> Result<Option<ServerZone>> {
        let known = self.capabilities_mut().server_zone.take();
        let zone = match self.dated_files(&directory.into()).await {
            Ok(files) => self.measure_zone_of(files).await,
            Err(error) => Err(error),
        };
        self.capabilities_mut().server_zone = zone.as_ref().ok().cloned().flatten().or(known);
        zone
    }

    /// Returns the zone on which all these files agree, each with the time that its line shows (`MDTM`).
    pub(crate) async fn measure_zone_of(
        &mut self,
        files: Vec<(RemotePath, Timestamp)>,
    ) -> Result<Option<ServerZone>> {
        let mut offset = None;
        for (path, listed) in files {
            let Some(modified) = self.try_modified(&path).await? else { continue };
            let Some(between) = offset_between(&listed, &modified) else { return Ok(None) };
            if offset.is_some_and(|offset| offset != between) {
                return Ok(None);
            }
            offset = Some(between);
        }
        Ok(offset.and_then(ServerZone::offset))
    }

    /// Lists a few files with the times that their lines show.
    async fn dated_files(&mut self, directory: &RemotePath) -> Result<Vec<(RemotePath, Timestamp)>> {
        let mut files = Vec::new();
        let mut entries = self.list(directory).raw_command(ListCommand::List).stream();
        while let Some(found) = entries.next().await {
            let found = found?;
            let dated = found.modified.filter(|time| time.precision() > Precision::Day);
            if let Some(time) = dated.filter(|_| found.is_file() && files.len() < SAMPLES) {
                // The time has the configured zone, which is not part of the line.
                files.push((found.path(), time.with_zone(Zone::Unknown)));
            }
        }
        Ok(files)
    }
}

/// Returns the offset from UTC in seconds (positive to the east) at which both times are equal, rounded to
/// a quarter of an hour.
fn offset_between(listed: &Timestamp, modified: &Timestamp) -> Option<i32> {
    let difference = listed.to_unix(0) - modified.to_unix(0);
    // The line may omit seconds.
    let quarters = (difference + QUARTER / 2).div_euclid(QUARTER);
    let rest = difference - quarters * QUARTER;
    let offset = i32::try_from(quarters * QUARTER).ok()?;
    (rest.abs() <= MINUTE && offset.abs() <= MAX_OFFSET).then_some(offset)
}

const SAMPLES: usize = 3;
const MINUTE: i64 = 60;
const QUARTER: i64 = 15 * MINUTE;
/// Kiribati is 14 hours ahead of UTC.
const MAX_OFFSET: i32 = 14 * 3600;

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(listed: &str, modified: &str) -> Option<i32> {
        let [listed, modified] =
            [listed, modified].map(|text| Timestamp::parse_mlsx(text.as_bytes()).unwrap());
        offset_between(&listed, &modified)
    }

    #[test]
    fn zone_offset_is_rounded_to_quarter_hours() {
        assert_eq!(offset("202401011200", "20240101120059"), Some(0));
        assert_eq!(offset("202401011730", "20240101120030"), Some(19_800));
        assert_eq!(offset("202401010430", "20240101120030"), Some(-27_000));
        assert_eq!(offset("202401011206", "20240101120000"), None);
        assert_eq!(offset("202401021200", "20240101120000"), None);
    }
}
