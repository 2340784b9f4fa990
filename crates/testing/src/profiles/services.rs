//! Servers of older Windows programs, of real-time systems, and of devices that print or measure.

use super::{Profile, classic, lines, modern};
use crate::memory::{ListedPath, PathArgument, ServerBehaviour};

pub(super) const PROFILES: &[Profile] = &[
    Profile { name: "ability_server", behaviour: ability_server },
    Profile { name: "axis_camera", behaviour: axis_camera },
    Profile { name: "cesar_ftp", behaviour: cesar_ftp },
    Profile { name: "freertos_plus", behaviour: freertos_plus },
    Profile { name: "goanywhere", behaviour: goanywhere },
    Profile { name: "guild_ftpd", behaviour: guild_ftpd },
    Profile { name: "home_ftp", behaviour: home_ftp },
    Profile { name: "hp_printer", behaviour: hp_printer },
    Profile { name: "inetutils", behaviour: inetutils },
    Profile { name: "j_ftp_proxy", behaviour: j_ftp_proxy },
    Profile { name: "lwip", behaviour: lwip },
    Profile { name: "nucleus", behaviour: nucleus },
    Profile { name: "pure_ftpd_limited", behaviour: pure_ftpd_limited },
    Profile { name: "qnap", behaviour: qnap },
    Profile { name: "rebex", behaviour: rebex },
    Profile { name: "siemens_s7", behaviour: siemens_s7 },
    Profile { name: "solaris", behaviour: solaris },
    Profile { name: "switch_sys_ftpd", behaviour: switch_sys_ftpd },
    Profile { name: "threadx", behaviour: threadx },
    Profile { name: "tp_link_usb", behaviour: tp_link_usb },
    Profile { name: "wago_plc", behaviour: wago_plc },
    Profile { name: "windows_ce", behaviour: windows_ce },
    Profile { name: "xbox_360", behaviour: xbox_360 },
    Profile { name: "abb_robot", behaviour: abb_robot },
    Profile { name: "alfresco", behaviour: alfresco },
    Profile { name: "cisco_ios", behaviour: cisco_ios },
    Profile { name: "core_ftp", behaviour: core_ftp },
    Profile { name: "omron_nj", behaviour: omron_nj },
    Profile { name: "z_os_unix", behaviour: z_os_unix },
    Profile { name: "z_ftp_server", behaviour: z_ftp_server },
];

fn ability_server() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Welcome to Code-Crafters - Ability Server 2.34. (Ability Server 2.34 by Code-Crafters).",
        system: "UNIX",
        unknown: "500 Command not recognized.",
        missing: "550 Requested action not taken.",
        closes: "226 Transfer complete. Closing data connection.",
        shows_directory: |directory| format!("\"/{directory}\" is current directory."),
        ..classic()
    }
}

/// One session, names in lower case on a card, and seconds in a list without owner.
fn axis_camera() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "AXIS 210 Network Camera 4.40 (Jan 21 2008) ready.",
        missing: "550 Requested action not taken. File unavailable.",
        unknown: "502 Command not implemented.",
        sessions: Some((1, "421 Service not available, remote server has closed connection")),
        opens: "150 Opening data connection.",
        closes: "226 Transfer complete.",
        ..classic()
    }
    .listing(|name, item| {
        let mode = if item.is_directory() { "drwxr-xr-x" } else { "-rw-r--r--" };
        format!("{mode}    1 root root {:>9} {} {name}", item.size(), lines::ls_date(item, 0))
    })
}

/// `MLST` that answers with a `LIST` line, and a slash after directories.
fn cesar_ftp() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 CesarFTP 0.99g Server Welcome !",
        system: "UNIX Type: L8",
        missing: "550 Can't access",
        unknown: "500 Command unknown",
        shows_directory: |directory| format!("\"/{directory}/\" is current directory."),
        closes: "226 Transfer finished",
        ..classic()
    }
    .listing(|name, item| {
        let mode = if item.is_directory() { "drwxrwxrwx" } else { "-rw-rw-rw-" };
        format!("{mode} 1 user group {} {} {name}", item.size(), lines::ls_date(item, 0))
    })
}

