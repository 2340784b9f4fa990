//! Compact table of the nodes of one directory.

use std::{borrow::Borrow, cmp::Reverse, collections::BinaryHeap};

use oxftp_proto::{Encoding, FileName, Precision, ServerZone, Timestamp, Zone};

use super::node::{Node, NodeFacts, NodeKind};
use crate::{
    Error, Result,
    list::{BlockBytes, BlockStore, unreadable_listing},
};

/// The nodes of one directory. Each is a record of few bytes, in groups: a record has only what differs from the node
/// before it in its group. The records of a large directory are in a temporary file.
///
/// A table is in the order in which its nodes were added until it is [sorted](Self::sort). If a record cannot be read again,
/// nodes seem to be missing, and [`check`](Self::check) fails.
#[derive(Debug, Default)]
pub(crate) struct NodeTable {
    /// The records. No group crosses the end of a block.
    blocks: BlockStore,
    /// The name of the first node of each block.
    first_names: Vec<Box<[u8]>>,
    /// The address of each group: its offset plus the number of its block times [`BLOCK`].
    groups: Vec<u32>,
    length: usize,
    /// The last node, which the next one is compared with.
    last: PriorNode,
    /// The nodes that were left out, sorted by name.
    left_out: Option<Box<Self>>,
    /// Nodes whose names are sent to their server in another form than their text.
    whole: Vec<Node>,
    /// Is applied to times without a zone.
    zone: Option<ServerZone>,
}

/// What a record is compared with: the name and facts of the node before it.
#[derive(Debug, Default)]
struct PriorNode {
    name: Vec<u8>,
    facts: NodeFacts,
}

impl NodeTable {
    /// Adds a node at the end; returns how many bytes of memory it takes at most.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] if all records together would have 4 GiB.
    pub(crate) fn push(&mut self, node: &Node) -> Result<usize> {
        let is_first = self.length.is_multiple_of(GROUP);
        if is_first {
            self.start_group()?;
        }
        let is_text =
            FileName::from_wire(node.name.as_bytes(), Encoding::UTF_8).is_ok_and(|name| name == node.name);
        let is_spilling = self.blocks.is_spilling();
        let block = self.blocks.last_mut();
        if block.is_empty() {
            self.first_names.push(node.name.as_bytes().into());
        }
        let before = block.len();
        let shared;
        if is_text {
            shared = self.last.write(node, block);
        } else {
            block.push(WHOLE);
            shared = self.last.write_name(node.name.as_bytes(), block);
            write_number(self.whole.len() as u64, block);
            self.whole.push(node.clone());
        }
        let mut memory = size_of::<u32>();
        if !is_spilling {
            memory += block.len() - before + shared;
        }
        if !is_text {
            memory += size_of::<Node>() + node.name.as_bytes().len();
        }
        self.length += 1;
        Ok(memory)
    }

