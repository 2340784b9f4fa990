//! Operators from URIs, maps and pools; layers of OpenDAL over the service.

use opendal::{ErrorKind, Operator, OperatorRegistry, layers::RetryLayer};
use opendal_service_oxftp::{OXFTP_SCHEME, OxftpBuilder, OxftpError, register_oxftp_service};
use oxftp::{Client, Credentials, Pool};
use oxftp_testing::{
    memory::{MemoryServer, ServerBehaviour},
    servers::{Protection, ServerKind, available},
};

use crate::error_of;

/// Creates an operator for a server in memory.
pub(crate) fn memory_operator(server: &MemoryServer) -> Operator {
    Operator::new(OxftpBuilder::default().endpoint(&format!("ftp://{}", server.address()))).unwrap()
}

#[tokio::test]
async fn operators_from_uri_map_and_pool_agree() {
    register_oxftp_service(OperatorRegistry::get());
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    server.add_file("data/f", "text", 1_700_000_000);
    let address = server.address();

    let endpoint = ("endpoint".to_owned(), format!("ftp://{address}"));
    let root = ("root".to_owned(), "data".to_owned());
    let pool = Pool::new(Client::builder(), address, Credentials::anonymous());
    for operator in [
        Operator::via_iter(OXFTP_SCHEME, [endpoint.clone(), root]).unwrap(),
        Operator::from_uri((format!("oxftp://{address}/data"), [endpoint])).unwrap(),
        Operator::new(OxftpBuilder::default().pool(pool).root("/data")).unwrap(),
    ] {
        assert_eq!(operator.read("f").await.unwrap().to_vec(), b"text");
        let info = operator.info();
        assert_eq!((info.scheme(), &*info.root()), ("oxftp", "/data/"));
        assert!(format!("{operator:?}").contains("oxftp"));
    }
}

#[tokio::test]
async fn capabilities_name_what_is_there() {
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    let operator = memory_operator(&server);
    let capability = operator.info().capability();

    assert!(
        capability.rename && capability.copy && capability.write_can_append && capability.list_with_recursive
    );
    assert!(!capability.presign && !capability.write_with_if_not_exists && !capability.read_with_if_match);
    let conditional = operator.write_with("f", "x").if_not_exists(true).await;
    assert_eq!(error_of(conditional).kind(), ErrorKind::Unsupported);
    error_of(operator.presign_read("f", std::time::Duration::from_secs(1)).await);
}

#[tokio::test]
async fn wrong_password_is_permission_denied() {
    let Some(server) = available(ServerKind::ProFtpd.start(Protection::Plain).await) else { return };
    let operator = Operator::new(crate::builder(&server).password("wrong-password")).unwrap();

    let error = error_of(operator.list("").await);
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:?}");
    let reason = std::error::Error::source(&error).unwrap().downcast_ref::<OxftpError>().unwrap();
    assert_eq!(reason.client_error().kind(), oxftp::ErrorKind::Auth);
    assert!(!format!("{error:?} {operator:?}").contains("wrong-password"));
}

#[tokio::test]
async fn retry_layer_repeats_transient_refusals() {
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    server.add_file("d/f", "text", 1_700_000_000);
    let operator = memory_operator(&server);
    server.change(|behaviour| {
        behaviour.replies = &[("MLST", "450 busy"), ("MLSD", "450 busy"), ("RETR", "450 busy")]
    });
    for error in [
        error_of(operator.stat("d/f").await),
        error_of(operator.list("d/").await),
        error_of(operator.read_with("d/f").range(0..1).await),
    ] {
        assert!(error.is_temporary(), "{error:?}");
    }

    let patient = operator
        .layer(RetryLayer::new().with_max_times(5).with_min_delay(std::time::Duration::from_millis(1)));
    let listing = tokio::spawn(async move { patient.list_with("").recursive(true).await });
    while server.commands().iter().filter(|command| command.starts_with("MLSD")).count() == 0 {
        tokio::task::yield_now().await;
    }
    server.change(|behaviour| behaviour.replies = &[]);
    let listed = listing.await.unwrap().unwrap();
    assert_eq!(listed.iter().map(|entry| entry.path()).collect::<Vec<_>>(), ["d/f", "d/", "/"]);
}
