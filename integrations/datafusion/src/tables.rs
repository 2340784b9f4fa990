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
use object_store::{ObjectMeta, path::Path};
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
    is_for_cluster: bool,
}

impl FtpTables {
    /// Creates a factory of tables for plans that another machine executes.
    ///
    /// DataFusion's plans have no wildcards when they are serialized. So a table whose name begins with its only wildcard,
    /// such as `*.csv`, is that of the directory with this ending. With other wildcards, it is that of the files that are
    /// there when the query is planned. Tables of local files keep their wildcards: refuse them.
    #[must_use]
    pub fn for_cluster() -> Self {
        Self { is_for_cluster: true, ..Self::default() }
    }

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

    /// Returns the first file of a table, and the form in which a cluster is sent the table.
    async fn listed(
        &self,
        url: &ListingTableUrl,
        state: &SessionState,
        text: &str,
    ) -> Result<(ObjectMeta, Sent)> {
        let store = state.runtime_env().object_store(url)?;
        let mut files = url.list_all_files(state, store.as_ref(), "").await?;
        let Some(first) = files.try_next().await? else {
            return Err(DataFusionError::External(Box::new(TableError::NoFile { url: text.to_owned() })));
        };
        let Some(glob) = url.get_glob().as_ref().filter(|_| self.is_for_cluster) else {
            return Ok((first, Sent::Unchanged));
        };
        if let Some(ending) = ending(glob.as_str()) {
            return Ok((first, Sent::Directory { ending: ending.to_owned() }));
        }
        let mut urls = vec![file_url(url, &first.location, text)?];
        while let Some(file) = files.try_next().await? {
            urls.push(file_url(url, &file.location, text)?);
        }
        Ok((first, Sent::Files(urls)))
    }

    async fn table(&self, text: &str) -> Result<Arc<dyn TableProvider>> {
        let state = self.state()?;
        let url = parse(text).map_err(|error| DataFusionError::External(Box::new(error)))?;
        // DataFusion's caches have no server in their keys, but the name of the table.
        let url = url.with_table_ref(TableReference::bare(text));
        let (first, sent) = self.listed(&url, &state, text).await?;
        let config = ListingTableConfig::new(url.clone()).infer_options(&state).await;
        let config = config.map_err(|error| match error {
            DataFusionError::Configuration(_) => {
                let file = first.location.to_string();
                DataFusionError::External(Box::new(TableError::Format { url: text.to_owned(), file }))
            }
            error => error,
        })?;
        let config = sent.applied(config, url)?;
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

/// A table with wildcards in the form in which plans are sent to other machines.
enum Sent {
    Unchanged,
    /// All files of the directory whose names have this ending.
    Directory {
        ending: String,
    },
    /// These files.
    Files(Vec<ListingTableUrl>),
}

impl Sent {
    fn applied(self, mut config: ListingTableConfig, url: ListingTableUrl) -> Result<ListingTableConfig> {
        match self {
            Self::Unchanged => {}
            Self::Directory { ending } => {
                let directory = ListingTableUrl::try_new(url.get_url().clone(), None)?;
                config.table_paths = vec![match url.get_table_ref() {
                    Some(table) => directory.with_table_ref(table.clone()),
                    None => directory,
                }];
                // Both are endings of the same name.
                if let Some(options) = &mut config.options
                    && options.file_extension.len() < ending.len()
                {
                    options.file_extension = ending;
                }
            }
            Self::Files(files) => config.table_paths = files,
        }
        Ok(config)
    }
}

/// Returns what follows the only wildcard at the beginning of a pattern.
fn ending(pattern: &str) -> Option<&str> {
    pattern.strip_prefix('*').filter(|ending| !ending.contains(WILDCARDS))
}

/// Returns the URL of a file in the directory of a table.
fn file_url(directory: &ListingTableUrl, file: &Path, table: &str) -> Result<ListingTableUrl> {
    let names: Vec<_> = directory.strip_prefix(file).into_iter().flatten().collect();
    let [name] = names[..] else {
        return Err(DataFusionError::External(Box::new(TableError::Below { url: table.to_owned() })));
    };
    let mut url = directory.get_url().clone();
    // URLs of FTP have a path, so that this cannot fail.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().push(name);
    }
    ListingTableUrl::try_new(url, None)
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
    /// Files that fit the wildcards are in directories below, which a cluster cannot be told.
    #[error(
        "{url}: files in directories below fit these wildcards; name the directory, or use wildcards like *.csv"
    )]
    Below {
        /// The URL.
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
    fn endings_are_patterns_with_one_wildcard() {
        for (pattern, expected) in [
            ("*.parquet", Some(".parquet")),
            ("*", Some("")),
            ("0?.csv", None),
            ("*-2026*.csv", None),
            ("*[0-9].csv", None),
            ("x*", None),
        ] {
            assert_eq!(ending(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn urls_of_listed_files_are_encoded() {
        let directory = parse("ftp://me@h:2121/data/?.csv").unwrap();
        let url = |file: &str| file_url(&directory, &Path::parse(file).unwrap(), "the table");
        let file = url("data/a b#1%2F.csv").unwrap();
        assert_eq!(file.as_str(), "ftp://me@h:2121/data/a%20b%231%252F.csv");
        assert_eq!(file.prefix().as_ref(), "data/a b#1%2F.csv");
        let error = url("data/year=2026/a.csv").unwrap_err().to_string();
        assert!(error.contains("the table"), "{error}");
    }

    #[test]
    fn unusable_urls_are_refused_without_password() {
        for text in ["ftp://me:sesame@h//etc/x.csv", "ftp://me:sesame@h/*/x.csv", "ftp://me:sesame@h/[.csv"] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains("ftp://me") && !error.contains("sesame"), "{error}");
        }
    }
}
