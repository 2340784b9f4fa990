//! Servers of file exchange products, of network drives, and of cameras, printers and machine tools.

use super::{Profile, classic, lines, modern};
use crate::memory::{ListedPath, ServerBehaviour};

pub(super) const PROFILES: &[Profile] = &[
    Profile { name: "axway_secure_transport", behaviour: axway_secure_transport },
    Profile { name: "buffalo_nas", behaviour: buffalo_nas },
    Profile { name: "haas_cnc", behaviour: haas_cnc },
    Profile { name: "hikvision_camera", behaviour: hikvision_camera },
    Profile { name: "io_ftpd", behaviour: io_ftpd },
    Profile { name: "jscape", behaviour: jscape },
    Profile { name: "moveit", behaviour: moveit },
    Profile { name: "moxa", behaviour: moxa },
    Profile { name: "oftpd", behaviour: oftpd },
    Profile { name: "ricoh_printer", behaviour: ricoh_printer },
    Profile { name: "wzdftpd", behaviour: wzdftpd },
];

/// `226` for a directory without files, and no data connection.
fn axway_secure_transport() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "SecureTransport FTP server ready.",
        unknown: "502 @ command not implemented.",
        empty_listing: Some("226 No files found"),
        ..classic()
    }
}

fn buffalo_nas() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "LS-WXL FTP server ready.",
        unknown: "500 @ not understood",
        features: Some(&["MDTM", "REST STREAM", "SIZE"]),
        ..classic()
    }
}

/// One session; the path of `LIST` is ignored.
fn haas_cnc() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "HAAS FTP server ready",
        refused: vec!["MLSD", "MLST", "MDTM", "MFMT", "FEAT", "SITE", "SIZE", "REST"],
        sessions: Some((1, "421 Too many connections")),
        listed_paths: &[("LIST", ListedPath::Ignored)],
        ..classic()
    }
}

/// The server of many cameras and recorders is vsftpd without its name.
fn hikvision_camera() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "FTP server ready.",
        unknown: "500 Unknown command.",
        missing: "550 Failed to open file.",
        closes: "226 Directory send OK.",
        hides_dot_names: true,
        ..classic()
    }
}

/// Statistics in the last reply of an upload.
fn io_ftpd() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "ioFTPD ready",
        unknown: "500 '@': Command not understood",
        closes: "226-[CRC: 12345678]\n226 Transfer complete.",
        list_frame: (" \r\ntotal 0\r\n", ""),
        ..classic()
    }
}

/// `MLST` is announced and not implemented.
fn jscape() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "JSCAPE MFT Server",
        unknown: "502 Command not implemented",
        refused: vec!["MLSD", "MLST", "MFMT"],
        features: Some(&["MDTM", "SIZE", "MLST type*;size*;modify*;perm*;", "REST STREAM", "UTF8"]),
        ..modern()
    }
    .listing(lines::ls)
}

/// The login directory is below the root, and files may not be renamed.
fn moveit() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "220-Welcome to MOVEit DMZ\n220 Security notice",
        home: "Home/ann",
        refused: vec!["RNFR", "RNTO", "MFMT"],
        unknown: "502 Command not implemented: @",
        ..modern()
    }
}

/// `PWD` puts its words before the path.
fn moxa() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "Moxa FTP server ready",
        refused: vec!["MLSD", "MLST", "MDTM", "MFMT", "FEAT", "SITE", "SIZE"],
        unknown: "502 not implemented",
        shows_directory: |directory| format!("Current directory is \"/{directory}\""),
        ..classic()
    }
}

fn oftpd() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "Service ready for new user.",
        unknown: "502 Command not implemented.",
        extended_passive: |port| format!("229 Entering Extended Passive Mode (|||{port}|)"),
        list_frame: ("total 0\r\n", ""),
        ..classic()
    }
}

/// Neither sizes nor times of single files, and no `SYST`.
fn ricoh_printer() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "RICOH Aficio FTP server (5.05) ready.",
        refused: vec!["MLSD", "MLST", "MDTM", "MFMT", "FEAT", "SITE", "SIZE", "REST", "SYST"],
        unknown: "500 '@': command not understood.",
        ..classic()
    }
}

/// A first line without text in the reply to `CWD`.
fn wzdftpd() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "wzd server ready.",
        unknown: "502 Command not implemented",
        confirmations: &[("CWD", "250- \n250 \"@\" is now the current directory.")],
        ..classic()
    }
}
