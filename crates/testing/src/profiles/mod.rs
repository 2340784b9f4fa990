//! Profiles of servers that this system has no packages of: greeting, replies, listings and refusals.
//!
//! They were written from manuals, public source code and sessions that users have published;
//! `docs/dev/server-quirks.md` lists the known facts of each. [`PROFILES`] lists them; [`find`] returns one by its
//! name.

mod appliances;
mod boards;
mod hosted;
mod kinds;
mod lines;
mod products;
mod replies;
mod services;
mod unix;
mod windows;

use crate::memory::ServerBehaviour;

/// A server with a name.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// Its name, in lower case with `_`.
    pub name: &'static str,
    /// Returns how it behaves. Its clock is the one of this system.
    pub behaviour: fn() -> ServerBehaviour,
}

/// All profiles, by kind.
pub const PROFILES: &[&[Profile]] = &[
    appliances::PROFILES,
    boards::PROFILES,
    hosted::PROFILES,
    kinds::PROFILES,
    products::PROFILES,
    replies::PROFILES,
    services::PROFILES,
    unix::PROFILES,
    windows::PROFILES,
];

/// Calls a macro with the names of all profiles, separated by commas, so that it can define a test for each.
#[macro_export]
macro_rules! for_each_profile {
    ($macro:ident) => {
        $macro! {
            abb_robot,
            ability_server,
            absolute_paths_only,
            account_required,
            active_mode_only,
            active_type_ascii_only,
            agrees_to_all,
            aix,
            alfresco,
            aliases_of_success,
            allocation_required,
            android_solid_explorer,
            android_swiftp,
            apache_ftp_server,
            argosoft,
            aws_transfer,
            axis_camera,
            axway_secure_transport,
            azure_app_service,
            bftpd,
            box_com,
            bsd_ftpd,
            buffalo_nas,
            bulletproof,
            bunny_storage,
            busybox,
            camera_total,
            cerberus,
            cesar_ftp,
            changes_refused_when_done,
            changes_to_anything,
            cisco_ios,
            clock_at_new_year,
            clock_in_year_19100,
            clock_of_esp8266,
            connect_enterprise,
            core_ftp,
            crush_ftp,
            data_closed_after_error,
            data_logger_gl240,
            date_is_a_dash,
            directories_not_entered,
            directories_with_final_slash,
            directory_exists_521,
            directory_reply_above_root,
            directory_reply_empty,
            directory_reply_refused,
            directory_reply_with_250,
            directory_reply_with_backslashes,
            djb_publicfile,
            drftpd,
            duet_reprap,
            eft_globalscape,
            empty_directories_refused,
            empty_directory_said_missing,
            empty_directory_without_data,
            ends_after_listing,
            ends_after_listing_with_421,
            epsv_other_delimiters,
            epsv_port_unreachable,
            esp32_one_transfer,
            esp32_simple,
            esp8266_eplf,
            facts_in_odd_case,
            facts_missing,
            facts_of_permissions_only,
            facts_with_two_blanks,
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
            greeting_after_notices,
            guild_ftpd,
            haas_cnc,
            hangs_up_after_refusal,
            hangs_up_at_unknown,
            hikvision_camera,
            home_ftp,
            hosted_ftp,
            hp_printer,
            huawei_switch,
            iis,
            iis_unix_style,
            inetutils,
            io_ftpd,
            j_ftp_proxy,
            jscape,
            keyence_plc,
            kinds_alone,
            lines_end_with_return,
            lines_with_two_returns,
            list_option_ends_session,
            list_option_lists_root,
            list_shows_names,
            listed_by_name_only,
            listing_in_sections,
            listing_lines_end_with_return,
            listing_of_tree,
            listing_with_columns,
            listings_reset,
            lite_speed,
            local_time_server,
            login_232,
            login_with_notice,
            lwip,
            mdtm_with_fraction,
            micropython_lite,
            mikrotik,
            mlsd_shows_nothing,
            mlst_of_files_only,
            month_only,
            moveit,
            moxa,
            names_classified,
            names_in_colors,
            names_in_quotes,
            names_marked,
            names_only,
            names_padded,
            names_with_dot_slash,
            names_with_paths,
            names_with_slash,
            nc_ftpd,
            netpresenz,
            netware,
            no_clock,
            no_preliminary_reply,
            node_ftp_srv,
            nucleus,
            oftpd,
            omron_nj,
            other_code_at_end,
            overwriting_denied,
            passive_as_extended,
            passive_ends_session,
            passive_is_425,
            passive_is_550,
            passive_port_opens_at_transfer,
            passive_port_opens_late,
            passive_with_200,
            passive_with_host_name,
            passive_with_spaces,
            passive_with_text,
            passive_without_address,
            paths_with_final_slash,
            plumi_zope,
            port_for_next_command,
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
            removals_from_root_only,
            replies_again,
            replies_end_with_nul,
            replies_twice,
            replies_with_telnet,
            replies_without_blank,
            retroarch_switch,
            ricoh_printer,
            rumpus,
            sasser_ftpd,
            serv_u_broken_mlsd,
            serv_u_mlsd_as_list,
            session_ends_in_transfer,
            siemens_s7,
            size_in_words,
            sizes_in_blocks,
            sizes_listed_as_zero,
            solaris,
            stratus_vos,
            switch_sys_ftpd,
            synology,
            threadx,
            three_com_daemon,
            times_set_in_local_time,
            titan,
            tnftpd,
            tp_link_usb,
            transfer_broken_off,
            transfer_ends_with_225,
            transfers_from_root_only,
            twisted,
            type_image_refused,
            type_unknown,
            typsoft,
            uftpd,
            unknown_is_400,
            unknown_is_451,
            unknown_is_530,
            unknown_is_553,
            vita_shell,
            vxworks,
            wago_plc,
            war_ftpd,
            wii_ftpii,
            windows_ce,
            wing,
            ws_ftp,
            wu_ftpd,
            wzdftpd,
            xbox_360,
            xlight,
            year_only,
            z_ftp_server,
            z_os_unix,
        }
    };
}

/// Returns the profile with this name.
#[must_use]
pub fn find(name: &str) -> Option<Profile> {
    PROFILES.iter().copied().flatten().copied().find(|profile| profile.name == name)
}

/// A server with `MLSD` and exact times.
fn modern() -> ServerBehaviour {
    ServerBehaviour { now: lines::now(), ..ServerBehaviour::default() }
}

/// A server with `LIST` alone, whose lines are those of `ls -l`.
fn classic() -> ServerBehaviour {
    ServerBehaviour {
        now: lines::now(),
        extended_passive: |_| REFUSAL.to_owned(),
        ..ServerBehaviour::list_only()
    }
    .listing(lines::ls)
}

/// The reply to a command that old servers do not know.
const REFUSAL: &str = "500 command not understood.";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::PROFILES;

    macro_rules! texts {
        ($($name:ident,)*) => {
            [$(stringify!($name)),*]
        };
    }

    #[test]
    fn macro_names_every_profile() {
        let listed: BTreeSet<_> = PROFILES.iter().copied().flatten().map(|profile| profile.name).collect();
        assert_eq!(listed, BTreeSet::from(crate::for_each_profile!(texts)));
    }
}
