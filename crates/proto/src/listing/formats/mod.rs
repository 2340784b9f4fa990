//! Listing formats: one module for each, and the choice among them.

mod connect_enterprise;
mod dls;
mod dos;
mod eplf;
mod mlsx;
mod mvs;
mod netware;
mod nonstop;
mod os2;
mod os400;
mod os9;
mod supertcp;
mod unix;
mod vms;
mod vos;
mod vshell;
mod vxworks;
mod wfftp;
mod windows_ce;
mod zvm;

use std::{fmt, str::FromStr};

use super::{
    error::ListingError,
    fields::date_order::DateOrder,
    parsed_line::{Context, ParseResult, ParsedLine},
};
use crate::{Entry, server::IIS_NAMES};

/// Format of a listing.
///
/// `Display` writes its name. `FromStr` parses this and other common names, in any case:
///
/// ```
/// use oxftp_proto::listing::Format;
///
/// assert_eq!("z/OS".parse::<Format>()?, Format::Mvs);
/// assert_eq!(Format::Mvs.to_string(), "mvs");
/// # Ok::<(), oxftp_proto::listing::UnknownFormat>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `MLSD` and `MLST` (RFC 3659, 7).
    Mlsx,
    /// `ls -l` and its dialects.
    Unix,
    /// IIS and the `dir` of Windows.
    Dos,
    /// Easily parsed LIST format, by D. J. Bernstein.
    Eplf,
    /// OpenVMS.
    Vms,
    /// MVS and z/OS: datasets, members of partitioned ones, and jobs.
    Mvs,
    /// z/VM: files of CMS.
    Zvm,
    /// OS/400 and IBM i.
    Os400,
    /// OS/2.
    Os2,
    /// Novell NetWare and HellSoft.
    Netware,
    /// Tandem (HPE) NonStop.
    NonStop,
    /// Sterling Connect:Enterprise.
    ConnectEnterprise,
    /// SuperTCP for Windows.
    SuperTcp,
    /// Windows CE.
    WindowsCe,
    /// VxWorks.
    VxWorks,
    /// `VShell`.
    VShell,
    /// OS-9.
    Os9,
    /// The `wfFTP` of Nortel routers.
    WfFtp,
    /// `dls`, which adds a description to each file.
    Dls,
    /// Stratus VOS.
    Vos,
}

