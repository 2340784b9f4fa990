//! `probe` on every server.

use oxftp_testing::servers::{Protection, ServerKind};
use serde_json::Value;

use crate::common::Site;

fn probed(site: &Site) -> Value {
    site.write_remote("pub/file", "content");
    let run = site.run(&["probe", "--json", &site.url("pub")]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    serde_json::from_str(&run.stdout()).unwrap()
}

#[test]
fn probe_reports_data_connections_and_listings() {
    let all = ServerKind::ALL.into_iter();
    for (kind, protection) in all.flat_map(|kind| kind.protections().iter().map(move |it| (kind, *it))) {
        let Some(site) = Site::on(kind, protection) else { continue };
        let found = probed(&site);
        let about = format!("{kind:?} {protection:?}: {found}");

        assert_eq!(found["login"]["works"], true, "{about}");
        assert!(
            found["greeting"][0].is_string() && found["features"].as_array().unwrap().len() > 3,
            "{about}"
        );
        assert_eq!(
            (&found["data"][0]["command"], &found["data"][0]["works"]),
            (&"EPSV".into(), &true.into()),
            "{about}"
        );
        assert_eq!(
            (&found["data"][1]["command"], &found["data"][1]["address"]),
            (&"PASV".into(), &"127.0.0.1".into()),
            "{about}"
        );
        let [mlsd, list] = [&found["listings"][0], &found["listings"][1]];
        assert_eq!(mlsd["works"], kind != ServerKind::Vsftpd, "{about}");
        assert_eq!((&list["works"], &list["entries"]), (&true.into(), &1.into()), "{about}");
        assert_eq!(found["list_format"], "unix", "{about}");
        assert_eq!(
            (&found["restart"]["works"], &found["pipelining"]),
            (&true.into(), &true.into()),
            "{about}"
        );
        assert_eq!(found["tls"].is_object(), protection != Protection::Plain, "{about}");
    }
}

#[test]
fn probe_reports_certificate_and_tls_resumption() {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd] {
        let Some(site) = Site::on(kind, Protection::Explicit) else { continue };
        let found = probed(&site);
        let tls = &found["tls"];

        assert!(tls["version"].as_str().unwrap().starts_with("TLSv1."), "{tls}");
        assert!(
            tls["cipher"].as_str().unwrap().contains("AES")
                || tls["cipher"].as_str().unwrap().contains("CHACHA"),
            "{tls}"
        );
        let certificate = &tls["certificate"];
        assert!(certificate["names"].as_array().unwrap().contains(&"localhost".into()), "{certificate}");
        assert_eq!(certificate["sha256"].as_str().unwrap().len(), 64, "{certificate}");
        assert_eq!(found["data_resumed"], true, "{kind:?}: {found}");
    }
}
