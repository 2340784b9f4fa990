//! Lines of listings.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::memory::{CivilTime, Item};

/// Returns the present time in seconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or_default()
}

/// `ls -l`: the time of day of the last six months, the year of others.
pub(super) fn ls(name: &str, item: &Item) -> String {
    ls_in_zone(name, item, 0)
}

/// `ls -l` of a server whose clock is ahead of UTC by this many hours.
pub(super) fn ls_in_zone(name: &str, item: &Item, hours: i64) -> String {
    let mode = if item.is_directory() { "drwxr-xr-x   2" } else { "-rw-r--r--   1" };
    format!("{mode} ftp      ftp      {:>12} {} {name}", item.size(), ls_date(item, hours))
}

/// The date of `ls -l`.
pub(super) fn ls_date(item: &Item, hours: i64) -> String {
    let time = CivilTime::from_unix(item.modified + hours * 3600);
    let is_recent = (now() - 15_778_476..=now() + 86_400).contains(&item.modified);
    let clock = match is_recent {
        true => format!("{:02}:{:02}", time.hour, time.minute),
        false => format!(" {}", time.year),
    };
    format!("{} {:>2} {clock}", time.month_name(), time.day)
}

/// IIS: `01-02-20  10:00AM`.
pub(super) fn dos(name: &str, item: &Item) -> String {
    dos_line(name, item, false)
}

/// IIS with years of four digits.
pub(super) fn dos_with_century(name: &str, item: &Item) -> String {
    dos_line(name, item, true)
}

fn dos_line(name: &str, item: &Item, century: bool) -> String {
    let time = item.time();
    let year = if century { time.year } else { time.year % 100 };
    let half = if time.hour < 12 { "AM" } else { "PM" };
    let hour = if time.hour % 12 == 0 { 12 } else { time.hour % 12 };
    let size = match item.is_directory() {
        true => "<DIR>         ".to_owned(),
        false => format!("{:>14}", item.size()),
    };
    format!(
        "{:02}-{:02}-{year:02}  {hour:02}:{:02}{half}       {size} {name}",
        time.month, time.day, time.minute
    )
}

/// NetWare.
pub(super) fn netware(name: &str, item: &Item) -> String {
    let kind = if item.is_directory() { 'd' } else { '-' };
    format!("{kind} [RWCEAFMS] ann                  {:>10}       {} {name}", item.size(), ls_date(item, 0))
}

/// VxWorks.
pub(super) fn vxworks(name: &str, item: &Item) -> String {
    let time = item.time();
    let directory = if item.is_directory() { "          <DIR>" } else { "" };
    let (month, day, year) = (time.month_name(), time.day, time.year);
    let (hour, minute, second) = (time.hour, time.minute, time.second);
    format!(
        "{:>9}    {month}-{day:02}-{year}  {hour:02}:{minute:02}:{second:02}   {name}{directory}",
        item.size()
    )
}

/// EPLF.
pub(super) fn eplf(name: &str, item: &Item) -> String {
    match item.is_directory() {
        true => format!("+m{},/,\t{name}", item.modified),
        false => format!("+m{},r,s{},\t{name}", item.modified, item.size()),
    }
}

/// NetPresenz: three numbers before the date of a file.
pub(super) fn netpresenz(name: &str, item: &Item) -> String {
    match item.is_directory() {
        true => format!("drwxrwxr-x               folder        2 {} {name}", ls_date(item, 0)),
        false => format!(
            "-------r--         326 {:>8} {:>8} {} {name}",
            item.size(),
            item.size(),
            ls_date(item, 0)
        ),
    }
}

/// The facts of servers that leave out times of directories.
pub(super) fn facts_without_time(name: &str, item: &Item) -> String {
    match item.is_directory() {
        true => format!("Type=dir;Size=0; {name}"),
        false => format!("Type=file;Size={}; {name}", item.size()),
    }
}

/// Stratus VOS: blocks in place of bytes.
pub(super) fn vos(name: &str, item: &Item) -> String {
    let time = item.time();
    let (year, month, day) = (time.year % 100, time.month, time.day);
    let (hour, minute, second) = (time.hour, time.minute, time.second);
    let when = format!("{year:02}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
    match item.is_directory() {
        true => format!("m {:>6} {when}  {name}", 1),
        false => format!("w {:>6} stm       {when}  {name}", item.size().div_ceil(4096)),
    }
}

/// `ls -s` with blocks in place of bytes.
pub(super) fn in_blocks(name: &str, item: &Item) -> String {
    let mode = if item.is_directory() { "drwxr-xr-x   2" } else { "-rw-r--r--   1" };
    format!("{mode} ftp      ftp      {:>12} {} {name}", item.size().div_ceil(512), ls_date(item, 0))
}

/// `ls -F`: executable files are marked.
pub(super) fn marked(name: &str, item: &Item) -> String {
    let (mode, mark) = if item.is_directory() { ("drwxr-xr-x   2", "/") } else { ("-rwxr-xr-x   1", "*") };
    format!("{mode} ftp      ftp      {:>12} {} {name}{mark}", item.size(), ls_date(item, 0))
}