impl Format {
    /// All formats with their names, the canonical name first.
    const NAMES: [(Self, &'static [&'static str]); 20] = [
        (Self::Mlsx, &["mlsd", "mlst", "mlsx"]),
        (Self::Unix, &["unix", "ls", "linux"]),
        (Self::Dos, &["dos", "iis", "windows", "msdos", "nt"]),
        (Self::Eplf, &["eplf"]),
        (Self::Vms, &["vms", "openvms"]),
        (Self::Mvs, &["mvs", "zos", "z/os", "os/390", "os390", "pds", "jes"]),
        (Self::Zvm, &["zvm", "z/vm", "vm", "cms", "vm/cms"]),
        (Self::Os400, &["os400", "os/400", "as400", "as/400", "ibmi", "ibm i"]),
        (Self::Os2, &["os2", "os/2"]),
        (Self::Netware, &["netware", "novell", "hellsoft"]),
        (Self::NonStop, &["nonstop", "tandem", "guardian"]),
        (Self::ConnectEnterprise, &["connect-enterprise", "connect:enterprise", "connectenterprise"]),
        (Self::SuperTcp, &["supertcp", "super-tcp"]),
        (Self::WindowsCe, &["wince", "windows-ce", "windowsce", "windows ce"]),
        (Self::VxWorks, &["vxworks"]),
        (Self::VShell, &["vshell"]),
        (Self::Os9, &["os9", "os-9"]),
        (Self::WfFtp, &["wfftp", "nortel"]),
        (Self::Dls, &["dls"]),
        (Self::Vos, &["vos", "stratus"]),
    ];

    /// Formats of `LIST`. If two read a listing equally well, the first one is used.
    pub(super) const OF_LIST: [Self; 19] = [
        Self::Unix,
        Self::Dos,
        Self::Eplf,
        Self::Vms,
        Self::Mvs,
        Self::Zvm,
        Self::Os400,
        Self::Os2,
        Self::Netware,
        Self::NonStop,
        Self::ConnectEnterprise,
        Self::SuperTcp,
        Self::WindowsCe,
        Self::VxWorks,
        Self::VShell,
        Self::Os9,
        Self::WfFtp,
        Self::Dls,
        Self::Vos,
    ];

    /// Guesses the format from the reply to `SYST` or the greeting.
    pub(super) fn hinted(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let found = HINTS.iter().find(|(words, _)| words.iter().any(|word| text.contains(word)));
        found.map(|(_, format)| *format)
    }

    /// Iterates over all formats.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::NAMES.iter().map(|(format, _)| *format)
    }

    /// Reads one line, or returns the reason why it cannot.
    pub(super) fn read<'l>(self, line: &'l [u8], context: &Context) -> ParseResult<'l> {
        match self {
            Self::Mlsx => mlsx::read(line, context),
            Self::Unix => unix::read(line, context),
            Self::Dos => dos::read(line, context),
            Self::Eplf => eplf::read(line, context),
            Self::Vms => vms::read(line, context),
            Self::Mvs => mvs::read(line, context),
            Self::Zvm => zvm::read(line, context),
            Self::Os400 => os400::read(line, context),
            Self::Os2 => os2::read(line, context),
            Self::Netware => netware::read(line, context),
            Self::NonStop => nonstop::read(line, context),
            Self::ConnectEnterprise => connect_enterprise::read(line, context),
            Self::SuperTcp => supertcp::read(line, context),
            Self::WindowsCe => windows_ce::read(line, context),
            Self::VxWorks => vxworks::read(line, context),
            Self::VShell => vshell::read(line, context),
            Self::Os9 => os9::read(line, context),
            Self::WfFtp => wfftp::read(line, context),
            Self::Dls => dls::read(line, context),
            Self::Vos => vos::read(line, context),
        }
    }

    /// Orders that a numeric date may have, the most likely first.
    pub(super) fn date_orders(self) -> &'static [DateOrder] {
        use DateOrder::{DayFirst, MonthFirst, YearFirst};
        match self {
            Self::Os2 | Self::SuperTcp | Self::WfFtp => &[MonthFirst, DayFirst],
            Self::Unix | Self::Dos | Self::WindowsCe | Self::Os400 => &[MonthFirst, DayFirst, YearFirst],
            _ => &[MonthFirst],
        }
    }

    /// Reads one line with dates in any order.
    pub(super) fn read_in_any_order<'l>(self, line: &'l [u8], context: &Context) -> ParseResult<'l> {
        let mut orders = self.date_orders().iter();
        let first = self.read(line, context);
        if first.is_ok() {
            return first;
        }
        orders.find_map(|&order| self.read(line, &context.with_order(order)).ok()).ok_or("").or(first)
    }

    /// Reads one line and returns its entry.
    pub(super) fn entry(self, line: &[u8], context: &Context) -> Result<Entry, ListingError> {
        match self.read_in_any_order(line, context) {
            Ok(ParsedLine::Entry(columns) | ParsedLine::BareName(columns)) => {
                Ok(Entry::of_line(line, &columns))
            }
            Ok(ParsedLine::NoEntry) => Err(ListingError::no_entry(line)),
            Ok(ParsedLine::FirstHalf) => {
                Err(ListingError::not_understood(line, "the entry continues on the next line"))
            }
            Err(why) => Err(ListingError::of_line(line, why)),
        }
    }

    fn name(self) -> &'static str {
        let names = Self::NAMES.iter().find(|(format, _)| *format == self);
        names.and_then(|(_, names)| names.first()).copied().unwrap_or_default()
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let known = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        let found = Self::NAMES.iter().find(|(_, names)| known(names));
        found.map(|(format, _)| *format).ok_or_else(|| UnknownFormat { name: name.to_owned() })
    }
}

/// Words that identify systems, the more specific ones first.
const HINTS: [(&[&str], Format); 13] = [
    (&["os/400", "as/400"], Format::Os400),
    (&["mvs", "z/os", "os/390"], Format::Mvs),
    (&["vm/", "z/vm"], Format::Zvm),
    (&["vms"], Format::Vms),
    (&["windows_ce", "windows ce"], Format::WindowsCe),
    (&IIS_NAMES, Format::Dos),
    (&["os/2"], Format::Os2),
    (&["netware"], Format::Netware),
    (&["nonstop", "tandem", "guardian"], Format::NonStop),
    (&["vxworks"], Format::VxWorks),
    (&["connect:enterprise"], Format::ConnectEnterprise),
    (&["os-9", "os9"], Format::Os9),
    (&["stratus", "vos type"], Format::Vos),
];

/// A name of no known format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown listing format {name:?}")]
pub struct UnknownFormat {
    /// The requested name.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_parse_from_their_names() {
        for format in Format::all() {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        assert_eq!("UNIX".parse(), Ok(Format::Unix));
        assert_eq!("AS/400".parse(), Ok(Format::Os400));
        assert_eq!("vax".parse::<Format>().unwrap_err().to_string(), r#"unknown listing format "vax""#);
    }

    #[test]
    fn list_tries_every_format() {
        for format in Format::all().filter(|format| *format != Format::Mlsx) {
            assert!(Format::OF_LIST.contains(&format), "{format}");
        }
    }
}
