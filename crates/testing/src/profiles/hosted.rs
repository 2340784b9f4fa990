//! Hosted services, gateways, and servers written in Java.

use super::{Profile, classic, lines, modern};
use crate::memory::{ListedPath, ServerBehaviour};

pub(super) const PROFILES: &[Profile] = &[
    Profile { name: "aws_transfer", behaviour: aws_transfer },
    Profile { name: "azure_app_service", behaviour: azure_app_service },
    Profile { name: "bunny_storage", behaviour: bunny_storage },
    Profile { name: "box_com", behaviour: box_com },
    Profile { name: "connect_enterprise", behaviour: connect_enterprise },
    Profile { name: "crush_ftp", behaviour: crush_ftp },
    Profile { name: "drftpd", behaviour: drftpd },
    Profile { name: "glftpd", behaviour: glftpd },
    Profile { name: "hosted_ftp", behaviour: hosted_ftp },
    Profile { name: "lite_speed", behaviour: lite_speed },
    Profile { name: "apache_ftp_server", behaviour: apache_ftp_server },
    Profile { name: "plumi_zope", behaviour: plumi_zope },
    Profile { name: "pure_ftpd_behind_nat", behaviour: pure_ftpd_behind_nat },
];

/// `REST` is refused, times cannot be set, and `PASV` names no address.
fn aws_transfer() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Service ready for new user.",
        features: Some(&[
            "AUTH TLS",
            "PBSZ",
            "PROT",
            "MDTM",
            "SIZE",
            "MLST Size;Modify;Type;Perm",
            "UTF8",
            "EPSV",
        ]),
        refused: vec!["MFMT", "REST", "SITE", "APPE"],
        unknown: "502 Command @ not implemented.",
        passive: |port| format!("227 Entering Passive Mode (0,0,0,0,{},{})", port >> 8, port & 255),
        replies: &[("EPSV", "500 EPSV not allowed")],
        opens: "150 File status okay; about to open data connection.",
        closes: "226 Transfer complete.",
        missing: "550 File not found",
        ..modern()
    }
}

/// Refuses all optional commands, and later all data connections of a session.
fn azure_app_service() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Microsoft FTP Service",
        home: "site/wwwroot",
        replies: &[
            ("FEAT", "500 Command not allowed."),
            ("SYST", "500 Command not allowed."),
            ("EPSV", "500 Command not allowed."),
            ("OPTS", "500 Command not allowed."),
        ],
        unknown: "500 Command not understood.",
        opens: "125 Data connection already open; Transfer starting.",
        closes: "226 Transfer complete.",
        confirmations: &[("CWD", "250 CWD command successful."), ("MKD", "257 \"@\" directory created.")],
        missing: "550 The system cannot find the file specified. ",
        data_connections: 5,
        ..classic()
    }
    .listing(lines::dos)
}

/// `521` for a directory that exists, `250` for one that is created.
fn bunny_storage() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "Welcome to Bunny CDN",
        features: Some(&["SIZE", "MLST type*;size*;modify*;", "UTF8"]),
        refused: vec!["MFMT", "MDTM", "EPSV"],
        unknown: "502 Command @ not implemented",
        confirmations: &[("MKD", "250 Directory created"), ("DELE", "250 ok")],
        closes: "250 Transfer complete",
        missing: "550 Not found",
        ..modern()
    }
}

fn box_com() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Service ready for new user.",
        features: Some(&["MLST type*;size*;modify*;", "SIZE", "MDTM", "UTF8"]),
        refused: vec!["MFMT", "REST", "APPE"],
        confirmations: &[("MKD", "257 Folder created"), ("RNTO", "250 Renamed")],
        unknown: "500 Command not understood",
        rename_replaces: false,
        ..modern()
    }
}

/// Lists in `TYPE A` only.
fn connect_enterprise() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "CONNECT:Enterprise Gateway 2.1.00. FTP Server ready...",
        system: "UNKNOWN Type: L8 through CONNECT:Enterprise Gateway 2.1.00 CF1 B3.",
        lists_in_ascii_only: true,
        unknown: "500 @ command not understood.",
        shows_directory: |directory| format!("\"/{directory}\" is current directory."),
        ..classic()
    }
}

fn crush_ftp() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220-Welcome to CrushFTP!\n220 CrushFTP Server Ready!",
        shows_directory: |directory| format!("\"/{directory}/\" PWD command successful."),
        features: Some(&[
            "AUTH TLS",
            "PBSZ",
            "PROT",
            "UTF8",
            "MDTM",
            "MFMT",
            "SIZE",
            "REST STREAM",
            "EPSV",
            "MLST Type*;Modify*;Size*;",
        ]),
        opens: "150 Opening ASCII mode data connection for file list. ",
        closes: "226-Download File Size:1 bytes @ 0K/sec.\n226 Directory transfer complete. ",
        missing: "550 @ : No such file or directory.",
        rename_replaces: false,
        ..modern()
    }
}

