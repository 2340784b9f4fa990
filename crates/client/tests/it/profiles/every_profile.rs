//! A whole session on each profile of [`oxftp_testing::profiles`].

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use oxftp::{Client, Credentials, Pool};
use oxftp_testing::{
    memory::MemoryServer,
    profiles::{self, PROFILES},
};

use crate::common::{
    local_files::{create_file, files},
    scripts::get,
};

/// Defines a test for each profile.
macro_rules! sessions {
    ($($name:ident,)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                whole_session(stringify!($name)).await;
            }
        )*

        #[test]
        fn every_profile_has_a_session() {
            let listed: BTreeSet<_> = PROFILES.iter().copied().flatten().map(|profile| profile.name).collect();
            assert_eq!(listed, BTreeSet::from([$(stringify!($name)),*]));
        }
    };
}

sessions! {
    active_mode_only,
    aix,
    android_solid_explorer,
    android_swiftp,
    apache_ftp_server,
    argosoft,
    aws_transfer,
    azure_app_service,
    bftpd,
    box_com,
    bsd_ftpd,
    bulletproof,
    bunny_storage,
    busybox,
    camera_total,
    cerberus,
    connect_enterprise,
    crush_ftp,
    data_logger_gl240,
    djb_publicfile,
    drftpd,
    duet_reprap,
    eft_globalscape,
    empty_directories_refused,
    epsv_port_unreachable,
    esp32_one_transfer,
    esp32_simple,
    esp8266_eplf,
    fanuc_robot,
    filezilla_0_9,
    filezilla_1,
    fritz_box,
    ftpd_3ds,
    gene6,
    glftpd,
    go_graval,
    hosted_ftp,
    huawei_switch,
    iis,
    iis_unix_style,
    keyence_plc,
    lines_with_two_returns,
    listed_by_name_only,
    lite_speed,
    local_time_server,
    micropython_lite,
    mikrotik,
    names_classified,
    names_only,
    names_with_paths,
    nc_ftpd,
    netpresenz,
    netware,
    no_clock,
    node_ftp_srv,
    other_code_at_end,
    plumi_zope,
    ps3_webman,
    ps4_ftps4,
    ps5_ftpsrv,
    pure_ftpd_behind_nat,
    qnx,
    quadros,
    raiden,
    retroarch_switch,
    rumpus,
    sasser_ftpd,
    serv_u_broken_mlsd,
    serv_u_mlsd_as_list,
    stratus_vos,
    synology,
    three_com_daemon,
    titan,
    tnftpd,
    twisted,
    typsoft,
    uftpd,
    vita_shell,
    vxworks,
    war_ftpd,
    wii_ftpii,
    wing,
    ws_ftp,
    wu_ftpd,
    xlight,
}

/// The files of the tree, which every profile can store.
const FILES: [(&str, &str); 4] =
    [("NOTES", "notes"), ("SUB/A B", "blank"), ("SUB/DEEP/LIST", "list"), ("SUB/MENU", "menu")];

/// Uploads, lists and downloads a tree, mirrors it twice in both directions, replaces a file, and removes all.
async fn whole_session(name: &str) {
    let habits = (profiles::find(name).unwrap().habits)();
    let (home, has_rename) = (habits.home, !habits.refused.contains(&"RNFR"));
    let server = MemoryServer::start(habits).await;
    let local = tempfile::tempdir().unwrap();
    FILES.iter().for_each(|(path, content)| create_file(&local.path().join("T"), path, content));
    let on_server = |path: &str| server.content(format!("{home}/{path}").trim_start_matches('/'));

    let builder = Client::builder().socket_timeout(Duration::from_secs(10)).reconnects(2);
    let mut client = builder.clone().connect(server.address()).await.unwrap();
    client.login(Credentials::anonymous()).await.unwrap();
    client.upload(local.path().join("T")).await.unwrap();
    for (path, content) in FILES {
        assert_eq!(on_server(&format!("T/{path}")).as_deref(), Some(content), "{:?}", server.paths());
    }
    let mut listed: Vec<_> =
        client.list("T").recursive().await.unwrap().iter().map(|found| found.name().to_string()).collect();
    listed.sort();
    assert_eq!(listed, ["A B", "DEEP", "LIST", "MENU", "NOTES", "SUB"]);
    assert_eq!(get(&mut client, "T/SUB/MENU").await.unwrap(), b"menu");
    client.download("T").to(local.path().join("back")).await.unwrap();
    assert_same(&local.path().join("back/T"));
    // Some servers have room for one session only.
    client.quit().await.unwrap();

    let pool = Pool::new(builder, server.address(), Credentials::anonymous()).size(3);
    let mirrored = local.path().join("mirrored");
    mirror_down_twice(&pool, &mirrored).await;
    mirror_up_twice(&pool, &mirrored).await;
    assert_eq!(on_server("U/NOTES").as_deref(), Some("other notes"));
    let renamed = pool.rename("U/NOTES", "U/OTHER").await;
    assert_eq!(renamed.is_ok(), has_rename, "{renamed:?}");
    remove_trees(&pool).await;
    let left: Vec<_> = server.paths().into_iter().filter(|path| path.trim_end_matches('/') != home).collect();
    assert!(left.iter().all(|path| home.starts_with(path.trim_end_matches('/'))), "{left:?}");
}

async fn mirror_down_twice(pool: &Pool, mirrored: &Path) {
    assert_eq!(pool.mirror_down("T", mirrored).await.unwrap().files, FILES.len() as u64);
    assert_same(mirrored);
    assert_eq!(pool.mirror_down("T", mirrored).await.unwrap().files, 0);
}

/// Replaces a file afterwards.
async fn mirror_up_twice(pool: &Pool, mirrored: &Path) {
    pool.mirror_up(mirrored, "U").await.unwrap();
    assert_eq!(pool.mirror_up(mirrored, "U").await.unwrap().files, 0);
    fs::write(mirrored.join("NOTES"), "other notes").unwrap();
    pool.mirror_up(mirrored, "U").await.unwrap();
}

async fn remove_trees(pool: &Pool) {
    pool.remove_dir_all("T").await.unwrap();
    pool.remove_dir_all("U").await.unwrap();
}

fn assert_same(root: &Path) {
    assert_eq!(files(root), FILES.map(|(path, _)| path));
    for (path, content) in FILES {
        assert_eq!(fs::read_to_string(root.join(path)).unwrap(), content, "{path}");
    }
}