/// Few commands, and times of 1970.
fn freertos_plus() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Welcome to the FreeRTOS+TCP FTP server",
        replies: &[("SYST", "215 UNIX Type: L8"), ("OPTS", "501 Syntax error"), ("NOOP", "200 OK")],
        unknown: "502 Command not implemented",
        missing: "550 File not found",
        confirmations: &[("CWD", "250 Changed to @"), ("TYPE", "200 OK"), ("RNFR", "350 Rename accepted")],
        ..classic()
    }
    .listing(|name, item| {
        let mode = if item.is_directory() { "drwxrw-r--" } else { "-rw-rw-r--" };
        format!("{mode}   1 freertos plusfat {:>10} Jan  1  1970 {name}", item.size())
    })
}

fn goanywhere() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Welcome to GoAnywhere FTP Server",
        system: "UNIX Type: GoAnywhere",
        features: Some(&[
            "SIZE",
            "MDTM",
            "REST STREAM",
            "MLST Size;Modify;Type;Perm",
            "MODE Z",
            "UTF8",
            "EPSV",
            "MFMT",
        ]),
        unknown: "502 Command @ not implemented.",
        missing: "550 \"@\": The file or directory does not exist.",
        rename_replaces: false,
        ..modern()
    }
    .facts(|name, item| {
        let (time, size) = (item.time().time_val(), item.size());
        let kind = if item.is_directory() { "dir" } else { "file" };
        format!("Size={size};Modify={time}.000;Type={kind};Perm=adfrw; {name}")
    })
}

/// A banner with empty lines, and `..` in listings.
fn guild_ftpd() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220-GuildFTPd FTP Server (c) 1997-2002\n220-Version 0.999.14\n220-\n220-Thanks!\n220 Please enter your name:",
        system: "UNIX Type: L8",
        missing: "550 Access denied",
        replies: &[
            ("USER", "331 User name okay, Need password."),
            ("PASS", "230-Welcome\n230-\n230 User logged in."),
        ],
        list_frame: ("drwxrwxrwx   1 user     group           0 Jan 01  2000 ..\r\n", ""),
        confirmations: &[("CWD", "250 \"/@\" is current directory.")],
        ..classic()
    }
}

/// A backslash before the root, and lists of DOS.
fn home_ftp() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Home Ftp Server ready",
        system: "Windows_NT",
        shows_directory: |directory| format!("\"\\{}\" is working directory.", directory.replace('/', "\\")),
        reads_path: Some(|PathArgument { directory, argument, .. }| {
            let path = argument.replace('\\', "/");
            match path.strip_prefix('/') {
                Some(path) => Some(path.trim_end_matches('/').to_owned()),
                None => Some([directory, &path].join("/").trim_matches('/').to_owned()),
            }
        }),
        ..classic()
    }
    .listing(lines::dos)
}

/// A `LIST` that ends with text, and replies with other punctuation.
fn hp_printer() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 JD FTP Server Ready",
        system: "HP JetDirect",
        replies: &[
            ("OPTS", "500 Command not recognized"),
            ("USER", "331 Username Ok, send identity (email address) as password."),
            (
                "PASS",
                "230-Hewlett-Packard FTP Print Server Version 2.0\n230-Directory:  Description:\n230-PORT1       Print to port 1\n230 User logged in",
            ),
        ],
        shows_directory: |directory| format!("\"/{directory}\" is current directory"),
        list_frame: ("total 1\r\n", "\r\n"),
        unknown: "500 Command not recognized",
        ..classic()
    }
}

/// The code precedes a text of several lines only once, and lines are indented.
fn inetutils() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 host FTP server (GNU inetutils 1.9.4) ready.",
        replies: &[
            ("FEAT", "500 'FEAT': command not understood."),
            ("STAT", "211- host FTP server status:\n     Version\n211 End of status"),
        ],
        unknown: "500 '@': command not understood.",
        missing: "550 @: No such file or directory",
        list_frame: ("total 12\r\n", ""),
        confirmations: &[("MKD", "257 \"@\" new directory created.")],
        ..classic()
    }
}

