//! Wildcards in names of local files, which are refused: plans lose them on their way to the scheduler, which would read
//! the whole directory.

use datafusion::{
    common::{config::ConfigOptions, plan_err, tree_node::TreeNodeRecursion},
    datasource::{listing::ListingTable, source_as_provider},
    error::Result,
    logical_expr::LogicalPlan,
    optimizer::AnalyzerRule,
};

/// The rule that refuses them. Tables by `ftp`, `ftpes` and `ftps` URLs have none any more, as
/// [`FtpTables::for_cluster`](oxftp_datafusion::FtpTables::for_cluster) creates them.
#[derive(Debug)]
pub(crate) struct LocalWildcards;

impl AnalyzerRule for LocalWildcards {
    fn name(&self) -> &str {
        "local_wildcards"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.apply_with_subqueries(|node| {
            let LogicalPlan::TableScan(scan) = node else { return Ok(TreeNodeRecursion::Continue) };
            // Some sources are not tables.
            let Ok(table) = source_as_provider(&scan.source) else { return Ok(TreeNodeRecursion::Continue) };
            let Some(table) = table.downcast_ref::<ListingTable>() else {
                return Ok(TreeNodeRecursion::Continue);
            };
            match table.table_paths().iter().find_map(|url| Some((url, url.get_glob().as_ref()?))) {
                Some((url, glob)) => plan_err!(
                    "{url}{glob}: a cluster knows wildcards in ftp, ftpes and ftps URLs only; name the directory"
                ),
                None => Ok(TreeNodeRecursion::Continue),
            }
        })?;
        Ok(plan)
    }
}
