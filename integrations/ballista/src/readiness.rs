//! Readiness of a scheduler: whether it can be reached, and has executors.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{ClusterError, SchedulerAddress};

impl SchedulerAddress {
    /// Asks the scheduler whether it has executors.
    ///
    /// # Errors
    ///
    /// [`ClusterError::NoScheduler`] and [`ClusterError::NoExecutor`].
    pub async fn check(&self) -> Result<(), ClusterError> {
        let unreachable = |reason: String| ClusterError::NoScheduler { scheduler: self.clone(), reason };
        let answer = match timeout(TIMEOUT, self.ask()).await {
            Ok(answer) => answer.map_err(|error| unreachable(error.to_string()))?,
            Err(_) => return Err(unreachable(format!("no answer within {} s", TIMEOUT.as_secs()))),
        };
        match answer.split_ascii_whitespace().nth(1) {
            Some("200") => Ok(()),
            Some("503") => Err(ClusterError::NoExecutor { scheduler: self.clone() }),
            _ => Err(unreachable("it does not answer like a scheduler".to_owned())),
        }
    }

    /// Returns the answer of the scheduler's HTTP service.
    async fn ask(&self) -> std::io::Result<String> {
        let Self { host, port } = self;
        let mut stream = TcpStream::connect((host.trim_matches(['[', ']']), *port)).await?;
        let request = format!("GET /readyz HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(MAX_ANSWER).read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_ANSWER: u64 = 64 << 10;