/// A proxy that translates `PASV` to its own address and knows no other commands.
fn j_ftp_proxy() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220-<proxy>\n220-  All connections are logged\n220-\n220 Frox transparent ftp proxy. Login with username[@host[:port]]",
        replies: &[
            ("EPSV", "500 Command EPSV not supported by proxy"),
            ("FEAT", "500 Command not implemented by proxy"),
        ],
        unknown: "500 Command not implemented by proxy",
        passive: |port| format!("227 Entering Passive Mode (10,255,255,1,{},{})", port >> 8, port & 255),
        ..classic()
    }
}

/// Directories first, one blank, and a fixed owner.
fn lwip() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 lwIP FTP Server ready.",
        system: "UNIX Type: L8",
        unknown: "502 Command not implemented.",
        missing: "550 File not found.",
        replies: &[("NOOP", "200 Operation successful"), ("SIZE", "502 Command not implemented.")],
        knows_list_options: false,
        ..classic()
    }
    .listing(|name, item| {
        let kind = if item.is_directory() { 'd' } else { '-' };
        format!("{kind}rw-rw-rw-   1 user     ftp  {:>11} {} {name}", item.size(), lines::ls_date(item, 0))
    })
}

/// A device in the path, and `CWD` by single names.
fn nucleus() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "Nucleus FTP Server (Version 1.7) ready.",
        system: "NUCLEUS PLUS",
        shows_directory: |directory| format!("\"A:\\{}\"", directory.replace('/', "\\")),
        reads_path: Some(|PathArgument { directory, argument, .. }| match argument.strip_prefix("A:\\") {
            Some(path) => Some(path.trim_end_matches('\\').replace('\\', "/")),
            None if argument.starts_with(['/', '\\']) => None,
            None => Some([directory, &argument.replace('\\', "/")].join("/").trim_matches('/').to_owned()),
        }),
        unknown: "500 Syntax error",
        ..classic()
    }
    .listing(lines::dos)
}

/// Neither `RNFR` nor `SITE`, and no dot names.
fn pure_ftpd_limited() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\n220-You are user number 1 of 5 allowed.\n220 You will be disconnected after 15 minutes of inactivity.",
        refused: vec!["RNFR", "RNTO", "SITE", "MFMT"],
        unknown: "500 Unknown command",
        closes: "226-Options: -l \n226 4 matches total",
        hides_dot_names: true,
        ..modern()
    }
}

/// ProFTPD with another name, local times in `LIST`.
fn qnap() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "NASFTPD Turbo station 1.3.5a Server (ProFTPD) [::ffff:10.0.0.2]",
        features: Some(&[
            "MDTM",
            "MFMT",
            "TVFS",
            "UTF8",
            "MFF modify;UNIX.group;UNIX.mode;",
            "LANG en-US*",
            "REST STREAM",
            "SIZE",
        ]),
        refused: vec!["MLSD", "MLST"],
        unknown: "500 @ not understood",
        missing: "550 @: No such file or directory",
        empty_listing: Some("450 No files found"),
        ..modern()
    }
    .listing(|name, item| lines::ls_in_zone(name, item, 8))
}

fn rebex() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220-Welcome to test.rebex.net!\n220 See https://test.rebex.net/ for more information and terms of use.",
        system: "Windows_NT",
        features: Some(&[
            "MDTM",
            "MLST type*;size*;modify*;",
            "MLSD",
            "SIZE",
            "REST STREAM",
            "UTF8",
            "CLNT",
            "MFMT",
        ]),
        missing: "550 File or directory not found.",
        rename_replaces: false,
        ..modern()
    }
}

/// Only files below a drive, with 8.3 names in capitals.
fn siemens_s7() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 CP 343-1 FTP Server ready",
        home: "ram",
        system: "UNKNOWN",
        unknown: "502 Command not implemented",
        missing: "550 file not found",
        sessions: Some((2, "421 Too many users")),
        ..classic()
    }
    .listing(|name, item| {
        let mode = if item.is_directory() { "drwxrwxrwx" } else { "-rwxrwxrwx" };
        format!("{mode}  1 s7 plc {:>8} {} {name}", item.size(), lines::ls_date(item, 0))
    })
}

