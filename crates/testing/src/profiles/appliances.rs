//! Network devices, controllers, cameras and storage.

use super::{Profile, classic, lines, modern};
use crate::memory::{ListedPath, PathArgument, ServerBehaviour};

pub(super) const PROFILES: &[Profile] = &[
    Profile { name: "busybox", behaviour: busybox },
    Profile { name: "camera_total", behaviour: camera_total },
    Profile { name: "data_logger_gl240", behaviour: data_logger_gl240 },
    Profile { name: "fanuc_robot", behaviour: fanuc_robot },
    Profile { name: "fritz_box", behaviour: fritz_box },
    Profile { name: "huawei_switch", behaviour: huawei_switch },
    Profile { name: "keyence_plc", behaviour: keyence_plc },
    Profile { name: "listed_by_name_only", behaviour: listed_by_name_only },
    Profile { name: "mikrotik", behaviour: mikrotik },
    Profile { name: "netware", behaviour: netware },
    Profile { name: "quadros", behaviour: quadros },
    Profile { name: "stratus_vos", behaviour: stratus_vos },
    Profile { name: "synology", behaviour: synology },
    Profile { name: "vxworks", behaviour: vxworks },
];

/// Hides dot names, and says little.
fn busybox() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "Operation successful",
        features: Some(&["EPSV", "PASV", "REST STREAM", "MDTM", "SIZE"]),
        refused: vec!["MLSD", "MLST", "MFMT", "SITE", "OPTS"],
        unknown: "500 Unknown command",
        missing: "550 Error",
        opens: "150 Directory listing",
        closes: "226 Operation successful",
        hides_dot_names: true,
        confirmations: &[
            ("CWD", "250 Operation successful"),
            ("DELE", "250 Operation successful"),
            ("MKD", "257 Operation successful"),
            ("RMD", "250 Operation successful"),
            ("RNFR", "350 Operation successful"),
            ("RNTO", "250 Operation successful"),
            ("TYPE", "200 Operation successful"),
        ],
        list_frame: ("total 8\r\n", ""),
        ..modern()
    }
    .listing(lines::ls)
}

/// A `total` line, entries for the directory itself and its parent, and one session.
fn camera_total() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 FTP server ready.",
        list_frame: (
            "total 0\r\ndrwxr-xr-x 2 root root 0 Jan  1  2000 .\r\ndrwxr-xr-x 2 root root 0 Jan  1  2000 ..\r\n",
            "",
        ),
        sessions: Some((
            1,
            "530 Sorry, the maximum number of clients (1) for this user are already connected.",
        )),
        replies: &[("SYST", "215 Linux"), ("NOOP", "502 Command not implemented."), ("OPTS", "")],
        ..classic()
    }
}

/// `LIST` without path only; `257` and other replies are padded with blanks.
fn data_logger_gl240() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "GL240 FTP server (GL240 FTP 1.00) ready.    ",
        shows_directory: |directory| format!("\"/{directory}\" is current directory.  "),
        opens: "150 Opening ASCII mode data connection for 'LIST'.                   ",
        closes: "226 Transfer complete.                                             ",
        confirmations: &[("CWD", "250 CWD command successful.        "), ("TYPE", "200 Type set.         ")],
        passive: |port| {
            format!(
                "227 Entering Passive Mode (192,168,10,5,{},{})                     ",
                port >> 8,
                port & 255
            )
        },
        listed_paths: &[("LIST", ListedPath::Refused("501 Syntax error."))],
        reads_path: Some(|PathArgument { directory, argument, .. }| bare_name(directory, argument)),
        list_frame: ("total 2\r\n", ""),
        ..classic()
    }
}

