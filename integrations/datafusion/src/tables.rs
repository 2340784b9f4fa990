//! Tables by URL: `SELECT … FROM 'ftpes://host/data/*.parquet'`.

use std::sync::Arc;

use datafusion::{
    catalog::{TableProvider, UrlTableFactory},
    common::TableReference,
    datasource::{
        dynamic_file::DynamicListTableFactory,
        listing::{ListingTable, ListingTableConfig, ListingTableConfigExt, ListingTableUrl},
    },
    error::{DataFusionError, Result},
    execution::SessionState,
};
use futures_util::TryStreamExt;
use url::Url;

use crate::registry::is_ftp;

/// A [`UrlTableFactory`] for `ftp`, `ftpes` and `ftps` URLs. Other names are left to DataFusion's own, which reads local
/// files.
///
/// The name of the file may have wildcards (`*`, `?`, `[…]`); the name of a directory ends with `/`. The ending of the
/// first file is the format: `.parquet`, `.csv`, `.json`, and `.csv.gz` and the like. A directory is listed with all
/// directories below it, of which DataFusion reads only those with names like `year=2026`.
///
/// In contrast to DataFusion's, it returns the errors of the server, instead of taking the table as missing.
#[derive(Debug, Default)]
pub struct FtpTables {
    others: DynamicListTableFactory,
}

impl FtpTables {
    /// Sets the session whose options, formats and stores are used.
    pub fn set_session(&self, context: &datafusion::prelude::SessionContext) {
        self.others.session_store().with_state(context.state_weak_ref());
    }

    fn state(&self) -> Result<SessionState> {
        let session = self.others.session_store().get_session().upgrade();
        let state =
            session.and_then(|session| session.read().as_any().downcast_ref::<SessionState>().cloned());
        state.ok_or_else(|| DataFusionError::Plan("the session of the tables has ended".to_owned()))
    }

    async fn table(&self, text: &str) -> Result<Arc<dyn TableProvider>> {
        let state = self.state()?;
        let url = parse(text).map_err(|error| DataFusionError::External(Box::new(error)))?;
        // DataFusion's caches have no server in their keys, but the name of the table.
        let url = url.with_table_ref(TableReference::bare(text));
        let store = state.runtime_env().object_store(&url)?;
        let listed = url.list_all_files(&state, store.as_ref(), "").await?.try_next().await?;
        let Some(first) = listed else {
            return Err(DataFusionError::External(Box::new(TableError::NoFile { url: text.to_owned() })));
        };
        let config =
            ListingTableConfig::new(url).infer_options(&state).await.map_err(|error| match error {
                DataFusionError::Configuration(_) => {
                    let file = first.location.to_string();
                    DataFusionError::External(Box::new(TableError::Format { url: text.to_owned(), file }))
                }
                error => error,
            })?;
        let config = config.infer_partitions_from_path(&state).await?.infer_schema(&state).await?;
        Ok(Arc::new(ListingTable::try_new(config)?))
    }
}

#[async_trait::async_trait]
impl UrlTableFactory for FtpTables {
    async fn try_new(&self, url: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        match url.split_once("://") {
            Some((scheme, _)) if is_ftp(&scheme.to_ascii_lowercase()) => self.table(url).await.map(Some),
            _ => self.others.try_new(url).await,
        }
    }
}

/// Error of reading a URL as a table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// There is no file.
    #[error("{url}: there is no such file")]
    NoFile {
        /// The URL.
        url: String,
    },
    /// The ending of the name is not that of a format.
    #[error(
        "{url}: the format of {file:?} is unknown; the name must end in .parquet, .csv, .json or .arrow, which .gz, .bz2, .xz or .zst may follow"
    )]
    Format {
        /// The URL.
        url: String,
        /// The file.
        file: String,
    },
    /// The URL is not one of a file or directory.
    #[error("{url} cannot be used")]
    Url {
        /// The URL, without its password.
        url: String,
        /// The reason.
        source: url::ParseError,
    },
    /// The path is absolute, which URLs of tables cannot express.
    #[error("{url}: // does not make the path of a table absolute: set the option ftp.root to / instead")]
    Absolute {
        /// The URL, without its password.
        url: String,
    },
    /// The wildcards cannot be used.
    #[error("{url}: wildcards are possible in the name of the file only")]
    Wildcards {
        /// The URL, without its password.
        url: String,
    },
}

/// Parses a URL, whose last part may have wildcards.
fn parse(text: &str) -> Result<ListingTableUrl, TableError> {
    let shown = || oxftp::redact_urls(text).into_owned();
    let path_at = text.find("://").map_or(0, |at| at + 3);
    let path_at = text[path_at..].find('/').map_or(text.len(), |at| path_at + at);
    let (server, path) = text.split_at(path_at);
    if path.starts_with("//") {
        return Err(TableError::Absolute { url: shown() });
    }
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    if directory.contains(WILDCARDS) {
        return Err(TableError::Wildcards { url: shown() });
    }
    let (path, pattern) = match name.contains(WILDCARDS) {
        true => (format!("{directory}/"), Some(name)),
        false => (path.to_owned(), None),
    };
    // In URLs of FTP, # is a part of the name.
    let url = Url::parse(&format!("{server}{}", path.replace('#', "%23")));
    let url = url.map_err(|source| TableError::Url { url: shown(), source })?;
    let listed = ListingTableUrl::try_new(url, None).and_then(|url| match pattern {
        Some(pattern) => url.with_glob(pattern),
        None => Ok(url),
    });
    listed.map_err(|_| TableError::Wildcards { url: shown() })
}

/// Characters of patterns.
const WILDCARDS: [char; 3] = ['*', '?', '['];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_split_at_wildcards() {
        for (text, path, pattern) in [
            ("ftp://h/data/x.csv", "/data/x.csv", None),
            ("ftpes://me@h:2121/data/*.parquet", "/data/", Some("*.parquet")),
            ("ftps://h/*", "/", Some("*")),
            ("ftp://h/a b/no#1.csv", "/a%20b/no%231.csv", None),
            ("ftp://h", "", None),
        ] {
            let url = parse(text).unwrap();
            assert_eq!(url.get_url().path().trim_start_matches('/'), path.trim_start_matches('/'), "{text}");
            assert_eq!(url.get_glob().as_ref().map(|glob| glob.as_str()), pattern, "{text}");
        }
    }

    #[test]
    fn unusable_urls_are_refused_without_password() {
        for text in ["ftp://me:sesame@h//etc/x.csv", "ftp://me:sesame@h/*/x.csv", "ftp://me:sesame@h/[.csv"] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains("ftp://me") && !error.contains("sesame"), "{error}");
        }
    }
}
