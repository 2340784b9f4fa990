//! Compact table of the nodes of one directory.

use oxftp_proto::{Encoding, FileName, Precision, ServerZone, Timestamp, Zone};

use super::node::{Node, NodeFacts, NodeKind};
use crate::{Error, Result};

/// The nodes of one directory. Each is a record of few bytes: those of its name, and about 15 more.
///
/// A table is in the order in which its nodes were added until it is [sorted](Self::sort).
#[derive(Debug, Default)]
pub(crate) struct NodeTable {
    /// The records. None crosses the end of a block.
    blocks: Vec<Vec<u8>>,
    /// The address of each node: its offset plus the number of its block times [`BLOCK`].
    order: Vec<u32>,
    /// The addresses of the nodes that were left out, sorted by name.
    left_out: Vec<u32>,
    /// Nodes whose names are sent to their server in another form than their text.
    whole: Vec<Node>,
    /// Is applied to times without a zone.
    zone: Option<ServerZone>,
}

impl NodeTable {
    /// Adds a node at the end; returns how many bytes of memory it takes.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] if all records together would have 4 GiB.
    pub(crate) fn push(&mut self, node: &Node) -> Result<usize> {
        let (address, bytes) = self.write(node)?;
        self.order.push(address);
        Ok(bytes + size_of::<u32>())
    }

    /// Replaces a node by another of the same name.
    pub(crate) fn replace(&mut self, index: usize, node: &Node) -> Result<()> {
        let (address, _) = self.write(node)?;
        if let Some(place) = self.order.get_mut(index) {
            *place = address;
        }
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Returns a node, or `None` beyond the end.
    pub(crate) fn get(&self, index: usize) -> Option<Node> {
        self.node(*self.order.get(index)?)
    }

    /// Returns the name of a node, or `None` beyond the end.
    pub(crate) fn name(&self, index: usize) -> Option<&[u8]> {
        self.order.get(index).map(|address| self.name_at(*address))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Node> {
        self.order.iter().filter_map(|address| self.node(*address))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.order.iter().map(|address| self.name_at(*address))
    }

    /// Returns the facts of a node, or none beyond the end.
    pub(crate) fn facts_of(&self, index: usize) -> NodeFacts {
        self.order.get(index).and_then(|address| self.facts_at(*address)).unwrap_or_default()
    }

    /// Returns the facts of each node.
    pub(crate) fn facts(&self) -> impl Iterator<Item = NodeFacts> {
        self.order.iter().filter_map(|address| self.facts_at(*address))
    }

    /// Sorts by name.
    pub(crate) fn sort(&mut self) {
        let order = std::mem::take(&mut self.order);
        self.order = self.sorted(order);
    }

    /// Returns the position of a name in a sorted table.
    pub(crate) fn find(&self, name: &[u8]) -> Option<usize> {
        self.order.binary_search_by(|address| self.name_at(*address).cmp(name)).ok()
    }

    /// Leaves out all nodes but those for which `keep` returns true.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&Node) -> bool) {
        let order = std::mem::take(&mut self.order);
        let (kept, mut left_out): (Vec<_>, Vec<_>) =
            order.into_iter().partition(|address| self.node(*address).is_some_and(|node| keep(&node)));
        self.order = kept;
        if !left_out.is_empty() {
            left_out.append(&mut self.left_out);
            self.left_out = self.sorted(left_out);
        }
    }

    /// Returns whether a node of this name was left out.
    pub(crate) fn has_left_out(&self, name: &[u8]) -> bool {
        self.left_out.binary_search_by(|address| self.name_at(*address).cmp(name)).is_ok()
    }

    /// Applies the zone of a server to times without a zone.
    pub(crate) fn set_zone(&mut self, zone: ServerZone) {
        self.zone = Some(zone);
    }

    fn sorted(&self, mut addresses: Vec<u32>) -> Vec<u32> {
        addresses.sort_unstable_by(|one, other| self.name_at(*one).cmp(self.name_at(*other)));
        addresses
    }

    /// Writes the record of a node; returns its address and its length.
    fn write(&mut self, node: &Node) -> Result<(u32, usize)> {
        let mut record = Vec::new();
        let is_text =
            FileName::from_wire(node.name.as_bytes(), Encoding::UTF_8).is_ok_and(|name| name == node.name);
        if is_text {
            write_node(node, &mut record);
        } else {
            record.push(WHOLE);
            write_bytes(node.name.as_bytes(), &mut record);
            write_number(self.whole.len() as u64, &mut record);
            self.whole.push(node.clone());
        }
        if self.blocks.last().is_none_or(|block| block.len() + record.len() > BLOCK) {
            if let Some(full) = self.blocks.last_mut() {
                full.shrink_to_fit();
            }
            self.blocks.push(Vec::new());
        }
        let number = self.blocks.len() - 1;
        let offset = self.blocks.last().map_or(0, Vec::len);
        let limit = u32::MAX as usize;
        let address = u32::try_from(number * BLOCK + offset)
            .map_err(|_| Error::Limit { what: "bytes of entries in a listing", limit })?;
        if let Some(block) = self.blocks.last_mut() {
            block.extend_from_slice(&record);
        }
        Ok((address, record.len()))
    }

    fn record(&self, address: u32) -> Record<'_> {
        let address = address as usize;
        let block = self.blocks.get(address / BLOCK).map_or(&[][..], Vec::as_slice);
        Record(block.get(address % BLOCK..).unwrap_or_default())
    }

