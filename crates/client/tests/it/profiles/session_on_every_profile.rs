//! A whole session on each profile of [`oxftp_testing::profiles`].

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use oxftp::{Client, ClientBuilder, Credentials, Pool};
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
    ability_server,
    absolute_paths_only,
    active_mode_only,
    active_type_ascii_only,
    agrees_to_all,
    aix,
    aliases_of_success,
    android_solid_explorer,
    android_swiftp,
    apache_ftp_server,
    argosoft,
    aws_transfer,
    axis_camera,
    azure_app_service,
    bftpd,
    box_com,
    bsd_ftpd,
    bulletproof,
    bunny_storage,
    busybox,
    camera_total,
    cerberus,
    cesar_ftp,
    changes_to_anything,
    clock_in_year_19100,
    connect_enterprise,
    crush_ftp,
    data_closed_after_error,
    data_logger_gl240,
    directory_exists_521,
    directory_reply_empty,
    directory_reply_refused,
    directory_reply_with_250,
    djb_publicfile,
    drftpd,
    duet_reprap,
    eft_globalscape,
    empty_directories_refused,
    empty_directory_without_data,
    ends_after_listing,
    ends_after_listing_with_421,
    directory_reply_above_root,
    directory_reply_with_backslashes,
    greeting_after_notices,
    kinds_alone,
    lines_end_with_return,
    login_with_notice,
    mlst_of_files_only,
    names_with_slash,
    passive_is_550,
    unknown_is_553,
    epsv_other_delimiters,
    epsv_port_unreachable,
    esp32_one_transfer,
    esp32_simple,
    esp8266_eplf,
    facts_in_odd_case,
    facts_missing,
    facts_without_last_semicolon,
    fanuc_robot,
    feat_in_one_line,
    feat_with_codes,
    filezilla_0_9,
    filezilla_1,
    freertos_plus,
    fritz_box,
    ftpd_3ds,
    gene6,
    glftpd,
    go_graval,
    goanywhere,
    guild_ftpd,
    hangs_up_after_refusal,
    hangs_up_at_unknown,
    home_ftp,
    hosted_ftp,
    hp_printer,
    huawei_switch,
    iis,
    iis_unix_style,
    inetutils,
    j_ftp_proxy,
    keyence_plc,
    lines_with_two_returns,
    listed_by_name_only,
    lite_speed,
    local_time_server,
    login_232,
    lwip,
    mdtm_with_fraction,
    micropython_lite,
    mikrotik,
    month_only,
    names_classified,
    names_only,
    names_with_dot_slash,
    names_with_paths,
    nc_ftpd,
    netpresenz,
    netware,
    no_clock,
    no_preliminary_reply,
    node_ftp_srv,
    nucleus,
    other_code_at_end,
    passive_as_extended,
    passive_with_spaces,
    passive_with_text,
    plumi_zope,
    preliminary_reply_at_end,
    ps3_webman,
    ps4_ftps4,
    ps5_ftpsrv,
    pure_ftpd_behind_nat,
    pure_ftpd_limited,
    qnap,
    qnx,
    quadros,
    raiden,
    rebex,
    replies_end_with_nul,
    replies_again,
    replies_twice,
    replies_without_blank,
    replies_with_telnet,
    retroarch_switch,
    rumpus,
    sasser_ftpd,
    serv_u_broken_mlsd,
    serv_u_mlsd_as_list,
    session_ends_in_transfer,
    siemens_s7,
    size_in_words,
    sizes_listed_as_zero,
    solaris,
    stratus_vos,
    switch_sys_ftpd,
    synology,
    threadx,
    three_com_daemon,
    titan,
    tnftpd,
    tp_link_usb,
    transfer_broken_off,
    transfer_ends_with_225,
    twisted,
    type_image_refused,
    type_unknown,
    typsoft,
    uftpd,
    vita_shell,
    vxworks,
    wago_plc,
    war_ftpd,
    wii_ftpii,
    windows_ce,
    wing,
    ws_ftp,
    wu_ftpd,
    xbox_360,
    xlight,
    unknown_is_400,
    unknown_is_451,
    unknown_is_530,
    year_only,
    z_ftp_server,
}

/// The files of the tree, which every profile can store.
const FILES: [(&str, &str); 4] =
    [("NOTES", "notes"), ("SUB/A B", "blank"), ("SUB/DEEP/LIST", "list"), ("SUB/MENU", "menu")];

/// Uploads, lists and downloads a tree, mirrors it twice in both directions, replaces a file, and removes all.
async fn whole_session(name: &str) {
    let habits = (profiles::find(name).unwrap().habits)();
    let (home, has_rename) = (habits.home, !habits.refused.contains(&"RNFR"));
    let ends_sessions = habits.breaks_transfers.is_some();
    let server = MemoryServer::start(habits).await;
    let local = tempfile::tempdir().unwrap();
    FILES.iter().for_each(|(path, content)| create_file(&local.path().join("T"), path, content));
    let on_server = |path: &str| server.content(format!("{home}/{path}").trim_start_matches('/'));

    let builder = Client::builder().socket_timeout(Duration::from_secs(10)).reconnects(2);
    let pool = Pool::new(builder.clone(), server.address(), Credentials::anonymous()).size(3);
    if ends_sessions {
        pool.upload(local.path().join("T")).retries(2).await.unwrap();
    } else {
        single_session(builder, &server, local.path()).await;
    }
    for (path, content) in FILES {
        assert_eq!(on_server(&format!("T/{path}")).as_deref(), Some(content), "{:?}", server.paths());
    }
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

/// Uploads, lists and downloads the tree in one session, and ends it: some servers have room for one only.
async fn single_session(builder: ClientBuilder, server: &MemoryServer, local: &Path) {
    let mut client = builder.connect(server.address()).await.unwrap();
    client.login(Credentials::anonymous()).await.unwrap();
    client.upload(local.join("T")).retries(2).await.unwrap();
    let mut listed: Vec<_> =
        client.list("T").recursive().await.unwrap().iter().map(|found| found.name().to_string()).collect();
    listed.sort();
    assert_eq!(listed, ["A B", "DEEP", "LIST", "MENU", "NOTES", "SUB"]);
    client.download("T").to(local.join("back")).retries(2).await.unwrap();
    assert_same(&local.join("back/T"));
    assert_eq!(get(&mut client, "T/SUB/MENU").await.unwrap(), b"menu");
    if let Err(error) = client.quit().await {
        assert!(error.is_connection_lost(), "{error}");
    }
}

async fn mirror_down_twice(pool: &Pool, mirrored: &Path) {
    assert_eq!(pool.mirror_down("T", mirrored).retries(2).await.unwrap().files, FILES.len() as u64);
    assert_same(mirrored);
    assert_eq!(pool.mirror_down("T", mirrored).retries(2).await.unwrap().files, 0);
}

/// Replaces a file afterwards.
async fn mirror_up_twice(pool: &Pool, mirrored: &Path) {
    pool.mirror_up(mirrored, "U").retries(2).await.unwrap();
    assert_eq!(pool.mirror_up(mirrored, "U").retries(2).await.unwrap().files, 0);
    fs::write(mirrored.join("NOTES"), "other notes").unwrap();
    pool.mirror_up(mirrored, "U").retries(2).await.unwrap();
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