    /// Fails if a node could not be read again. Nothing may be concluded from the absence of a node before.
    pub(crate) fn check(&self) -> Result<()> {
        self.blocks.check()?;
        self.left_out.as_ref().map_or(Ok(()), |left_out| left_out.check())
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Returns a node, or `None` beyond the end.
    pub(crate) fn get(&self, index: usize) -> Option<Node> {
        self.reader().node(index)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Node> {
        let mut reader = self.reader();
        (0..self.length).filter_map(move |index| reader.node(index))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = Vec<u8>> {
        let mut reader = self.reader();
        (0..self.length).filter_map(move |index| Some(reader.name(index)?.to_vec()))
    }

    /// Returns the facts of a node, or none beyond the end.
    pub(crate) fn facts_of(&self, index: usize) -> NodeFacts {
        self.reader().facts(index).unwrap_or_default()
    }

    /// Returns the facts of each node.
    pub(crate) fn facts(&self) -> impl Iterator<Item = NodeFacts> {
        let mut reader = self.reader();
        (0..self.length).filter_map(move |index| reader.facts(index))
    }

    /// Creates a reader, which is fast for nodes in order.
    pub(crate) fn reader(&self) -> NodeReader<'_> {
        NodeReader { table: self, next: 0, block: None, at: 0, record: None, current: PriorNode::default() }
    }

    /// Sorts by name.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::push`].
    pub(crate) fn sort(&mut self) -> Result<()> {
        if self.is_sorted() {
            return self.check();
        }
        let is_large = self.blocks.is_spilling();
        let mut sorted = if is_large { self.merge_sorted()? } else { self.sorted_in_memory()? };
        sorted.left_out = self.left_out.take();
        *self = sorted;
        Ok(())
    }

    fn sorted_in_memory(&self) -> Result<Self> {
        let mut sorted = self.without_nodes();
        self.add_sorted_to(&mut sorted)?;
        Ok(sorted)
    }

    /// Sorts runs of nodes in memory, and merges them.
    fn merge_sorted(&self) -> Result<Self> {
        let (mut runs, mut starts) = (self.without_nodes(), Vec::new());
        let (mut reader, mut next) = (self.reader(), 0);
        while next < self.length {
            let (mut run, mut bytes) = (Self::default(), 0);
            while bytes < RUN
                && let Some(node) = reader.stored_node(next)
            {
                bytes += run.push(&node)?;
                next += 1;
            }
            if run.is_empty() {
                return Err(unreadable_listing());
            }
            starts.push(runs.len());
            run.add_sorted_to(&mut runs)?;
        }
        runs.merged(&starts)
    }

    fn is_sorted(&self) -> bool {
        let (mut reader, mut before) = (self.reader(), Vec::new());
        (0..self.length).all(|index| {
            let name = reader.name(index).unwrap_or_default();
            let follows = before.as_slice() <= name;
            before.clear();
            before.extend_from_slice(name);
            follows
        })
    }

    /// Adds the nodes to a table in the order of their names. All names are held in memory.
    fn add_sorted_to(&self, sorted: &mut Self) -> Result<()> {
        let (mut reader, mut names) = (self.reader(), Vec::new());
        let mut ends = Vec::with_capacity(self.length);
        for index in 0..self.length {
            names.extend_from_slice(reader.name(index).unwrap_or_default());
            ends.push(names.len());
        }
        let name = |index: &u32| {
            let index = *index as usize;
            let start = index.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
            ends.get(index).and_then(|end| names.get(start..*end)).unwrap_or_default()
        };
        // A table of less than 4 GiB has less than 2^32 nodes.
        let mut order: Vec<u32> = (0..self.length as u32).collect();
        order.sort_unstable_by(|one, other| name(one).cmp(name(other)));
        for index in order {
            if let Some(node) = reader.stored_node(index as usize) {
                sorted.push(&node)?;
            }
        }
        self.check()
    }

    /// Merges sorted runs of nodes that start at these positions.
    fn merged(&self, starts: &[usize]) -> Result<Self> {
        let ends = starts.iter().skip(1).copied().chain([self.length]);
        let mut runs: Vec<_> = starts.iter().copied().zip(ends).map(|run| (self.reader(), run)).collect();
        let mut heads = BinaryHeap::new();
        for (number, (reader, (start, _))) in runs.iter_mut().enumerate() {
            heads.extend(reader.name(*start).map(|name| Reverse((name.to_vec(), number))));
        }
        let mut merged = self.without_nodes();
        while let Some(Reverse((_, number))) = heads.pop() {
            let Some((reader, (next, end))) = runs.get_mut(number) else { continue };
            if let Some(node) = reader.stored_node(*next) {
                merged.push(&node)?;
            }
            *next += 1;
            if next < end {
                heads.extend(reader.name(*next).map(|name| Reverse((name.to_vec(), number))));
            }
        }
        self.check()?;
        Ok(merged)
    }

    /// Returns the position of a name in a sorted table.
    pub(crate) fn find(&self, name: &[u8]) -> Option<usize> {
        let number = self.first_names.partition_point(|first| **first <= *name).checked_sub(1)?;
        let block_of = |address: &u32| *address as usize / BLOCK;
        let start = self.groups.partition_point(|address| block_of(address) < number);
        let end = self.groups.partition_point(|address| block_of(address) <= number);
        let block = self.blocks.block(number)?;
        let first = |address: &u32| {
            Record(block.get(*address as usize % BLOCK..).unwrap_or_default())
                .first_name()
                .unwrap_or_default()
        };
        let after = self.groups.get(start..end)?.partition_point(|address| first(address) <= name);
        let start = (start + after.checked_sub(1)?) * GROUP;
        let mut reader = self.reader();
        (start..self.length.min(start + GROUP)).find(|index| reader.name(*index) == Some(name))
    }

    /// Leaves out all nodes but those for which `keep` returns true.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::push`].
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&Node) -> bool) -> Result<()> {
        let mut left_out = self.left_out.take().unwrap_or_default();
        let (mut reader, mut kept) = (self.reader(), self.without_nodes());
        for index in 0..self.length {
            match (reader.node(index).is_some_and(|node| keep(&node)), reader.stored_node(index)) {
                (true, Some(node)) => kept.push(&node)?,
                (false, Some(node)) => left_out.push(&node)?,
                (_, None) => 0,
            };
        }
        self.check()?;
        if !left_out.is_empty() {
            left_out.sort()?;
            kept.left_out = Some(left_out);
        }
        *self = kept;
        Ok(())
    }