/// A device, a backslash, and single names. `CWD` takes names and `MD:\`.
fn fanuc_robot() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "R-30iB FTP server ready. [HOST NAME: ROBOT]",
        system: "UNKNOWN Type: L8",
        shows_directory: |directory| match directory {
            "" => "\"MD:\\\" is the current working directory".to_owned(),
            other => format!("\"MD:\\{}\\\" is the current working directory", other.replace('/', "\\")),
        },
        reads_path: Some(|PathArgument { directory, argument, .. }| match argument.strip_prefix("MD:\\") {
            Some(path) => Some(path.trim_end_matches('\\').replace('\\', "/")),
            None if argument.contains([':', '\\']) => None,
            None => bare_name(directory, argument),
        }),
        missing: "550 File not found",
        unknown: "500 Syntax error, command unrecognized",
        ..classic()
    }
    .listing(|name, item| {
        let kind = if item.is_directory() { "drw-rw-rw-" } else { "-rw-rw-rw-" };
        format!("{kind} 1 noone nogroup {:>10} {} {name}", item.size(), lines::ls_date(item, 0))
    })
}

fn fritz_box() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "FRITZ!Box7490 FTP server ready.",
        features: Some(&[
            "AUTH TLS",
            "EPSV",
            "MDTM",
            "MLSD",
            "PASV",
            "PBSZ",
            "PROT",
            "REST STREAM",
            "SIZE",
            "UTF8",
        ]),
        refused: vec!["MFMT", "MLST"],
        unknown: "502 @ command not implemented.",
        missing: "550 @: No such file or directory.",
        opens: "150 Opening ASCII mode data connection for '/bin/ls'.",
        closes: "226 Transfer complete.",
        ..modern()
    }
    .listing(lines::ls)
}

/// Uploads over existing files are refused.
fn huawei_switch() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "FTP service ready.",
        system: "VRP",
        confirmations: &[
            ("CWD", "200 Port command okay."),
            ("DELE", "200 ok"),
            ("MKD", "257 \"@\" new directory created."),
        ],
        missing: "550 No such file or directory",
        unknown: "502 Command not implemented",
        passive: |port| format!("227 Entering passive mode 10,1,1,1,{},{}", port >> 8, port & 255),
        upload_replaces: false,
        ..classic()
    }
    .listing(|name, item| {
        let mode = if item.is_directory() { "drwxrwxrwx" } else { "-rwxrwxrwx" };
        format!("{mode}   1 noone    nogroup  {:>10} {} {name}", item.size(), lines::ls_date(item, 0))
    })
}

/// A backslash as root, names in capitals and without case.
fn keyence_plc() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "KEYENCE FTP server ready",
        shows_directory: |directory| format!("\"\\{}\" is current directory", directory.replace('/', "\\")),
        reads_path: Some(|PathArgument { directory, argument, .. }| match argument.strip_prefix('\\') {
            Some(path) => Some(path.replace('\\', "/")),
            None => bare_name(directory, argument),
        }),
        ..classic()
    }
    .names(str::to_ascii_uppercase, str::to_ascii_uppercase)
    .listing(lines::dos)
}

/// `LIST` with the path of a directory shows the directory itself, as `ls -d` does.
fn listed_by_name_only() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "FTP server ready.",
        system: "215 UNIX",
        replies: &[("MLST", "500 Syntax error, command unrecognized.")],
        listed_paths: &[("LIST", ListedPath::Itself)],
        ..classic()
    }
}

/// No `RNFR` and no `MDTM`.
fn mikrotik() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "MikroTik FTP server (MikroTik 6.48.6) ready",
        system: "UNIX MikroTik 6.48.6",
        features: Some(&["SIZE", "REST STREAM"]),
        refused: vec!["MLSD", "MLST", "MDTM", "MFMT", "RNFR", "RNTO", "EPSV", "SITE"],
        unknown: "500 '@': command not understood",
        missing: "550 @: No such file or directory",
        ..modern()
    }
    .listing(|name, item| {
        let mode = if item.is_directory() { "drwxrwx---" } else { "-rw-rw----" };
        format!("{mode}   1 root     root     {:>10} {} {name}", item.size(), lines::ls_date(item, 0))
    })
}

fn netware() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "FS1 FTP server for NW 3.1x, 4.xx  (v1.10), (c) 1992 HellSoft.",
        system: "NETWARE Type : L8",
        shows_directory: |directory| format!("\"/SYS/{directory}\" is current directory."),
        reads_path: Some(|PathArgument { directory, argument, .. }| match argument.strip_prefix("/SYS") {
            Some(path) => Some(path.trim_matches('/').to_owned()),
            None if argument.starts_with('/') => None,
            None => Some([directory, argument].join("/").trim_matches('/').to_owned()),
        }),
        list_frame: ("total 0\r\n", ""),
        ..classic()
    }
    .listing(lines::netware)
}