    fn name_at(&self, address: u32) -> &[u8] {
        let mut record = self.record(address);
        record.byte().and_then(|_| record.bytes()).unwrap_or_default()
    }

    fn node(&self, address: u32) -> Option<Node> {
        let mut record = self.record(address);
        let flags = record.byte()?;
        let name = record.bytes()?;
        let mut node = if flags & KIND == WHOLE {
            self.whole.get(usize::try_from(record.number()?).ok()?)?.clone()
        } else {
            let facts = record.facts(flags)?;
            let kind = record.kind(flags)?;
            Node { name: FileName::from_wire(name, Encoding::UTF_8).ok()?, kind, facts }
        };
        self.localize(&mut node.facts);
        Some(node)
    }

    fn facts_at(&self, address: u32) -> Option<NodeFacts> {
        let mut record = self.record(address);
        let flags = record.byte()?;
        if flags & KIND == WHOLE {
            return Some(self.node(address)?.facts);
        }
        record.bytes()?;
        let mut facts = record.facts(flags)?;
        self.localize(&mut facts);
        Some(facts)
    }

    fn localize(&self, facts: &mut NodeFacts) {
        if let Some(zone) = &self.zone {
            facts.modified = facts.modified.map(|time| zone.localize(time));
        }
    }
}

impl<'n> FromIterator<&'n Node> for NodeTable {
    fn from_iter<I: IntoIterator<Item = &'n Node>>(nodes: I) -> Self {
        let mut table = Self::default();
        for node in nodes {
            // A node of a table that has less than 4 GiB.
            let _ = table.push(node);
        }
        table
    }
}

/// The rest of a record.
struct Record<'t>(&'t [u8]);