fn solaris() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 sun1 FTP server (SunOS 5.8) ready.",
        unknown: "500 '@': command not understood.",
        missing: "550 @: No such file or directory.",
        opens_listing: Some("150 ASCII data connection for /bin/ls (127.0.0.1,1234) (0 bytes)."),
        closes: "226 ASCII Transfer complete.",
        list_frame: ("total 16\r\n", ""),
        ..classic()
    }
}

/// A device before each path, `LIST -a` with `.` and `..`.
fn switch_sys_ftpd() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "Hello!",
        replies: &[("USER", "230 OK"), ("PASS", "230 OK"), ("OPTS", "504 Command not implemented")],
        refused: vec!["EPSV", "MFMT", "MLSD", "MLST"],
        unknown: "502 invalid command",
        closes: "226 OK\n",
        list_frame: (
            "drwxrwxrwx 1 3DS 3DS 0 Jan  1  2000 .\r\ndrwxrwxrwx 1 3DS 3DS 0 Jan  1  2000 ..\r\n",
            "",
        ),
        ..modern()
    }
    .listing(lines::ls)
}

/// NetX: a fixed date, and `LIST` of the working directory only.
fn threadx() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Service Ready for new user",
        system: "NetX FTP",
        unknown: "500 Syntax error",
        missing: "550 File not found",
        listed_paths: &[("LIST", ListedPath::Ignored)],
        ..classic()
    }
    .listing(|name, item| {
        let kind = if item.is_directory() { 'd' } else { '-' };
        format!("{kind}rw-rw-rw-  1 owner group {:>10} JAN 01 00:00 {name}", item.size())
    })
}

/// vsftpd without dot names, whose volumes are below the root.
fn tp_link_usb() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Welcome to TBS FTP Server.",
        home: "G",
        features: Some(&["EPRT", "EPSV", "MDTM", "PASV", "REST STREAM", "SIZE", "TVFS"]),
        refused: vec!["MLSD", "MLST", "MFMT"],
        unknown: "500 Unknown command.",
        missing: "550 Failed to change directory.",
        hides_dot_names: true,
        ..modern()
    }
    .listing(lines::ls)
}

/// Months in lower case, and names with a leading blank dropped.
fn wago_plc() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "WAGO 750-841 FTP server ready",
        system: "NUCLEUS",
        unknown: "502 Command not implemented",
        missing: "550 failed",
        sessions: Some((1, "")),
        ..classic()
    }
    .listing(|name, item| {
        let kind = if item.is_directory() { 'd' } else { '-' };
        format!("{kind}rwxrwxrwx 1 0 0 {:>8} {} {name}", item.size(), lines::ls_date(item, 0).to_lowercase())
    })
}

/// Lists of DOS without `AM`.
fn windows_ce() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Service ready for new user.",
        system: "Windows_CE version 5.0",
        unknown: "502 Command not implemented.",
        missing: "550 Requested action not taken. File unavailable (e.g., file not found, no access).",
        opens: "150 File status okay; about to open data connection.",
        closes: "226 Closing data connection.",
        ..classic()
    }
    .listing(|name, item| {
        let time = item.time();
        let size = if item.is_directory() { "<DIR>".to_owned() } else { item.size().to_string() };
        format!(
            "{:02}-{:02}-{:02}  {:02}:{:02}       {size:>14} {name}",
            time.month,
            time.day,
            time.year % 100,
            time.hour,
            time.minute
        )
    })
}

/// Drives below the root, and no path in `LIST`.
fn xbox_360() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 Xbox 360 FTP",
        home: "Hdd1",
        system: "UNIX Type: L8",
        unknown: "502 Command not implemented.",
        missing: "550 Path not found.",
        replies: &[
            ("OPTS", "501 Option not understood"),
            ("NOOP", "200 OK"),
            ("SIZE", "502 Command not implemented."),
        ],
        listed_paths: &[("LIST", ListedPath::Refused("501 No parameters"))],
        ..classic()
    }
}

