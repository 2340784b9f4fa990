//! Servers of Unix systems, and of systems that resemble them.

use super::{Profile, classic, lines, modern};
use crate::memory::ServerBehaviour;

pub(super) const PROFILES: &[Profile] = &[
    Profile { name: "aix", behaviour: aix },
    Profile { name: "bftpd", behaviour: bftpd },
    Profile { name: "bsd_ftpd", behaviour: bsd_ftpd },
    Profile { name: "djb_publicfile", behaviour: djb_publicfile },
    Profile { name: "local_time_server", behaviour: local_time_server },
    Profile { name: "nc_ftpd", behaviour: nc_ftpd },
    Profile { name: "netpresenz", behaviour: netpresenz },
    Profile { name: "qnx", behaviour: qnx },
    Profile { name: "rumpus", behaviour: rumpus },
    Profile { name: "sasser_ftpd", behaviour: sasser_ftpd },
    Profile { name: "tnftpd", behaviour: tnftpd },
    Profile { name: "uftpd", behaviour: uftpd },
    Profile { name: "wu_ftpd", behaviour: wu_ftpd },
];

/// The year is padded to the width of a clock.
fn aix() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "aix1 FTP server (Version 4.2 Mon Nov 28 14:12:02 CST 2011) ready.",
        unknown: "500 '@': command not understood.",
        missing: "550 @: A file or directory in the path name does not exist.",
        list_frame: ("total 8\r\n", ""),
        ..classic()
    }
}

/// `200` in place of `250` and `257`.
fn bftpd() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "bftpd 4.4 at 127.0.0.1 ready.",
        shows_directory: |directory| format!("\"/{directory}\" is the current working directory."),
        unknown: "503 Unknown command: @",
        missing: "550 Error: No such file or directory.",
        confirmations: &[
            ("CWD", "250 OK"),
            ("CDUP", "250 OK"),
            ("DELE", "200 File deleted."),
            ("RMD", "200 Directory removed."),
            ("MKD", "257 \"@\" Directory created."),
            ("RNTO", "200 OK"),
            ("TYPE", "200 Transfer type changed to 'I'"),
        ],
        opens: "150 BINARY data connection established.",
        closes: "226 File transmission successful.",
        ..classic()
    }
}

fn bsd_ftpd() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "router FTP server (Version 6.00LS) ready.",
        system: "UNIX Type: L8 Version: BSD-199506",
        unknown: "500 '@': command not understood.",
        missing: "550 @: No such file or directory.",
        opens: "150 Opening ASCII mode data connection for '/bin/ls'.",
        list_frame: ("total 4\r\n", ""),
        ..classic()
    }
}

/// EPLF, and neither `SYST` nor `SIZE`.
fn djb_publicfile() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Features: a p .",
        replies: &[("SYST", "502 Sorry, not implemented."), ("SIZE", "502 Sorry, not implemented.")],
        unknown: "502 Sorry, not implemented.",
        missing: "550 Sorry, I can't open that file: file does not exist",
        ..classic()
    }
    .listing(lines::eplf)
}

/// `LIST` in the server's zone, `MDTM` in UTC.
fn local_time_server() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 FTP server ready",
        refused: vec!["MLSD", "MLST", "MFMT"],
        features: Some(&["MDTM", "SIZE", "REST STREAM"]),
        ..modern()
    }
    .listing(|name, item| lines::ls_in_zone(name, item, 2))
}

/// No `;` after the last fact.
fn nc_ftpd() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 ftp NcFTPd Server (licensed copy) ready.",
        features: Some(&[
            "MLST type*;size*;modify*;UNIX.mode*",
            "SIZE",
            "MDTM",
            "MFMT",
            "REST STREAM",
            "CLNT",
            "UTF8",
        ]),
        shows_directory: |directory| format!("\"/{directory}\" is cwd."),
        closes: "226 Listing completed.",
        missing: "550 No such file or directory.",
        ..modern()
    }
    .facts(|name, item| {
        let kind = if item.is_directory() { "dir" } else { "file" };
        format!("type={kind};size={};modify={};UNIX.mode=0644 {name}", item.size(), item.time().time_val())
    })
}

