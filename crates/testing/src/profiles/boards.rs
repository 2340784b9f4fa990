//! Microcontrollers, game consoles, phones, and servers that are part of other programs.

use super::{Profile, classic, lines, modern};
use crate::memory::{ListedPath, ServerBehaviour};

pub(super) const PROFILES: &[Profile] = &[
    Profile { name: "esp8266_eplf", behaviour: esp8266_eplf },
    Profile { name: "esp32_simple", behaviour: esp32_simple },
    Profile { name: "esp32_one_transfer", behaviour: esp32_one_transfer },
    Profile { name: "micropython_lite", behaviour: micropython_lite },
    Profile { name: "duet_reprap", behaviour: duet_reprap },
    Profile { name: "vita_shell", behaviour: vita_shell },
    Profile { name: "ps3_webman", behaviour: ps3_webman },
    Profile { name: "ps4_ftps4", behaviour: ps4_ftps4 },
    Profile { name: "ps5_ftpsrv", behaviour: ps5_ftpsrv },
    Profile { name: "ftpd_3ds", behaviour: ftpd_3ds },
    Profile { name: "wii_ftpii", behaviour: wii_ftpii },
    Profile { name: "retroarch_switch", behaviour: retroarch_switch },
    Profile { name: "android_swiftp", behaviour: android_swiftp },
    Profile { name: "android_solid_explorer", behaviour: android_solid_explorer },
    Profile { name: "twisted", behaviour: twisted },
    Profile { name: "node_ftp_srv", behaviour: node_ftp_srv },
    Profile { name: "go_graval", behaviour: go_graval },
];

/// A board whose file list is in EPLF, with one session and no `EPSV`.
fn esp8266_eplf() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220--- Welcome to FTP for ESP8266 ---\n220---   By David Paiva   ---\n220 --   Version FTP-2016-01-14   --",
        replies: &[("SYST", "500 Unknow command"), ("FEAT", "500 Unknow command"), ("OPTS", "500 Unknow command")],
        unknown: "500 Unknow command",
        confirmations: &[("CWD", "250 Ok. Current directory is @"), ("TYPE", "200 TYPE is now 8-bit binary")],
        shows_directory: |directory| format!("\"/{directory}\" is your current directory"),
        opens: "150 Accepted data connection",
        closes: "226 4 matches total",
        sessions: Some((1, "")),
        knows_list_options: false,
        ..classic()
    }
    .listing(lines::eplf)
}

/// `MLSD` that shows facts without times; `LIST` takes no path and no options.
fn esp32_simple() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220--- Welcome to FTP Server for ESP32 ---\n220---        By Renzo Mischianti       ---\n220 --           Version 2.1.0           --",
        system: "ESP",
        features: Some(&["MLSD"]),
        refused: vec!["MLST", "MFMT", "EPSV", "APPE", "REST"],
        unknown: "500 Unknown command",
        opens: "150 Accepted data connection",
        closes: "226-options: -a -l\n226 2 matches total",
        sessions: Some((1, "421 Too many connections, try again later")),
        listed_paths: &[("LIST", ListedPath::Ignored), ("MLSD", ListedPath::Ignored)],
        knows_list_options: false,
        ..modern()
    }
    .facts(lines::facts_without_time)
    .listing(lines::ls)
}

/// A board that ends its session after each transfer.
fn esp32_one_transfer() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 ESP32 FTP",
        transfers_per_session: 3,
        sessions: Some((1, "")),
        replies: &[("SYST", "215 UNIX esp-idf"), ("NOOP", "!")],
        ..classic()
    }
}

/// `uftpd.py`: few commands, and one session.
fn micropython_lite() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "Hello, this is the ESP8266/ESP32.",
        system: "UNIX Type: L8",
        replies: &[("OPTS", "502 Unsupported feature"), ("NOOP", "200 OK")],
        unknown: "502 Unsupported command.",
        confirmations: &[
            ("CWD", "250 OK"),
            ("DELE", "250 OK"),
            ("MKD", "250 OK"),
            ("RMD", "250 OK"),
            ("TYPE", "200 OK"),
        ],
        missing: "550 Failed",
        opens: "150 Directory listing:",
        closes: "226 Done.",
        sessions: Some((1, "421 Too many connections")),
        ..classic()
    }
}

