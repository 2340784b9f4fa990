//! Servers of Windows.

use super::{Profile, classic, lines, modern};
use crate::memory::{Item, ListedPath, ServerBehaviour};

pub(super) const PROFILES: &[Profile] = &[
    Profile { name: "argosoft", behaviour: argosoft },
    Profile { name: "bulletproof", behaviour: bulletproof },
    Profile { name: "cerberus", behaviour: cerberus },
    Profile { name: "eft_globalscape", behaviour: eft_globalscape },
    Profile { name: "filezilla_0_9", behaviour: filezilla_0_9 },
    Profile { name: "filezilla_1", behaviour: filezilla_1 },
    Profile { name: "gene6", behaviour: gene6 },
    Profile { name: "iis", behaviour: iis },
    Profile { name: "iis_unix_style", behaviour: iis_unix_style },
    Profile { name: "raiden", behaviour: raiden },
    Profile { name: "serv_u_broken_mlsd", behaviour: serv_u_broken_mlsd },
    Profile { name: "serv_u_mlsd_as_list", behaviour: serv_u_mlsd_as_list },
    Profile { name: "three_com_daemon", behaviour: three_com_daemon },
    Profile { name: "titan", behaviour: titan },
    Profile { name: "typsoft", behaviour: typsoft },
    Profile { name: "war_ftpd", behaviour: war_ftpd },
    Profile { name: "wing", behaviour: wing },
    Profile { name: "ws_ftp", behaviour: ws_ftp },
    Profile { name: "xlight", behaviour: xlight },
];

/// A line of `LIST` as servers of Windows write it in the style of Unix.
fn unix_style(name: &str, item: &Item) -> String {
    let mode = if item.is_directory() { "drwxrwxrwx" } else { "-rwxrwxrwx" };
    format!("{mode}   1 owner    group    {:>15} {} {name}", item.size(), lines::ls_date(item, 0))
}

fn argosoft() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "ArGoSoft FTP Server for Windows NT/2000/XP, Version 1.4 (1.4.3.5)",
        system: "UNIX emulated by ArGoSoft",
        missing: "550 Cannot find the file",
        rename_replaces: false,
        ..classic()
    }
}

/// `MLSD` succeeds and shows nothing.
fn bulletproof() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "BulletProof FTP Server",
        features: Some(&["HOST", "SIZE", "REST STREAM", "MDTM", "MLST type*;size*;modify*;", "MLSD"]),
        listed_paths: &[("MLSD", ListedPath::Empty)],
        unknown: "500 '@': command not understood.",
        missing: "550 @: The system cannot find the file specified.",
        refused: vec!["MFMT"],
        ..modern()
    }
    .listing(lines::ls)
}

fn cerberus() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220-Welcome to Cerberus FTP Server\n220 Created by Cerberus, LLC",
        features: Some(&[
            "AUTH TLS",
            "MDTM",
            "MFMT",
            "MLST type*;size*;modify*;perm*;",
            "REST STREAM",
            "SIZE",
            "UTF8",
            "XCRC",
        ]),
        shows_directory: |directory| format!("\"/{directory}\" is the current directory"),
        opens: "150 Opening data connection",
        closes: "226 Transfer complete",
        missing: "550 @: path does not exist",
        rename_replaces: false,
        ..modern()
    }
}

fn eft_globalscape() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 GlobalSCAPE EFT Server (v. 7.4.13.15) * UNREGISTERED COPY *",
        system: "UNIX Type: L8",
        features: Some(&["COMB", "MDTM", "SIZE", "REST STREAM", "XCRC", "MODE Z", "UTF8"]),
        refused: vec!["MLSD", "MLST", "MFMT"],
        opens: "150 Opening ASCII mode data connection for file list.",
        closes: "226 Transfer complete. 123 bytes transferred. 123 bps.",
        missing: "550 @: cannot find the file specified.",
        rename_replaces: false,
        ..modern()
    }
    .listing(|name, item| {
        let mode = if item.is_directory() { "drw-rw-rw-" } else { "-rw-rw-rw-" };
        format!("{mode}   1 user     group    {:>10} {} {name}", item.size(), lines::ls_date(item, 0))
    })
}