fn netpresenz() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "Peter's Macintosh FTP Server (NetPresenz v4.1) awaits your command.",
        system: "MACOS Peter's Server",
        ..classic()
    }
    .listing(lines::netpresenz)
}

fn qnx() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "localhost FTP server (QNXNTO-ftpd 20081216) ready.",
        system: "UNIX Type: L8 Version: QNXNTO-ftpd 20081216",
        unknown: "500 '@': command not understood.",
        list_frame: ("total 2\r\n", ""),
        ..classic()
    }
    .listing(|name, item| {
        let mode = if item.is_directory() { "drwxrwxr-x  2" } else { "-rw-rw-r--  1" };
        format!("{mode} root      root      {:>10} {} {name}", item.size(), lines::ls_date(item, 0))
    })
}

/// The names of files in capitals are the same as in small letters.
fn rumpus() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Welcome To Rumpus!",
        system: "MACOS Rumpus",
        features: Some(&["MDTM", "SIZE", "REST STREAM", "UTF8"]),
        refused: vec!["MLSD", "MLST", "MFMT"],
        unknown: "502 Command not implemented",
        ..modern()
    }
    .names(str::to_owned, str::to_lowercase)
    .listing(lines::ls)
}

/// `226` for `TYPE`.
fn sasser_ftpd() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "OK",
        replies: &[("USER", "331 OK"), ("PASS", "230 OK"), ("SYST", "226 OK")],
        confirmations: &[
            ("TYPE", "226 OK"),
            ("CWD", "226 OK"),
            ("MKD", "226 OK"),
            ("DELE", "226 OK"),
            ("RMD", "226 OK"),
        ],
        unknown: "500 ?",
        ..classic()
    }
}

fn tnftpd() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "netbsd FTP server (NetBSD-ftpd 20110904) ready.",
        features: Some(&["MDTM", "MLST Type*;Size*;Modify*;Perm*;Unique*;", "REST STREAM", "SIZE", "TVFS"]),
        refused: vec!["MFMT"],
        unknown: "500 '@': command not understood.",
        closes: "226-\n     Data traffic for this session was 0 bytes in 0 files.\n226 Transfer complete.",
        ..modern()
    }
    .facts(|name, item| {
        let (time, kind) = (item.time().time_val(), if item.is_directory() { "dir" } else { "file" });
        match item.is_directory() {
            true => format!("Type={kind};Modify={time};Perm=elfmcp; {name}"),
            false => format!("Type={kind};Size={};Modify={time};Perm=adfrw; {name}", item.size()),
        }
    })
}

/// No `RNFR`.
fn uftpd() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "uftpd (2.15) ready.",
        features: Some(&["EPSV", "PASV", "SIZE", "UTF8", "REST STREAM", "MLST modify*;perm*;size*;type*;"]),
        refused: vec!["RNFR", "RNTO", "MFMT", "APPE"],
        unknown: "500 @ not understood.",
        opens: "125 Data connection already open; transfer starting.",
        closes: "226 Transfer complete.",
        missing: "550 No such file or directory.",
        ..modern()
    }
    .facts(|name, item| {
        let (time, kind) = (item.time().time_val(), if item.is_directory() { "dir" } else { "file" });
        format!("modify={time};perm=rle;size={};type={kind}; {name}", item.size())
    })
}

/// `LIST` of a missing directory is a success with a message in it.
fn wu_ftpd() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "host FTP server (Version wu-2.6.2(1) Mon Jan 2 10:00:00 EST 2006) ready.",
        shows_directory: |directory| format!("\"/{directory}\" is current directory."),
        unknown: "500 '@': command not understood.",
        missing: "550 @: No such file or directory.",
        list_frame: ("total 8\r\n", ""),
        lists_missing_as_empty: true,
        ..classic()
    }
}