impl<'t> Record<'t> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn bytes(&mut self) -> Option<&'t [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn facts(&mut self, flags: u8) -> Option<NodeFacts> {
        let mut facts = NodeFacts::default();
        if flags & HAS_SIZE != 0 {
            facts.size = Some(self.number()?);
        }
        if flags & HAS_TIME != 0 {
            facts.modified = Some(self.time()?);
        }
        if flags & HAS_MODE != 0 {
            facts.mode = Some(u16::try_from(self.number()?).ok()?);
        }
        Some(facts)
    }

    fn kind(&mut self, flags: u8) -> Option<NodeKind> {
        Some(match flags & KIND {
            FILE => NodeKind::File,
            DIRECTORY => NodeKind::Directory { via_symlink: false },
            LINKED_DIRECTORY => NodeKind::Directory { via_symlink: true },
            SYMLINK if flags & HAS_DESTINATION != 0 => NodeKind::Symlink(Some(self.bytes()?.into())),
            SYMLINK => NodeKind::Symlink(None),
            DANGLING => NodeKind::DanglingSymlink,
            _ => NodeKind::Other,
        })
    }

    fn time(&mut self) -> Option<Timestamp> {
        let tag = self.byte()?;
        let seconds = self.signed()?;
        let nanoseconds = if tag & FRACTION == FRACTION { u32::try_from(self.number()?).ok()? } else { 0 };
        let time = Timestamp::from_unix(seconds, nanoseconds)?;
        let day = Timestamp::from_date(time.year(), time.month(), time.day())?;
        let time = match tag & FRACTION {
            DAY => day,
            MINUTE => day.at(time.hour(), time.minute())?,
            SECOND => time,
            _ => day.at_nanosecond(time.hour(), time.minute(), time.second(), nanoseconds)?,
        };
        Some(time.with_zone(match tag & !FRACTION {
            UTC => Zone::Utc,
            OFFSET => Zone::Offset(i32::try_from(self.signed()?).ok()?),
            _ => Zone::Unknown,
        }))
    }
}

fn write_node(node: &Node, out: &mut Vec<u8>) {
    let NodeFacts { size, modified, mode } = node.facts;
    let (kind, destination) = match &node.kind {
        NodeKind::File => (FILE, None),
        NodeKind::Directory { via_symlink: false } => (DIRECTORY, None),
        NodeKind::Directory { via_symlink: true } => (LINKED_DIRECTORY, None),
        NodeKind::Symlink(destination) => (SYMLINK, destination.as_deref()),
        NodeKind::DanglingSymlink => (DANGLING, None),
        NodeKind::Other => (OTHER, None),
    };
    let flag = |is_set: bool, flag| if is_set { flag } else { 0 };
    out.push(
        kind | flag(size.is_some(), HAS_SIZE)
            | flag(modified.is_some(), HAS_TIME)
            | flag(mode.is_some(), HAS_MODE)
            | flag(destination.is_some(), HAS_DESTINATION),
    );
    write_bytes(node.name.as_bytes(), out);
    if let Some(size) = size {
        write_number(size, out);
    }
    if let Some(time) = modified {
        write_time(time, out);
    }
    if let Some(mode) = mode {
        write_number(mode.into(), out);
    }
    if let Some(destination) = destination {
        write_bytes(destination, out);
    }
}

fn write_time(time: Timestamp, out: &mut Vec<u8>) {
    let precision = match time.precision() {
        Precision::Day => DAY,
        Precision::Minute => MINUTE,
        Precision::Second => SECOND,
        Precision::Fraction => FRACTION,
    };
    let zone = match time.zone() {
        Zone::Utc => UTC,
        Zone::Unknown => UNKNOWN,
        Zone::Offset(_) => OFFSET,
    };
    out.push(precision | zone);
    // The clock time is stored, independent of the zone.
    write_signed(time.with_zone(Zone::Utc).to_unix(0), out);
    if precision == FRACTION {
        write_number(time.nanosecond().into(), out);
    }
    if let Zone::Offset(seconds) = time.zone() {
        write_signed(seconds.into(), out);
    }
}

