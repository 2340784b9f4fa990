//! One machine of a cluster: its FTP options, and the runtime environments of the queries that it takes part in.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ballista_core::extension::{
    SessionConfigExt, ballista_aggregate_functions, ballista_scalar_functions, ballista_window_functions,
};
use datafusion::{
    error::Result,
    execution::{SessionState, SessionStateBuilder, runtime_env::RuntimeEnv},
    prelude::SessionConfig,
};
use oxftp_datafusion::{FtpOptions, FtpRegistry, cluster_runtime_env};

/// The FTP options and stores of one scheduler or executor.
///
/// A query brings `ftp.user` and `ftp.root` with it. The password, the netrc file, the root certificates and the number of
/// sessions are those of the machine: see [`FtpOptions::for_query`]. All queries with the same user and root share their
/// stores, so that they share the sessions, too.
pub struct Machine {
    options: FtpOptions,
    runtimes: Mutex<HashMap<Login, Runtime>>,
}

/// The options that queries bring with them: user and root.
type Login = (Option<String>, String);

struct Runtime {
    registry: Arc<FtpRegistry>,
    environment: Arc<RuntimeEnv>,
}

impl Machine {
    /// Creates a machine without stores.
    #[must_use]
    pub fn new(options: FtpOptions) -> Self {
        Self { options, runtimes: Mutex::default() }
    }

    /// Returns the configuration that the options of a query are added to: Ballista's `ConfigProducer`.
    #[must_use]
    pub fn session_config(&self) -> SessionConfig {
        SessionConfig::new_with_ballista()
            .with_information_schema(true)
            .with_option_extension(self.options.for_query())
    }

    /// Returns the runtime environment for a query: Ballista's `RuntimeProducer`.
    ///
    /// # Errors
    ///
    /// Those of DataFusion's runtime environment.
    pub fn runtime_env(&self, config: &SessionConfig) -> Result<Arc<RuntimeEnv>> {
        let query = config.options().extensions.get::<FtpOptions>();
        let query = query.cloned().unwrap_or_else(|| self.options.for_query());
        let login = (query.user(), query.root());
        let mut runtimes = self.lock();
        if let Some(runtime) = runtimes.get(&login) {
            return Ok(Arc::clone(&runtime.environment));
        }
        // Not those of the query, which could still change.
        let options = query.for_query();
        options.set_root(query.root());
        let registry = Arc::new(FtpRegistry::new(options));
        let environment = cluster_runtime_env(&registry)?;
        if runtimes.len() >= MOST_RUNTIMES {
            // Queries that use them keep them until they end.
            runtimes.clear();
        }
        runtimes.insert(login, Runtime { registry, environment: Arc::clone(&environment) });
        Ok(environment)
    }

    /// Returns the state that a scheduler plans a query with: Ballista's `SessionBuilder`.
    ///
    /// # Errors
    ///
    /// Those of DataFusion's runtime environment.
    pub fn session_state(&self, config: SessionConfig) -> Result<SessionState> {
        let state = SessionStateBuilder::new()
            .with_runtime_env(self.runtime_env(&config)?)
            .with_config(config)
            .with_default_features()
            .with_scalar_functions(ballista_scalar_functions())
            .with_aggregate_functions(ballista_aggregate_functions())
            .with_window_functions(ballista_window_functions());
        Ok(state.build())
    }

    /// Ends the sessions of all stores (`QUIT`).
    pub async fn close(&self) {
        let runtimes: Vec<_> = self.lock().drain().map(|(_, runtime)| runtime.registry).collect();
        for registry in runtimes {
            registry.close().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Login, Runtime>> {
        self.runtimes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let logins: Vec<_> = self.lock().keys().cloned().collect();
        f.debug_struct("Machine").field("options", &self.options).field("logins", &logins).finish()
    }
}

/// The number of pairs of user and root that have stores at the same time.
const MOST_RUNTIMES: usize = 16;

#[cfg(test)]
mod tests {
    use ballista_core::extension::SessionConfigHelperExt;
    use datafusion::common::config::ConfigOptions;

    use super::*;

    fn config(machine: &Machine, root: &str) -> SessionConfig {
        let mut config = machine.session_config();
        ConfigOptions::set(config.options_mut(), "ftp.root", root).unwrap();
        config
    }

    #[test]
    fn queries_share_stores_by_user_and_root() {
        let machine = Machine::new(FtpOptions::default());
        let [first, second, other] =
            ["/data", "/data", "/"].map(|root| machine.runtime_env(&config(&machine, root)).unwrap());

        assert!(Arc::ptr_eq(&first, &second) && !Arc::ptr_eq(&first, &other));
        let url = "ftp://me@h:2121/".parse().unwrap();
        let shown = |runtime: &RuntimeEnv| runtime.object_store_registry.get_store(&url).unwrap().to_string();
        assert_eq!(shown(&first), "FtpStore(ftp://me@h:2121//data)");
        assert_eq!(shown(&other), "FtpStore(ftp://me@h:2121//)");
        for number in 0..100 {
            machine.runtime_env(&config(&machine, &format!("/{number}"))).unwrap();
        }
        assert!(machine.lock().len() <= MOST_RUNTIMES);
    }

    #[test]
    fn passwords_of_machine_do_not_travel() {
        let options = FtpOptions::default();
        options.set_password("sesame");
        let machine = Machine::new(options);

        let sent = config(&machine, "/data").to_key_value_pairs();

        let sent: Vec<_> = sent.iter().filter(|pair| pair.key.starts_with("ftp.")).collect();
        assert!(
            !format!("{sent:?}").contains("***") && !format!("{machine:?}").contains("sesame"),
            "{sent:?}"
        );
        let values: Vec<_> = sent.iter().filter_map(|pair| pair.value.as_deref()).collect();
        assert_eq!(values, ["/data"]);
    }
}
