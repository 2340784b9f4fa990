//! A whole session with the program on each profile of `oxftp_testing::profiles`.

use std::{collections::BTreeSet, fs, path::Path};

use oxftp_testing::{
    memory::MemoryServer,
    profiles::{self, PROFILES},
};
use tokio::runtime::Runtime;

use crate::common::{oxftp, run};

/// Defines a test for each profile.
macro_rules! sessions {
    ($($name:ident,)*) => {
        $(
            #[test]
            fn $name() {
                whole_session(stringify!($name));
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

fn whole_session(name: &str) {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(MemoryServer::start((profiles::find(name).unwrap().habits)()));
    let local = tempfile::tempdir().unwrap();
    let here = local.path();
    for (path, content) in FILES {
        let path = here.join("T").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let url = format!("ftp://{}/", server.address());
    let run_on = |line: &str| {
        let words: Vec<_> = line.split_whitespace().map(|word| word.replace('@', &url)).collect();
        let run = run(oxftp(&words).args(["--timeout", "10"]).current_dir(here));
        assert_eq!(run.code, Some(0), "{line}: {} {:?}", run.stderr, server.commands());
        run
    };

    run_on("put T/NOTES @");
    run_on("put -r T @");
    assert!(run_on("ls -l @").stdout().contains("NOTES"));
    run_on("stat @T/NOTES @T/SUB");
    run_on("get -r -d back @T");
    assert_same(&here.join("back/T"));
    run_on("mirror @T M");
    assert_same(&here.join("M"));
    let again = run_on("mirror -v --delete @T M").stderr;
    assert!(!again.contains("RETR"), "{again}");
    assert_same(&here.join("M"));
    run_on("mirror M @U");
    let again = run_on("mirror -v --delete -j 1 M @U").stderr;
    assert!(!again.contains("STOR"), "{again}");

    let script = "pwd; ls; cd U; ls; get NOTES; put M/NOTES NEW; cd SUB; get MENU; cd ..; rm NEW; get -r SUB; cd ..; mirror U UU; mirror -R UU W; rm -r W";
    let shell = run(oxftp(&["shell", &url, "-c", script, "--timeout", "10"]).current_dir(here));
    assert_eq!(shell.code, Some(0), "{} {:?}", shell.stderr, server.commands());
    assert_same(&here.join("UU"));
    assert_eq!(fs::read_to_string(here.join("SUB/DEEP/LIST")).unwrap(), "list");

    run_on("rm -r @T @U");
    run_on("rm @NOTES");
    assert_eq!(run_on("ls @").stdout(), "");
}

fn assert_same(root: &Path) {
    for (path, content) in FILES {
        assert_eq!(fs::read_to_string(root.join(path)).unwrap(), content, "{path}");
    }
}