/// Takes `-a` for the name of a directory, and lists a missing directory as empty.
fn duet_reprap() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "RepRapFirmware FTP server",
        system: "UNIX Type: L8",
        missing: "550 Failed to change directory.",
        opens: "150 Here comes the directory listing.",
        closes: "226 Directory send OK.",
        replies: &[("EPSV", "502 Command not implemented.")],
        unknown: "502 Command not implemented.",
        confirmations: &[("MKD", "257 \"@\" created"), ("CWD", "250 Directory successfully changed.")],
        sessions: Some((1, "421 No more connections")),
        listed_paths: &[("LIST", ListedPath::Empty)],
        knows_list_options: false,
        lists_missing_as_empty: true,
        ..classic()
    }
}

/// Device names in paths, LF in replies, and wrong codes; `LIST` with a path lists the root.
fn vita_shell() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "FTPVita Server ready.",
        home: "ux0:",
        line_end: "\n",
        shows_directory: |directory| format!("\"/{directory}/\" is the current directory."),
        unknown: "502 Sorry, command not implemented. :(",
        replies: &[
            ("EPSV", "502 Sorry, command not implemented. :("),
            ("FEAT", "502 Sorry, command not implemented. :("),
        ],
        confirmations: &[
            ("RNFR", "250 I need the destination name b0ss."),
            ("RNTO", "226 Rename completed."),
            ("CWD", "250 Requested file action okay, completed."),
            ("DELE", "226 File deleted."),
            ("RMD", "226 Directory deleted."),
            ("MKD", "226 Directory created."),
            ("SIZE", "213: #"),
        ],
        missing: "550 Invalid directory.",
        opens: "150 Opening ASCII mode data transfer for LIST.",
        closes: "226 Transfer complete.",
        listed_paths: &[("LIST", ListedPath::Ignored)],
        ..classic()
    }
}

/// `MLSD` with `siz` facts of directories, and the end of a transfer before its data connection is closed.
fn ps3_webman() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "[VSH] FTP ready",
        home: "dev_hdd0",
        system: "UNIX Type: L8",
        features: Some(&["SIZE", "MDTM", "PORT", "CDUP", "ABOR", "PASV", "LIST", "MLSD"]),
        refused: vec!["EPSV", "MLST", "MFMT", "OPTS"],
        unknown: "502 Not implemented",
        opens: "150 OK",
        closes: "226 OK",
        closes_early: true,
        confirmations: &[
            ("CWD", "250 OK"),
            ("RNFR", "350 OK"),
            ("RNTO", "250 OK"),
            ("MKD", "257 OK"),
            ("RMD", "250 OK"),
        ],
        missing: "550 Error",
        ..modern()
    }
    .facts(|name, item| {
        let time = item.time().time_val();
        match item.is_directory() {
            true => {
                format!("type=dir;siz=0;modify={time};UNIX.mode=0777;UNIX.uid=root;UNIX.gid=root; {name}")
            }
            false => format!("type=file;size={};modify={time};UNIX.mode=0666; {name}", item.size()),
        }
    })
}

fn ps4_ftps4() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "FTPS4 Server ready.",
        line_end: "\n",
        unknown: "502 Sorry, command not implemented. :(",
        replies: &[
            ("EPSV", "502 Sorry, command not implemented. :("),
            ("NOOP", "502 Sorry, command not implemented. :("),
        ],
        confirmations: &[
            ("CWD", "250 Requested file action okay, completed."),
            ("DELE", "226 File deleted."),
        ],
        missing: "550 File not found.",
        ..classic()
    }
    .listing(|name, item| {
        let mode = if item.is_directory() { "drwxrwxrwx" } else { "-rwxrwxrwx" };
        format!("{mode} 1 ps4 ps4 {} {} {name}", item.size(), lines::ls_date(item, 0))
    })
}

/// `MLSD` is refused as if the directory were missing.
fn ps5_ftpsrv() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "Service is ready",
        replies: &[("MLSD", "550 Bad file descriptor"), ("EPSV", "502 Command not recognized")],
        unknown: "502 Command not recognized",
        missing: "550 No such file or directory",
        ..classic()
    }
}

/// An empty line inside the reply to `FEAT`.
fn ftpd_3ds() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "Hello!",
        replies: &[
            ("USER", "230 OK"),
            ("PASS", "230 OK"),
            (
                "FEAT",
                "211-\n MDTM\n MLST Type*;Size*;Modify*;Perm*;UNIX.mode*;\n PASV\n SIZE\n TVFS\n UTF8\n\n211 End",
            ),
        ],
        refused: vec!["EPSV", "MFMT"],
        unknown: "502 Invalid command \"@\"",
        closes: "226 OK",
        opens: "150 Ready",
        ..modern()
    }
}

