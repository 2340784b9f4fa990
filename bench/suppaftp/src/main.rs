//! Drives suppaftp: port, user, password, verb, remote path, local path.
//!
//! With `AUTHORITY` in the environment, a file in PEM, over explicit TLS.

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
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [port, user, password, verb, remote, local] = words.as_slice() else {
        return Err("six words".into());
    };
    let mut client = AsyncRustlsFtpStream::connect(("127.0.0.1", port.parse()?)).await?;
    if let Some(authority) = std::env::var_os("AUTHORITY") {
        client = client.into_secure(connector(authority.as_ref())?, "localhost").await?;
    }
    client.login(user, password).await?;
    client.transfer_type(FileType::Binary).await?;
    match verb.as_str() {
        "get" => get(&mut client, remote, local).await?,
        "put" => put(&mut client, remote, local).await?,
        "get-all" => {
            std::fs::create_dir(local)?;
            for path in client.nlst(Some(remote)).await? {
                let name = Path::new(&path).file_name().ok_or("no name")?.to_string_lossy();
                get(&mut client, &format!("{remote}/{name}"), &format!("{local}/{name}")).await?;
            }
        }
        "put-all" => {
            client.mkdir(remote).await?;
            for entry in std::fs::read_dir(local)? {
                let name = entry?.file_name().to_string_lossy().into_owned();
                put(&mut client, &format!("{remote}/{name}"), &format!("{local}/{name}")).await?;
            }
        }
        _ => {
            for line in client.list(Some(remote)).await? {
                let file = ListParser::parse_posix(&line)?;
                println!("{} {:?} {}", file.size(), file.modified(), file.name());
            }
        }
    }
    Ok(client.quit().await?)
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