    /// Returns whether a node of this name was left out.
    pub(crate) fn has_left_out(&self, name: &[u8]) -> bool {
        self.left_out.as_ref().is_some_and(|nodes| nodes.find(name).is_some())
    }

    /// Applies the zone of a server to times without a zone.
    pub(crate) fn set_zone(&mut self, zone: ServerZone) {
        self.zone = Some(zone);
    }

    /// Creates an empty table of the same server.
    fn without_nodes(&self) -> Self {
        Self { zone: self.zone.clone(), ..Self::default() }
    }

    fn start_group(&mut self) -> Result<()> {
        self.last = PriorNode::default();
        if self.blocks.last_mut().len() >= BLOCK {
            self.blocks.start_block();
        }
        let (number, offset) = (self.blocks.last_number(), self.blocks.last_mut().len());
        let limit = u32::MAX as usize;
        let address = u32::try_from(number * BLOCK + offset)
            .map_err(|_| Error::Limit { what: "bytes of entries in a listing", limit })?;
        self.groups.push(address);
        Ok(())
    }

    /// Creates a table of which a part cannot be read again.
    #[cfg(test)]
    pub(crate) fn damaged() -> Self {
        let name = |number| format!("{number:07}{}", "x".repeat(200));
        let node = |number| Node {
            name: FileName::new(name(number)).expect("it is one component"),
            kind: NodeKind::File,
            facts: NodeFacts::default(),
        };
        // The numbers are prefixes, so that the names have little in common with those before them.
        let table: Self = (0..100_000_u64).map(|number| node(number * 99_991 % 10_000_000)).collect();
        table.blocks.truncate_file();
        table
    }

    fn localize(&self, facts: &mut NodeFacts) {
        if let Some(zone) = &self.zone {
            facts.modified = facts.modified.map(|time| zone.localize(time));
        }
    }
}

/// Reader of a [`NodeTable`].
pub(crate) struct NodeReader<'t> {
    table: &'t NodeTable,
    /// The position of the node after the current one.
    next: usize,
    /// The block of the current group, with its number.
    block: Option<(usize, BlockBytes<'t>)>,
    /// Where the next record begins in the block.
    at: usize,
    /// What the current record has beside its name and facts.
    record: Option<RecordKind>,
    current: PriorNode,
}

/// The kind of a node as a record has it.
#[derive(Debug)]
struct RecordKind {
    flags: u8,
    /// The destination of a symbolic link.
    destination: Option<Box<[u8]>>,
    /// The position of a node that is kept whole.
    whole: Option<usize>,
}