/// Announces `MLSD` and answers `501` to it; the greeting is padded.
fn quadros() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "FTP server ready.   ",
        system: "Quadros",
        features: Some(&[
            "PROT",
            "PBSZ",
            "FEAT",
            "AUTH SSL",
            "AUTH TLS",
            "MLST type*;size*;modify*;",
            "MLSD",
        ]),
        refused: vec!["MDTM", "MFMT", "SIZE", "EPSV"],
        replies: &[
            ("MLSD", "501 Syntax error in parameters or arguments."),
            ("MLST", "501 Syntax error in parameters or arguments."),
        ],
        unknown: "500 Syntax error, command unrecognized.",
        confirmations: &[("CWD", "250 CWD  requested file action okay, completed.")],
        ..modern()
    }
    .listing(|name, item| {
        let mode = if item.is_directory() { "drw-rw-rw-" } else { "-rw-rw-rw-" };
        format!("{mode} 1 user group {} {} {name}", item.size(), lines::ls_date(item, 0))
    })
}

/// Paths with `>`; only single names are sent.
fn stratus_vos() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "vos1 FTP server (FTP 1.0 for Stratus STCP) ready.",
        system: "VOS Type: L8",
        shows_directory: |directory| match directory {
            "" => "\"%s1#d01>Ann\" is current directory.".to_owned(),
            other => format!("\"%s1#d01>Ann>{}\" is current directory.", other.replace('/', ">")),
        },
        reads_path: Some(|PathArgument { directory, argument, .. }| {
            match argument.strip_prefix("%s1#d01>Ann") {
                Some(path) => Some(path.trim_start_matches('>').replace('>', "/")),
                None if argument.contains(['%', '#', '>']) => None,
                None => bare_name(directory, argument),
            }
        }),
        missing: "550 @: Object not found.",
        list_frame: ("Files: 2   Blocks: 4\r\n\r\n", "\r\nLinks: 0\r\n"),
        ..classic()
    }
    .listing(lines::vos)
}

/// Announces `MLSD` and answers `500` to it.
fn synology() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "DS620slim FTP server ready.",
        features: Some(&[
            "AUTH TLS",
            "PBSZ",
            "PROT",
            "CCC",
            "SIZE",
            "MDTM",
            "REST STREAM",
            "MFMT",
            "TVFS",
            "MLST",
            "MLSD",
            "UTF8",
        ]),
        replies: &[
            ("MLSD", "500 'MLSD ': command not understood."),
            ("MLST", "500 'MLST': command not understood."),
        ],
        unknown: "500 '@': command not understood.",
        ..modern()
    }
    .listing(lines::ls)
}

/// Two header lines, and devices in paths.
fn vxworks() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "VxWorks (VxWorks 5.5.1) FTP server ready",
        system: "UNIX Type: L8",
        shows_directory: |directory| format!("Current directory is \"/ata0a/{directory}\""),
        reads_path: Some(|PathArgument { directory, argument, .. }| match argument.strip_prefix("/ata0a") {
            Some(path) => Some(path.trim_matches('/').to_owned()),
            None if argument.starts_with('/') => None,
            None => Some([directory, argument].join("/").trim_matches('/').to_owned()),
        }),
        list_frame: (
            "  size          date       time       name\r\n--------       ------     ------    --------\r\n",
            "",
        ),
        ..classic()
    }
    .listing(lines::vxworks)
}

/// Joins a single name to a directory, as servers do that take no paths.
fn bare_name(directory: &str, argument: &str) -> Option<String> {
    match argument {
        "" | "." => Some(directory.to_owned()),
        ".." => Some(directory.rsplit_once('/').map_or("", |(above, _)| above).to_owned()),
        "/" => Some(String::new()),
        _ if argument.contains(['/', '\\']) => None,
        _ => Some([directory, argument].join("/").trim_matches('/').to_owned()),
    }
}
