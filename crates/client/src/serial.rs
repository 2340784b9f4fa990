//! `serde`: URLs are strings without their password, reports and events are objects.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeStruct};

use crate::{
    Error, ErrorKind, Failure, FtpUrl, Host, Location, PathEntry, ProgressEvent, Report, TransferSummary,
    TransferredFile,
};

/// The URL without its password.
impl Serialize for FtpUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FtpUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// `name`, `name:port` or `[address]:port`.
impl Serialize for Host {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Host {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The path, and the fields of the entry.
impl Serialize for PathEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("PathEntry", 2)?;
        object.serialize_field("path", &self.path())?;
        object.serialize_field("entry", self.entry())?;
        object.end()
    }
}

impl Serialize for TransferSummary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("TransferSummary", 2)?;
        object.serialize_field("reply", &self.reply)?;
        object.serialize_field("transferred", &self.transferred)?;
        object.end()
    }
}

/// The kind in words, such as `NotFound`.
impl Serialize for ErrorKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{self:?}"))
    }
}

/// The kind, the message, and the messages of the causes.
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let first = std::error::Error::source(self);
        let causes = std::iter::successors(first, |error| error.source());
        let mut object = serializer.serialize_struct("Error", 3)?;
        object.serialize_field("kind", &self.kind())?;
        object.serialize_field("message", &self.to_string())?;
        object.serialize_field("causes", &causes.map(ToString::to_string).collect::<Vec<_>>())?;
        object.end()
    }
}

impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Failure", 2)?;
        object.serialize_field("name", &self.name)?;
        object.serialize_field("error", &self.error)?;
        object.end()
    }
}

/// The path as a string.
impl Serialize for Location {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for TransferredFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("TransferredFile", 4)?;
        object.serialize_field("source", &self.source)?;
        object.serialize_field("target", &self.target)?;
        object.serialize_field("bytes", &self.bytes)?;
        object.serialize_field("resumed", &self.resumed)?;
        object.end()
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Report", 10)?;
        object.serialize_field("files", &self.files)?;
        object.serialize_field("directories", &self.directories)?;
        object.serialize_field("bytes", &self.bytes)?;
        object.serialize_field("resumed", &self.resumed)?;
        object.serialize_field("deleted", &self.deleted)?;
        object.serialize_field("unchanged", &self.unchanged)?;
        object.serialize_field("skipped_symlinks", &self.skipped_symlinks)?;
        object.serialize_field("transferred", &self.transferred)?;
        object.serialize_field("failures", &self.failures)?;
        object.serialize_field("failed_directories", &self.failed_directories)?;
        object.end()
    }
}

/// An object with the field `event`.
impl Serialize for ProgressEvent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("ProgressEvent", 4)?;
        match *self {
            Self::FilesFound { files, bytes } => {
                object.serialize_field("event", "files_found")?;
                object.serialize_field("files", &files)?;
                object.serialize_field("bytes", &bytes)?;
            }
            Self::FileStarted { name, size, offset } => {
                object.serialize_field("event", "file_started")?;
                object.serialize_field("name", name)?;
                object.serialize_field("size", &size)?;
                object.serialize_field("offset", &offset)?;
            }
            Self::Advanced { name, bytes } => {
                object.serialize_field("event", "advanced")?;
                object.serialize_field("name", &name)?;
                object.serialize_field("bytes", &bytes)?;
            }
            Self::FileRetried { name, offset, moved } => {
                object.serialize_field("event", "file_retried")?;
                object.serialize_field("name", name)?;
                object.serialize_field("offset", &offset)?;
                object.serialize_field("moved", &moved)?;
            }
            Self::FileFinished { name } => {
                object.serialize_field("event", "file_finished")?;
                object.serialize_field("name", name)?;
            }
            Self::ConnectionsLimited { connections } => {
                object.serialize_field("event", "connections_limited")?;
                object.serialize_field("connections", &connections)?;
            }
            Self::FileFailed { name, error } => {
                object.serialize_field("event", "file_failed")?;
                object.serialize_field("name", name)?;
                object.serialize_field("error", error)?;
            }
        }
        object.end()
    }
}

#[cfg(feature = "mirror")]
impl Serialize for crate::mirror::Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Step", 4)?;
        object.serialize_field("action", self.action.as_str())?;
        object.serialize_field("path", &self.path)?;
        object.serialize_field("why", &self.why.to_string())?;
        object.serialize_field("size", &self.size)?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_of_urls_omits_the_password() {
        let url: FtpUrl = serde_json::from_str("\"ftp://me:secret@h/x\"").unwrap();
        assert_eq!(url.password().unwrap().expose(), "secret");
        assert_eq!(serde_json::to_string(&url).unwrap(), "\"ftp://me@h/x\"");
    }

    #[test]
    fn serde_of_reports_and_events_names_the_error() {
        let error = || Error::NotFound { path: "x".into(), refusal: None };
        let mut report = Report { files: 2, ..Report::default() };
        report.failures.push(Failure { name: "x".into(), error: error() });
        let (source, target) = (Location::Remote("a/x".into()), Location::Local("b/x".into()));
        report.transferred.push(TransferredFile { source, target, bytes: 3, resumed: 0 });
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["files"], 2);
        assert_eq!(json["transferred"][0]["target"], "b/x");
        assert_eq!(json["failures"][0]["error"]["kind"], "NotFound");
        assert_eq!(json["failures"][0]["error"]["message"], "x does not exist");
        let event = ProgressEvent::FileFailed { name: "x", error: &error() };
        assert_eq!(serde_json::to_value(event).unwrap()["event"], "file_failed");
    }
}