/// Needs `PRET`, and frames its replies.
fn drftpd() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Welcome To DrFTPD 3.4.5",
        system: "UNIX system type.",
        features: Some(&["PRET", "MLST type*;size*;modify*;", "CLNT", "NOOP", "SSCN", "CPSV", "AUTH TLS"]),
        requires_pret: true,
        refused: vec!["EPSV", "MFMT", "MLST", "MDTM"],
        opens: "150 File status okay; about to open data connection.",
        closes: "226- Listing complete\n226 Closing data connection",
        confirmations: &[("CWD", "250-\n250- [ 1MB ]\n250 Directory changed to @")],
        missing: "550 Requested action not taken. File unavailable.",
        unknown: "502 Command not implemented.",
        ..modern()
    }
}

/// Statistics around its replies, and no replacement of files.
fn glftpd() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220- ___\n220- glFTPd\n220 site (glFTPd 2.11a Linux+TLS) ready.",
        replies: &[("PASS", "230-Welcome\n230-Stats: 0\n230 User ann logged in.")],
        features: Some(&["AUTH TLS", "PBSZ", "PROT", "CPSV", "SSCN", "MDTM", "SIZE", "REST STREAM"]),
        refused: vec!["MLSD", "MLST", "MFMT", "EPSV"],
        unknown: "500 '@': Command not understood",
        confirmations: &[
            ("CWD", "250- [Section]\n250 CWD command successful."),
            ("DELE", "250- gone\n250 DELE command successful."),
        ],
        opens: "150 Opening ASCII mode data connection for directory listing using SSL/TLS.",
        closes: "226- [Ul: 0.0MB] [Dl: 0.0MB]\n226  [Free: 1234MB]",
        list_frame: ("total 4\r\n", ""),
        rename_replaces: false,
        upload_replaces: false,
        ..modern()
    }
    .listing(lines::ls)
}

fn hosted_ftp() -> ServerBehaviour {
    ServerBehaviour { greeting: "Hosted FTP", system: "UNIX Type: L8", ..classic() }.listing(|name, item| {
        let mode = if item.is_directory() { "d---------" } else { "----------" };
        format!("{mode}   0 owner    group    {:>10} {} {name}", item.size(), lines::ls_date(item, 0))
    })
}

/// Its listings contain the directory itself.
fn lite_speed() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220-#########\n220-# LiteSpeed\n220 ready",
        list_frame: ("drwxr-xr-x   2 ftp      ftp                 0 Jan  1  2020 .\r\n", ""),
        ..classic()
    }
}

fn apache_ftp_server() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Service ready for new user.",
        system: "UNIX Type: Apache FtpServer",
        features: Some(&[
            "SIZE",
            "MDTM",
            "REST STREAM",
            "LANG en;zh-tw;ja;is",
            "MLST Size;Modify;Type;Perm",
            "MODE Z",
            "UTF8",
            "EPRT",
            "EPSV",
            "TVFS",
            "MFMT",
        ]),
        shows_directory: |directory| format!("\"/{directory}\" is current directory."),
        confirmations: &[
            ("MKD", "257 \"@\" created."),
            ("RMD", "250 \"@\" removed."),
            ("CWD", "250 Directory changed to @"),
        ],
        missing: "550 @: no such file or directory.",
        rename_replaces: false,
        ..modern()
    }
    .facts(|name, item| {
        let (time, size) = (item.time().time_val(), item.size());
        let kind = if item.is_directory() { "dir" } else { "file" };
        format!("Size={size};Modify={time}.000;Type={kind}; {name}")
    })
}

fn plumi_zope() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "plumi FTP server (Medusa Async V1.21) ready.",
        replies: &[
            ("NOOP", "200 I successfully done nothin'."),
            ("STAT", "213-Status of \"/\":\n213 End of status."),
        ],
        opens: "125 Data connection already open. Transfer starting.",
        listed_paths: &[("LIST", ListedPath::Read)],
        ..classic()
    }
}

/// `PASV` names a private address of another network, and `EPSV` is not known.
fn pure_ftpd_behind_nat() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220---------- Welcome to Pure-FTPd [privsep] ----------\n220-You are user number 1 of 50 allowed.\n220 You will be disconnected after 15 minutes of inactivity.",
        refused: vec!["EPSV"],
        unknown: "500 Unknown command",
        passive: |port| format!("227 Entering Passive Mode (192,168,1,2,{},{})", port >> 8, port & 255),
        opens: "150 Accepted data connection",
        closes: "226-Options: -a -l \n226 4 matches total",
        missing: "550 Can't change directory to @: No such file or directory",
        ..modern()
    }
}