impl NodeReader<'_> {
    /// Returns the name of a node, or `None` beyond the end.
    pub(crate) fn name(&mut self, index: usize) -> Option<&[u8]> {
        self.seek(index)?;
        Some(&self.current.name)
    }

    /// Returns a node, or `None` beyond the end.
    pub(crate) fn node(&mut self, index: usize) -> Option<Node> {
        let mut node = self.stored_node(index)?;
        self.table.localize(&mut node.facts);
        Some(node)
    }

    /// Returns the facts of a node, or `None` beyond the end.
    pub(crate) fn facts(&mut self, index: usize) -> Option<NodeFacts> {
        let mut facts = match self.seek(index)?.whole {
            Some(whole) => self.table.whole.get(whole)?.facts,
            None => self.current.facts,
        };
        self.table.localize(&mut facts);
        Some(facts)
    }

    /// Returns a node without the zone of its server.
    fn stored_node(&mut self, index: usize) -> Option<Node> {
        let record = self.seek(index)?;
        if let Some(whole) = record.whole {
            return self.table.whole.get(whole).cloned();
        }
        let kind = record.kind();
        let name = FileName::from_wire(&self.current.name, Encoding::UTF_8).ok()?;
        Some(Node { name, kind, facts: self.current.facts })
    }

    /// Goes to a node.
    fn seek(&mut self, index: usize) -> Option<&RecordKind> {
        if index >= self.table.length {
            return None;
        }
        if index + 1 != self.next {
            if index < self.next || index / GROUP != self.next / GROUP {
                self.next = index / GROUP * GROUP;
            }
            while self.next <= index {
                self.read_next()?;
            }
        }
        self.record.as_ref()
    }

    fn read_next(&mut self) -> Option<()> {
        self.record = None;
        if self.next.is_multiple_of(GROUP) {
            let address = *self.table.groups.get(self.next / GROUP)? as usize;
            let number = address / BLOCK;
            if self.block.as_ref().is_none_or(|(current, _)| *current != number) {
                self.block = Some((number, self.table.blocks.block(number)?));
            }
            self.at = address % BLOCK;
            self.current.name.clear();
            self.current.facts = NodeFacts::default();
        }
        let (_, block) = self.block.as_ref()?;
        let mut rest = Record(block.get(self.at..)?);
        self.record = Some(rest.read(&mut self.current)?);
        self.at = block.len() - rest.0.len();
        self.next += 1;
        Some(())
    }
}

impl RecordKind {
    fn kind(&self) -> NodeKind {
        match self.flags & KIND {
            FILE => NodeKind::File,
            DIRECTORY => NodeKind::Directory { via_symlink: false },
            LINKED_DIRECTORY => NodeKind::Directory { via_symlink: true },
            SYMLINK => NodeKind::Symlink(self.destination.clone()),
            DANGLING => NodeKind::DanglingSymlink,
            _ => NodeKind::Other,
        }
    }
}

impl<N: Borrow<Node>> FromIterator<N> for NodeTable {
    fn from_iter<I: IntoIterator<Item = N>>(nodes: I) -> Self {
        let mut table = Self::default();
        for node in nodes {
            // A node of a table that has less than 4 GiB.
            let _ = table.push(node.borrow());
        }
        table
    }
}

/// The rest of a group of records.
struct Record<'t>(&'t [u8]);

impl<'t> Record<'t> {
    /// Reads the next record, and turns the node before it into its node.
    fn read(&mut self, node: &mut PriorNode) -> Option<RecordKind> {
        let flags = self.byte()?;
        node.name.truncate(usize::try_from(self.number()?).ok()?);
        node.name.extend_from_slice(self.bytes()?);
        if flags & KIND == WHOLE {
            let whole = usize::try_from(self.number()?).ok();
            return Some(RecordKind { flags, destination: None, whole });
        }
        if flags & SAME_FACTS == 0 {
            self.facts(flags, &mut node.facts)?;
        }
        let destination = if flags & HAS_DESTINATION != 0 { Some(self.bytes()?.into()) } else { None };
        Some(RecordKind { flags, destination, whole: None })
    }