/// `202` for `OPTS UTF8`.
fn filezilla_0_9() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220-FileZilla Server 0.9.60 beta\n220-written by Tim Kosse (tim.kosse@filezilla-project.org)\n220 Please visit https://filezilla-project.org/",
        system: "UNIX emulated by FileZilla",
        features: Some(&[
            "MDTM",
            "REST STREAM",
            "SIZE",
            "MLST type*;size*;modify*;",
            "MLSD",
            "UTF8",
            "CLNT",
            "MFMT",
            "EPSV",
            "EPRT",
        ]),
        replies: &[("OPTS", "202 UTF8 mode is always enabled. No need to send this command.")],
        shows_directory: |directory| format!("\"/{directory}\" is current directory."),
        opens: "150 Opening data channel for directory listing of \"/\"",
        closes: "226 Successfully transferred \"/\"",
        missing: "550 File not found",
        rename_replaces: false,
        ..modern()
    }
}

/// Takes `-a` for a path, and milliseconds in times.
fn filezilla_1() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220-FileZilla Server 1.12.0\n220 Please visit https://filezilla-project.org/",
        system: "UNIX emulated by FileZilla.",
        features: Some(&[
            "MDTM",
            "REST STREAM",
            "SIZE",
            "MLST type*;size*;modify*;perm*;",
            "MLSD",
            "UTF8",
            "CLNT",
            "MFMT",
            "EPSV",
            "EPRT",
        ]),
        replies: &[("OPTS", "202 UTF8 mode is always enabled. No need to send this command")],
        shows_directory: |directory| format!("\"/{directory}\" is current directory."),
        opens: "150 Starting data transfer.",
        closes: "226 Operation successful",
        missing: "550 Couldn't open the file or directory",
        knows_list_options: false,
        ..modern()
    }
    .facts(|name, item| {
        let time = item.time().time_val();
        match item.is_directory() {
            true => format!("type=dir;modify={time}.888;perms=cplemfd; {name}"),
            false => format!("type=file;size={};modify={time}.935;perms=awrfd; {name}", item.size()),
        }
    })
}

fn gene6() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Gene6 FTP Server v3.10.0 (Build 2) ready...",
        features: Some(&[
            "AUTH TLS",
            "CLNT",
            "MDTM",
            "MDTM YYYYMMDDHHMMSS[+-TZ] filename",
            "MLST Type*;Size*;Modify*;",
            "REST STREAM",
            "SIZE",
            "XCRC",
            "MODE Z",
            "UTF8",
        ]),
        refused: vec!["MFMT"],
        shows_directory: |directory| format!("\"/{directory}\" is current directory."),
        missing: "550 @: No such file or directory",
        unknown: "500 '@': command not understood.",
        rename_replaces: false,
        ..modern()
    }
}

fn iis() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Microsoft FTP Service",
        system: "Windows_NT",
        features: Some(&[
            "LANG EN*",
            "UTF8",
            "AUTH TLS;TLS-C;SSL;TLS-P;",
            "PBSZ",
            "PROT C;P;",
            "CCC",
            "HOST",
            "SIZE",
            "MDTM",
            "REST STREAM",
        ]),
        refused: vec!["MLSD", "MLST", "MFMT"],
        replies: &[("AUTH TLS", "534 Local policy on server does not allow TLS secure connections.")],
        unknown: "500 Command not understood.",
        shows_directory: |directory| format!("\"/{directory}\" is current directory."),
        opens: "125 Data connection already open; Transfer starting.",
        closes: "226 Transfer complete.",
        confirmations: &[
            ("CWD", "250 CWD command successful."),
            ("RNFR", "350 Requested file action pending further information."),
        ],
        missing: "550 The system cannot find the file specified. ",
        rename_replaces: false,
        ..modern()
    }
    .names(str::to_owned, str::to_lowercase)
    .listing(lines::dos_with_century)
}

fn iis_unix_style() -> ServerBehaviour {
    ServerBehaviour { ..iis() }.listing(unix_style)
}

fn raiden() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220-This FTP site is running Raiden\n220 RaidenFTPD32 v2.4 ready",
        system: "UNIX Type: L8",
        closes: "226-Transfer complete\n226 ok",
        ..classic()
    }
}

