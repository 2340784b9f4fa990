//! Contexts whose queries a cluster runs.

use std::sync::Arc;

use ballista::prelude::SessionContextExt;
use ballista_core::{
    config::{BALLISTA_ADAPTIVE_PLANNER_ENABLED, BALLISTA_SCHEDULER_MAX_PARTITIONS_PER_TASK},
    extension::SessionConfigExt,
};
use datafusion::{
    error::Result,
    execution::SessionStateBuilder,
    prelude::{SessionConfig, SessionContext},
};
use oxftp_datafusion::{FtpOptions, FtpRegistry, FtpTables, runtime_env, with_url_tables};

use crate::{SchedulerAddress, wildcards::LocalWildcards};

/// Creates a context whose queries a cluster runs. It reads tables by `ftp`, `ftpes` and `ftps` URLs.
///
/// Create the registry with options that [`client_options`] has adapted. The client itself lists the files of tables and
/// reads their columns' names, so it opens sessions, too. Nothing is sent to the scheduler before the first query. Wildcards in
/// names of local files are refused.
///
/// # Errors
///
/// Those of DataFusion's runtime environment.
pub async fn client_context(
    scheduler: &SchedulerAddress,
    registry: &Arc<FtpRegistry>,
) -> Result<SessionContext> {
    let mut config = SessionConfig::new_with_ballista()
        .with_information_schema(true)
        .with_option_extension(registry.options().clone())
        // Ballista 55.0 never ends a query with UNION ALL and ORDER BY that it plans this way.
        .set_bool(BALLISTA_ADAPTIVE_PLANNER_ENABLED, false)
        // Otherwise the first executor with room gets a part of the files that is too large.
        .set_usize(BALLISTA_SCHEDULER_MAX_PARTITIONS_PER_TASK, 1);
    // The scheduler alone would read the end of each Parquet file, before the executors begin.
    config.options_mut().execution.collect_statistics = false;
    let state = SessionStateBuilder::new()
        .with_default_features()
        .with_config(config)
        .with_runtime_env(runtime_env(registry)?)
        .with_analyzer_rule(Arc::new(LocalWildcards))
        .build();
    let context = SessionContext::remote_with_state(&scheduler.to_string(), state).await?;
    Ok(with_url_tables(context, FtpTables::for_cluster()))
}

/// Adapts options for a client: it reads no file whole, since it needs only the columns' names.
pub fn client_options(options: &FtpOptions) {
    options.set_whole_files_up_to(0);
}