/// Writes the length of the bytes, and the bytes.
fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_number(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Writes a number in as many bytes as it needs.
fn write_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn write_signed(number: i64, out: &mut Vec<u8>) {
    write_number((number << 1 ^ number >> 63) as u64, out);
}

const BLOCK: usize = 1 << 20;

// The first byte of a record: the kind of the node, and which of its facts follow.
const KIND: u8 = 0b111;
const FILE: u8 = 0;
const DIRECTORY: u8 = 1;
const LINKED_DIRECTORY: u8 = 2;
const SYMLINK: u8 = 3;
const DANGLING: u8 = 4;
const OTHER: u8 = 5;
const WHOLE: u8 = 6;
const HAS_SIZE: u8 = 1 << 3;
const HAS_TIME: u8 = 1 << 4;
const HAS_MODE: u8 = 1 << 5;
const HAS_DESTINATION: u8 = 1 << 6;

// The first byte of a time: its precision and its zone.
const DAY: u8 = 0;
const MINUTE: u8 = 1;
const SECOND: u8 = 2;
const FRACTION: u8 = 3;
const UTC: u8 = 0 << 2;
const UNKNOWN: u8 = 1 << 2;
const OFFSET: u8 = 2 << 2;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(name: &str) -> Node {
        Node { name: FileName::new(name).unwrap(), kind: NodeKind::File, facts: NodeFacts::default() }
    }

    #[test]
    fn node_takes_name_and_14_bytes() {
        let mut table = NodeTable::default();
        let modified = Timestamp::from_unix(1_704_164_645, 0);
        let mut bytes = 0;
        for number in 0..1000 {
            let facts = NodeFacts { size: Some(1000), modified, mode: None };
            bytes += table.push(&Node { facts, ..file(&format!("report-{number:07}.dat")) }).unwrap();
        }
        assert!(bytes <= 32_000, "{bytes}");
    }

    #[test]
    fn name_in_another_encoding_is_kept_whole() {
        let name = FileName::from_wire(b"\xe4.txt", Encoding::UTF_8).unwrap();
        let foreign = FileName::from_wire("ä".as_bytes(), "latin1".parse().unwrap()).unwrap();
        let nodes = [name, foreign].map(|name| Node { name, ..file("x") });

        let table: NodeTable = nodes.iter().collect();

        assert!(table.iter().eq(nodes));
    }

    #[test]
    fn left_out_names_are_found_again() {
        let mut table: NodeTable = ["c", "a", "d", "b"].map(file).iter().collect();
        table.sort();
        table.retain(|node| !matches!(node.name.as_bytes(), b"a" | b"c"));
        table.retain(|node| node.name.as_bytes() != b"d");

        assert_eq!(table.names().collect::<Vec<_>>(), [b"b"]);
        assert_eq!(
            ["a", "b", "c", "d"].map(|name| table.has_left_out(name.as_bytes())),
            [true, false, true, true]
        );
        assert_eq!((table.find(b"b"), table.find(b"a")), (Some(0), None));
    }

    fn times() -> impl Strategy<Value = Timestamp> {
        let zone =
            prop_oneof![Just(Zone::Utc), Just(Zone::Unknown), (-86_399_i32..86_400).prop_map(Zone::Offset)];
        (0_u16..10_000, 1_u8..13, 1_u8..29, 0_u8..24, 0_u8..60, 0_u32..1_000_000_000, 0..4, zone).prop_map(
            |(year, month, day, hour, minute, nanosecond, precision, zone)| {
                let day = Timestamp::from_date(year, month, day).unwrap();
                let time = match precision {
                    0 => Some(day),
                    1 => day.at(hour, minute),
                    2 => day.at_second(hour, minute, 59),
                    _ => day.at_nanosecond(hour, minute, 1, nanosecond),
                };
                time.unwrap().with_zone(zone)
            },
        )
    }

    fn kinds() -> impl Strategy<Value = NodeKind> {
        prop_oneof![
            Just(NodeKind::File),
            any::<bool>().prop_map(|via_symlink| NodeKind::Directory { via_symlink }),
            any::<Option<Vec<u8>>>().prop_map(|path| NodeKind::Symlink(path.map(Into::into))),
            Just(NodeKind::DanglingSymlink),
            Just(NodeKind::Other),
        ]
    }

    proptest! {
        #[test]
        fn nodes_are_returned_as_they_were_added(
            found in prop::collection::vec(
                ("[a-zä]{1,300}", kinds(), any::<Option<u64>>(), prop::option::of(times()), any::<Option<u16>>()), 0..8,
            ),
        ) {
            let nodes: Vec<_> = found.into_iter().map(|(name, kind, size, modified, mode)| Node {
                name: FileName::new(name).unwrap(), kind, facts: NodeFacts { size, modified, mode },
            }).collect();
            let table: NodeTable = nodes.iter().collect();

            prop_assert!(table.facts().eq(nodes.iter().map(|node| node.facts)));
            prop_assert!(table.iter().eq(nodes));
        }
    }
}
