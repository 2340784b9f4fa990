//! Contexts with FTP built in.

use std::{sync::Arc, time::Duration};

use datafusion::{
    catalog::DynamicFileCatalog,
    error::Result,
    execution::{
        SessionStateBuilder,
        cache::cache_manager::CacheManagerConfig,
        runtime_env::{RuntimeEnv, RuntimeEnvBuilder},
    },
    prelude::{SessionConfig, SessionContext},
};

use crate::{registry::FtpRegistry, tables::FtpTables};

/// Creates a context that reads tables by `ftp`, `ftpes` and `ftps` URLs, and those of local files.
///
/// A scan has at least as many partitions as sessions, so that all sessions are used.
///
/// # Errors
///
/// Those of DataFusion's runtime environment.
pub fn session_context(registry: &Arc<FtpRegistry>) -> Result<SessionContext> {
    let options = registry.options();
    let mut config =
        SessionConfig::new().with_information_schema(true).with_option_extension(options.clone());
    let partitions = config.target_partitions().max(options.sessions());
    config = config.with_target_partitions(partitions);
    let state = SessionStateBuilder::new()
        .with_default_features()
        .with_config(config)
        .with_runtime_env(runtime_env(registry)?)
        .build();
    Ok(with_url_tables(SessionContext::new_with_state(state), FtpTables::default()))
}

/// Adds tables by URL to a context, as [`SessionContext::enable_url_table`] does for local files only.
#[must_use]
pub fn with_url_tables(context: SessionContext, tables: FtpTables) -> SessionContext {
    let catalogs = Arc::clone(context.state_ref().read().catalog_list());
    let tables = Arc::new(tables);
    let catalogs = DynamicFileCatalog::new(catalogs, Arc::clone(&tables) as _);
    let context: SessionContext =
        context.into_state_builder().with_catalog_list(Arc::new(catalogs)).build().into();
    tables.set_session(&context);
    context
}

/// Creates a runtime environment with this registry, for contexts of your own.
///
/// DataFusion keeps the footers of Parquet files by path, size and time, without the server. With a second server they
/// are not kept any more, so that files of two servers are never mixed up. Listings are kept for a minute, or until another
/// server or other options are used.
///
/// # Errors
///
/// Those of DataFusion's runtime environment.
pub fn runtime_env(registry: &Arc<FtpRegistry>) -> Result<Arc<RuntimeEnv>> {
    build(registry, CacheManagerConfig::default().with_list_files_cache_ttl(Some(LISTING_AGE)))
}

/// Creates a runtime environment with this registry, for the plans of other machines: for schedulers and executors of
/// Ballista.
///
/// Tables in such plans have no name that tells the servers apart. Therefore neither listings nor statistics are kept. The
/// footers of Parquet files are, as [`runtime_env`] keeps them.
///
/// # Errors
///
/// Those of DataFusion's runtime environment.
pub fn cluster_runtime_env(registry: &Arc<FtpRegistry>) -> Result<Arc<RuntimeEnv>> {
    let cache =
        CacheManagerConfig::default().with_list_files_cache_limit(0).with_file_statistics_cache_limit(0);
    build(registry, cache)
}

fn build(registry: &Arc<FtpRegistry>, cache: CacheManagerConfig) -> Result<Arc<RuntimeEnv>> {
    let runtime = RuntimeEnvBuilder::new()
        .with_cache_manager(cache)
        .with_object_store_registry(Arc::clone(registry) as _)
        .build_arc()?;
    let caches = &runtime.cache_manager;
    let footers = caches.get_file_metadata_cache();
    let (listings, statistics) = (caches.get_list_files_cache(), caches.get_file_statistic_cache());
    registry.on_further_store(move || {
        footers.clear();
        footers.update_cache_limit(0);
        if let Some(listings) = &listings {
            listings.clear();
        }
        if let Some(statistics) = &statistics {
            statistics.clear();
        }
    });
    Ok(runtime)
}

/// The time for which a listing is reused.
const LISTING_AGE: Duration = Duration::from_secs(60);
