//! Driver of suppaftp. Arguments: port, user, password, verb, remote path, local path.
//!
//! If the environment variable `AUTHORITY` names a PEM file, uses explicit TLS; `CLIENTS` sets the number of clients.

use std::{error::Error, path::Path, sync::Arc};

use suppaftp::{
    list::ListParser,
    tokio::{AsyncRustlsConnector, AsyncRustlsFtpStream},
    types::FileType,
};
use tokio::{fs::File, io::AsyncWriteExt};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, pem::PemObject},
    },
};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [_, _, _, verb, remote, local] = arguments.as_slice() else {
        return Err("expected six arguments".into());
    };
    let mut client = open(&arguments).await?;
    match verb.as_str() {
        "get" => get(&mut client, remote, local).await?,
        "put" => put(&mut client, remote, local).await?,
        "get-all" => {
            std::fs::create_dir(local)?;
            let paths = client.nlst(Some(remote)).await?;
            let name = |path: String| Path::new(&path).file_name()?.to_str().map(str::to_owned);
            all(client, &arguments, paths.into_iter().filter_map(name).collect()).await?;
            return Ok(());
        }
        "put-all" => {
            client.mkdir(remote).await?;
            let entries = std::fs::read_dir(local)?.map_while(|entry| entry.ok()?.file_name().into_string().ok());
            all(client, &arguments, entries.collect()).await?;
            return Ok(());
        }
        "walk" => walk(&mut client, remote).await?,
        _ => {
            for line in client.list(Some(remote)).await? {
                let file = ListParser::parse_posix(&line)?;
                println!("{} {:?} {}", file.size(), file.modified(), file.name());
            }
        }
    }
    Ok(client.quit().await?)
}

async fn open(arguments: &[String]) -> Result<AsyncRustlsFtpStream> {
    let [port, user, password, ..] = arguments else { return Err("expected six arguments".into()) };
    let mut client = AsyncRustlsFtpStream::connect(("127.0.0.1", port.parse()?)).await?;
    if let Some(authority) = std::env::var_os("AUTHORITY") {
        client = client.into_secure(connector(authority.as_ref())?, "localhost").await?;
    }
    client.login(user, password).await?;
    client.transfer_type(FileType::Binary).await?;
    Ok(client)
}

/// Transfers the files of a directory, distributed over the clients.
async fn all(first: AsyncRustlsFtpStream, arguments: &[String], names: Vec<String>) -> Result {
    let clients = std::env::var("CLIENTS").ok().and_then(|count| count.parse().ok()).unwrap_or(1);
    let mut first = Some(first);
    let mut running = Vec::new();
    for number in 0..clients {
        let names: Vec<String> = names.iter().skip(number).step_by(clients).cloned().collect();
        let opened = first.take();
        running.push(async move {
            let mut client = match opened {
                Some(client) => client,
                None => open(arguments).await?,
            };
            for name in names {
                let (remote, local) = (format!("{}/{name}", arguments[4]), format!("{}/{name}", arguments[5]));
                match arguments[3].as_str() {
                    "get-all" => get(&mut client, &remote, &local).await?,
                    _ => put(&mut client, &remote, &local).await?,
                }
            }
            Ok::<_, Box<dyn Error>>(client.quit().await?)
        });
    }
    futures_util::future::try_join_all(running).await?;
    Ok(())
}

/// Prints the paths of all entries below a directory.
async fn walk(client: &mut AsyncRustlsFtpStream, root: &str) -> Result {
    let mut left = vec![root.to_owned()];
    while let Some(directory) = left.pop() {
        for line in client.list(Some(&directory)).await? {
            let entry = ListParser::parse_posix(&line)?;
            let path = format!("{directory}/{}", entry.name());
            println!("{path}");
            if entry.is_directory() {
                left.push(path);
            }
        }
    }
    Ok(())
}

async fn get(client: &mut AsyncRustlsFtpStream, remote: &str, local: &str) -> Result {
    let mut data = client.retr_as_stream(remote).await?;
    let mut file = File::create(local).await?;
    tokio::io::copy(&mut data, &mut file).await?;
    file.flush().await?;
    Ok(data.finish().await?)
}

async fn put(client: &mut AsyncRustlsFtpStream, remote: &str, local: &str) -> Result {
    client.put_file(remote, &mut File::open(local).await?).await?;
    Ok(())
}

fn connector(authority: &Path) -> Result<AsyncRustlsConnector> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(authority)? {
        roots.add(certificate?)?;
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)).into())
}