fn wii_ftpii() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "ftpii",
        system: "UNIX Type: L8 Version: ftpii",
        shows_directory: |directory| format!("\"/{directory}\" is current directory."),
        unknown: "502 Command not implemented.",
        replies: &[("EPSV", "502 Command not implemented."), ("FEAT", "502 Command not implemented.")],
        opens: "150 Transferring data.",
        closes: "226 Closing data connection, transfer successful.",
        missing: "550 No such file or directory",
        ..classic()
    }
    .listing(|name, item| {
        let mode = if item.is_directory() { "drwxr-xr-x" } else { "-rw-r--r--" };
        format!("{mode}    1 0        0        {:>10} Jan 01  1970 {name}", item.size())
    })
}

/// No reply opens a listing.
fn retroarch_switch() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "Welcome",
        opens_listing: Some(""),
        closes: "226 OK",
        unknown: "500 Syntax error, command unrecognized",
        ..classic()
    }
}

fn android_swiftp() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "SwiFTP 3.1 ready",
        features: Some(&["UTF8", "MDTM", "MFMT", "REST STREAM", "SIZE"]),
        refused: vec!["MLSD", "MLST", "EPSV"],
        unknown: "502 Command not recognized",
        opens: "150 Opening BINARY mode data connection for file list",
        closes: "226 Data transmission OK",
        knows_list_options: true,
        ..modern()
    }
    .listing(|name, item| {
        let mode = if item.is_directory() { "drwxr-xr-x" } else { "-rw-r--r--" };
        format!("{mode}  1 owner group {:>13} {} {name}", item.size(), lines::ls_date(item, 0))
    })
}

/// Apache FtpServer on a phone: facts with milliseconds, and no replacement by `RNTO`.
fn android_solid_explorer() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "Service ready for new user.",
        system: "UNIX Type: Apache FtpServer",
        features: Some(&[
            "SIZE",
            "MDTM",
            "REST STREAM",
            "MLST Size;Modify;Type;Perm",
            "MODE Z",
            "UTF8",
            "TVFS",
            "MFMT",
        ]),
        missing: "550 No such directory.",
        confirmations: &[("MKD", "257 \"@\" created."), ("RMD", "250 \"@\" removed.")],
        rename_replaces: false,
        ..modern()
    }
    .facts(|name, item| {
        let (time, size) = (item.time().time_val(), item.size());
        match item.is_directory() {
            true => format!("Size={size};Modify={time}.123;Type=dir; {name}"),
            false => format!("Size={size};Modify={time}.123;Type=file; {name}"),
        }
    })
}

fn twisted() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "Twisted 20.3.0 FTP Server",
        features: Some(&["PASV", "SIZE"]),
        refused: vec!["MLSD", "MLST", "EPSV", "MFMT", "SITE", "OPTS"],
        unknown: "502 Command '@' not implemented",
        opens: "125 Data connection already open, starting transfer",
        closes: "226 Transfer Complete.",
        confirmations: &[
            ("CWD", "250 Requested File Action Completed OK"),
            ("RNFR", "350 Requested file action pending further information."),
            ("MKD", "257 Folder created"),
        ],
        missing: "550 @: No such file or directory.",
        ..modern()
    }
    .listing(lines::ls)
}

fn node_ftp_srv() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Welcome",
        features: Some(&["AUTH TLS", "MDTM", "MFMT", "REST STREAM", "SIZE", "UTF8"]),
        refused: vec!["MLSD", "MLST"],
        unknown: "402 Command not allowed",
        opens: "150 Accepted data connection, returning 3 file(s)",
        missing: "550 ENOENT: no such file or directory, stat '@'",
        ..modern()
    }
    .listing(lines::ls)
}

/// `LIST -a` lists nothing, because `-a` is not a directory.
fn go_graval() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "Welcome to the Go FTP Server",
        system: "UNIX Type: L8",
        features: Some(&["EPRT", "EPSV", "SIZE", "MDTM"]),
        refused: vec!["MLSD", "MLST", "MFMT"],
        unknown: "500 Command not found",
        closes: "226 Closing data connection, sent 123 bytes",
        opens: "150 Opening ASCII mode data connection for file list",
        confirmations: &[("CWD", "250 Directory changed to @"), ("MKD", "257 Directory created")],
        missing: "550 Directory change to @ failed",
        knows_list_options: false,
        lists_missing_as_empty: true,
        ..modern()
    }
    .listing(lines::ls)
}
