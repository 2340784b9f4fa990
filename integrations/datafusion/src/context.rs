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
    Ok(with_tables(SessionContext::new_with_state(state)))
}

/// Creates a runtime environment with this registry, for contexts of your own and for executors of Ballista.
///
/// DataFusion keeps the footers of Parquet files by path, size and time, without the server. With a second server they
/// are not kept any more, so that files of two servers are never mixed up. Listings are kept for a minute.
///
/// # Errors
///
/// Those of DataFusion's runtime environment.
pub fn runtime_env(registry: &Arc<FtpRegistry>) -> Result<Arc<RuntimeEnv>> {
    let cache = CacheManagerConfig::default().with_list_files_cache_ttl(Some(LISTING_AGE));
    let runtime = RuntimeEnvBuilder::new()
        .with_cache_manager(cache)
        .with_object_store_registry(Arc::clone(registry) as _)
        .build_arc()?;
    let footers = runtime.cache_manager.get_file_metadata_cache();
    registry.on_second_store(move || {
        footers.clear();
        footers.update_cache_limit(0);
    });
    Ok(runtime)
}

/// Adds tables by URL, as [`SessionContext::enable_url_table`] does for local files only.
fn with_tables(context: SessionContext) -> SessionContext {
    let catalogs = Arc::clone(context.state_ref().read().catalog_list());
    let tables = Arc::new(FtpTables::default());
    let catalogs = DynamicFileCatalog::new(catalogs, Arc::clone(&tables) as _);
    let context: SessionContext =
        context.into_state_builder().with_catalog_list(Arc::new(catalogs)).build().into();
    tables.set_session(&context);
    context
}

/// The time for which a listing is reused.
const LISTING_AGE: Duration = Duration::from_secs(60);