fn z_ftp_server() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220 zFTPServer v6.0, build 2012 ready.",
        system: "UNIX Type: L8",
        features: Some(&["SIZE", "MDTM", "REST STREAM", "MLST type*;size*;modify*;", "UTF8"]),
        refused: vec!["MFMT"],
        missing: "550 Not a valid path",
        confirmations: &[("MKD", "257 Directory created"), ("CWD", "250 Current directory is /@")],
        ..modern()
    }
}

/// `LIST` shows the working directory whatever path it gets.
fn abb_robot() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "ABB Robotics FTP server (IRC5) ready.",
        system: "UNIX Type: L8 Version: VxWorks",
        refused: vec!["MLSD", "MLST", "MDTM", "MFMT", "FEAT", "SITE", "SIZE", "REST"],
        listed_paths: &[("LIST", ListedPath::Ignored)],
        ..classic()
    }
}

/// `-a` is a path to it.
fn alfresco() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "FTP server ready",
        system: "UNIX Type: Java FTP Server",
        features: Some(&["SIZE", "MDTM", "REST STREAM", "MLST size*;modify*;type*;", "UTF8"]),
        refused: vec!["MLSD", "MFMT"],
        unknown: "502 Command not implemented",
        missing: "550 Invalid path @",
        knows_list_options: false,
        ..modern()
    }
    .listing(lines::ls)
}

/// A drive without quotes.
fn cisco_ios() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "IOS-FTP server (version 1.00) ready.",
        system: "Cisco IOS Type: L8 Version: IOS 12.2",
        shows_directory: |directory| format!("disk0:/{directory}"),
        reads_path: Some(|PathArgument { directory, argument, .. }| {
            let whole = argument.strip_prefix("disk0:").or(argument.strip_prefix('/').map(|_| argument));
            Some(match (whole, argument) {
                (Some(path), _) => path.trim_matches('/').to_owned(),
                (None, ".") => directory.to_owned(),
                (None, "..") => directory.rsplit_once('/').map_or("", |(above, _)| above).to_owned(),
                (None, _) if directory.is_empty() => argument.trim_end_matches('/').to_owned(),
                (None, _) => format!("{directory}/{}", argument.trim_end_matches('/')),
            })
        }),
        ..classic()
    }
}

/// Directories end with a slash.
fn core_ftp() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "Core FTP Server Version 1.2, build 587, registered to Ann",
        refused: vec!["MLSD", "MLST", "MFMT"],
        shows_directory: |directory| match directory {
            "" => "\"/\" is current folder.".to_owned(),
            directory => format!("\"/{directory}/\" is current folder."),
        },
        missing: "550 CWD failed. \"@\": folder not found.",
        ..modern()
    }
    .listing(lines::ls)
}

/// Two sessions, and no `SIZE`, `REST`, `SYST` or `NOOP`.
fn omron_nj() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "OMRON FTP server ready.",
        refused: vec!["CDUP", "FEAT", "MDTM", "MFMT", "MLSD", "MLST", "NOOP", "REST", "SITE", "SIZE", "SYST"],
        unknown: "502 Non-support command.",
        missing: "550 @: Not found.",
        sessions: Some((2, "421 Connection limit.")),
        ..classic()
    }
}

/// The files of z/OS UNIX, below a home directory.
fn z_os_unix() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220-FTPD1 IBM FTP CS V2R3 at SYS1.EXAMPLE.COM, 23:07:11 on 2023-11-14.\n220 Connection will close if idle for more than 5 minutes.",
        system: "MVS is the operating system of this server. FTP Server is running on z/OS.",
        home: "u/ann",
        refused: vec!["MLSD", "MLST", "MDTM", "MFMT", "FEAT"],
        unknown: "500 unknown command @",
        missing: "550 @: EDC5129I No such file or directory. (errno2=0x053B006C)",
        shows_directory: |directory| format!("\"/{directory}\" is the HFS working directory."),
        opens: "125 List started OK",
        closes: "250 Transfer completed successfully.",
        list_frame: ("total 16\r\n", ""),
        ..classic()
    }
}