    /// Returns the name of the first record of a group.
    fn first_name(mut self) -> Option<&'t [u8]> {
        self.byte()?;
        self.number()?;
        self.bytes()
    }

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

    fn facts(&mut self, flags: u8, facts: &mut NodeFacts) -> Option<()> {
        let before = clock_seconds(facts);
        *facts = NodeFacts::default();
        if flags & HAS_SIZE != 0 {
            facts.size = Some(self.number()?);
        }
        if flags & HAS_TIME != 0 {
            facts.modified = Some(self.time(before)?);
        }
        if flags & HAS_MODE != 0 {
            facts.mode = Some(u16::try_from(self.number()?).ok()?);
        }
        Some(())
    }

    fn time(&mut self, before: i64) -> Option<Timestamp> {
        let tag = self.byte()?;
        let seconds = before.wrapping_add(self.signed()?);
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

impl PriorNode {
    /// Writes the record of the next node; returns how many bytes it saves.
    fn write(&mut self, node: &Node, out: &mut Vec<u8>) -> usize {
        let NodeFacts { size, modified, mode } = node.facts;
        let (kind, destination) = match &node.kind {
            NodeKind::File => (FILE, None),
            NodeKind::Directory { via_symlink: false } => (DIRECTORY, None),
            NodeKind::Directory { via_symlink: true } => (LINKED_DIRECTORY, None),
            NodeKind::Symlink(destination) => (SYMLINK, destination.as_deref()),
            NodeKind::DanglingSymlink => (DANGLING, None),
            NodeKind::Other => (OTHER, None),
        };
        let is_same = self.facts == node.facts;
        let flag = |is_set: bool, flag| if is_set { flag } else { 0 };
        out.push(
            kind | flag(size.is_some(), HAS_SIZE)
                | flag(modified.is_some(), HAS_TIME)
                | flag(mode.is_some(), HAS_MODE)
                | flag(destination.is_some(), HAS_DESTINATION)
                | flag(is_same, SAME_FACTS),
        );
        let shared = self.write_name(node.name.as_bytes(), out);
        if !is_same {
            if let Some(size) = size {
                write_number(size, out);
            }
            if let Some(time) = modified {
                write_time(time, clock_seconds(&self.facts), out);
            }
            if let Some(mode) = mode {
                write_number(mode.into(), out);
            }
            self.facts = node.facts;
        }
        if let Some(destination) = destination {
            write_bytes(destination, out);
        }
        shared + flag(is_same, LENGTH_OF_FACTS) as usize
    }

    /// Writes how much of a name is that of the name before, and the rest; returns the first.
    fn write_name(&mut self, name: &[u8], out: &mut Vec<u8>) -> usize {
        let shared = self.name.iter().zip(name).take_while(|(before, byte)| before == byte).count();
        let rest = name.get(shared..).unwrap_or_default();
        write_number(shared as u64, out);
        write_bytes(rest, out);
        self.name.truncate(shared);
        self.name.extend_from_slice(rest);
        shared
    }
}

fn write_time(time: Timestamp, before: i64, out: &mut Vec<u8>) {
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
    write_signed(seconds_of(time).wrapping_sub(before), out);
    if precision == FRACTION {
        write_number(time.nanosecond().into(), out);
    }
    if let Zone::Offset(seconds) = time.zone() {
        write_signed(seconds.into(), out);
    }
}

/// Returns the clock time of a node in seconds, 0 if it has none.
fn clock_seconds(facts: &NodeFacts) -> i64 {
    facts.modified.map_or(0, seconds_of)
}

/// Returns a clock time in seconds, independent of its zone.
fn seconds_of(time: Timestamp) -> i64 {
    time.with_zone(Zone::Utc).to_unix(0)
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

/// The size from which a block takes no further group.
const BLOCK: usize = 1 << 16;
/// The size from which a run takes no further node: a run stays in memory.
const RUN: usize = 3 << 20;
/// The number of nodes in a group: a reader that goes to a node passes those before it in its group.
const GROUP: usize = 16;

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
/// The facts are those of the node before.
const SAME_FACTS: u8 = 1 << 7;
/// About the number of bytes that facts take.
const LENGTH_OF_FACTS: u8 = 8;

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
    fn nodes_with_similar_names_take_few_bytes() {
        let mut table = NodeTable::default();
        let mut bytes = 0;
        for number in 0..1000 {
            let modified = Timestamp::from_unix(1_704_164_645 + number, 0);
            let facts = NodeFacts { size: Some(1000), modified, mode: None };
            bytes += table.push(&Node { facts, ..file(&format!("report-{number:07}.dat")) }).unwrap();
        }
        let blocks = (0..=table.blocks.last_number()).filter_map(|number| table.blocks.block(number));
        let records: usize = blocks.map(|block| block.len()).sum();
        let used = records + table.groups.len() * size_of::<u32>();
        assert!(used <= 16_000, "{used}");
        // As much as if the names were not similar.
        assert!((28_000..33_000).contains(&bytes), "{bytes}");
    }

    #[test]
    fn large_table_is_sorted_by_merging_runs() {
        // In no order, each twice as long as a run allows for in memory.
        let long = "x".repeat(200);
        let name = |number: u64| format!("{:016x}{long}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut names: Vec<_> = (0..2 * (RUN / 200) as u64 + 1000).map(name).collect();
        let mut table: NodeTable = names.iter().map(|name| file(name)).collect();

        table.sort().unwrap();

        names.sort();
        assert!(table.blocks.is_spilling());
        assert!(table.names().eq(names.iter().map(|name| name.as_bytes().to_vec())));
        for index in (0..names.len()).step_by(999).rev() {
            assert_eq!(table.find(names[index].as_bytes()), Some(index));
            assert_eq!(table.get(index).unwrap(), file(&names[index]));
        }
        assert_eq!((table.find(b"~"), table.find(b"")), (None, None));
        table.check().unwrap();
    }

    #[test]
    fn truncated_temporary_file_is_an_error() {
        let mut table = NodeTable::damaged();

        assert!(table.names().count() < table.len());
        assert!(table.check().is_err());
        assert!(table.sort().is_err());
        assert!(table.retain(|_| true).is_err());
        assert_eq!(table.len(), 100_000);
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
        table.sort().unwrap();
        table.retain(|node| !matches!(node.name.as_bytes(), b"a" | b"c")).unwrap();
        table.retain(|node| node.name.as_bytes() != b"d").unwrap();

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
                ("[a-cä]{1,4}", kinds(), any::<Option<u64>>(), prop::option::of(times()), any::<Option<u16>>()), 0..40,
            ),
        ) {
            let mut nodes: Vec<_> = found.into_iter().map(|(name, kind, size, modified, mode)| Node {
                name: FileName::new(name).unwrap(), kind, facts: NodeFacts { size, modified, mode },
            }).collect();
            let mut table: NodeTable = nodes.iter().collect();

            prop_assert!(table.facts().eq(nodes.iter().map(|node| node.facts)));
            prop_assert!((0..nodes.len()).rev().all(|index| table.get(index).as_ref() == nodes.get(index)));
            prop_assert!(table.iter().eq(nodes.iter().cloned()));

            table.sort().unwrap();

            nodes.sort_by(|one, other| one.name.as_bytes().cmp(other.name.as_bytes()));
            prop_assert!(table.names().eq(nodes.iter().map(|node| node.name.as_bytes().to_vec())));
            prop_assert!(nodes.iter().all(|node| table.find(node.name.as_bytes()).is_some()));
            prop_assert_eq!(table.find(b"~"), None);
        }
    }
}