/// Announces `MLSD`, and refuses it for every directory.
fn serv_u_broken_mlsd() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Serv-U FTP Server v15.1 ready...",
        features: Some(&[
            "AUTH TLS",
            "CLNT",
            "MDTM",
            "MFMT",
            "MLST Type*;Size*;Modify*;Perm*;",
            "REST STREAM",
            "SIZE",
            "UTF8",
            "RMDA directoryname",
        ]),
        replies: &[
            ("MLSD", "550 : No such file or directory."),
            ("MLST", "550 : No such file or directory."),
        ],
        opens: "150 Opening ASCII mode data connection for /bin/ls.",
        closes: "226 Transfer complete. 123 bytes transferred. 0.12 KB/sec.",
        missing: "550 @: No such file or directory.",
        rename_replaces: false,
        ..modern()
    }
    .listing(lines::ls)
}

/// Its `MLSD` shows the lines of `LIST`.
fn serv_u_mlsd_as_list() -> ServerBehaviour {
    ServerBehaviour {
        replies: &[("MLST", "500 'MLST': command not understood.")],
        greeting: "220 Serv-U FTP Server v6.4 for WinSock ready...",
        ..serv_u_broken_mlsd()
    }
    .facts(lines::ls)
}

fn three_com_daemon() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 3Com 3CDaemon FTP Server Version 2.0",
        unknown: "500 Command @ not understood",
        missing: "550 File or directory not found",
        rename_replaces: false,
        ..classic()
    }
    .listing(unix_style)
}

fn titan() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Titan FTP Server 10.47.1892 Ready.",
        features: Some(&["MDTM", "MFMT", "SIZE", "REST STREAM", "MLST Type*;Size*;Modify*;", "UTF8", "XCRC"]),
        missing: "550 @: File not found.",
        rename_replaces: false,
        ..modern()
    }
}

/// `CWD` repeats its argument between slashes.
fn typsoft() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "TYPSoft FTP Server 1.10 ready...",
        shows_directory: |directory| format!("\"/{directory}/\" is current directory."),
        missing: "550 '/@': no such file or directory.",
        unknown: "500 Command not understood",
        confirmations: &[("CWD", "250 CWD command successful. \"/@/\" is current directory.")],
        rename_replaces: false,
        ..classic()
    }
}

fn war_ftpd() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220-Jgaa's Fan Club FTP Service WAR-FTPD 1.65 Ready\n220 Please enter your user name.",
        system: "UNIX Type: L8",
        features: Some(&["MDTM", "SIZE", "REST STREAM"]),
        refused: vec!["MLSD", "MLST", "MFMT", "EPSV"],
        unknown: "500 '@': command not understood",
        closes: "226 Transfer finished successfully. Data connection closed.",
        rename_replaces: false,
        ..modern()
    }
    .listing(lines::ls)
}

fn wing() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Wing FTP Server ready... (UNREGISTERED WING FTP SERVER)",
        features: Some(&[
            "AUTH TLS",
            "MDTM",
            "MFMT",
            "MLST Type*;Size*;Modify*;",
            "SIZE",
            "REST STREAM",
            "UTF8",
            "XCRC",
        ]),
        opens: "150 Opening ASCII mode data connection for MLSD.",
        closes: "226 Transfer ok.",
        missing: "550 File does not exist.",
        rename_replaces: false,
        ..modern()
    }
}

/// Blank lines in its listings.
fn ws_ftp() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220-ftp_external X2 WS_FTP Server 8.8.5(11036245)\n220---Private Server---\n220 ftp_external X2 WS_FTP Server 8.8.5(11036245)",
        system: "UNIX",
        features: Some(&["SIZE", "REST", "MDTM", "UTF8", "AUTH TLS"]),
        refused: vec!["MLSD", "MLST", "MFMT"],
        unknown: "500 command unrecognized",
        opens: "150 Opening ASCII data connection for directory listing",
        closes: "226 transfer complete",
        missing: "550 invalid path",
        list_frame: ("\r\n", "\r\n"),
        ..modern()
    }
    .listing(lines::ls)
}

fn xlight() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Xlight FTP Server 3.9 ready...",
        features: Some(&[
            "MDTM",
            "MFMT",
            "REST STREAM",
            "SIZE",
            "MLST type*;size*;modify*;",
            "XCRC",
            "UTF8",
            "CLNT",
        ]),
        shows_directory: |directory| format!("\"/{directory}\" is current directory"),
        missing: "550 @: No such file or directory.",
        ..modern()
    }
}
