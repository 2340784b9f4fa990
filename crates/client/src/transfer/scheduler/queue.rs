//! What of a tree is still to be done.
//!
//! [`Queue`] decides what the next free connection does; it does nothing itself and awaits nothing.

use std::collections::{BTreeMap, VecDeque};

use crate::transfer::options::{Key, Order};

/// Directories to list and files to transfer.
pub(crate) struct Queue<D, F> {
    directories: VecDeque<D>,
    files: BTreeMap<Key, F>,
    order: Order,
    /// Files found so far.
    found: u64,
    listing: usize,
    transferring: usize,
    /// How many directories are listed at once while files wait.
    most_listing: usize,
    /// So many files may wait before no other directory is listed.
    ahead: usize,
    stopped: bool,
}

/// Something to do.
pub(crate) enum Task<D, F> {
    List(D),
    /// The key keeps its place, should it be put back.
    Transfer(Key, F),
}

/// What comes next.
pub(crate) enum Next<D, F> {
    Task(Task<D, F>),
    /// Nothing at present; others may find something.
    Wait,
    /// All is done.
    End,
}

impl<D, F> Queue<D, F> {
    /// Makes a queue for so many connections.
    ///
    /// One connection alone transfers what it found before it lists the next directory. Several list
    /// ahead, so that there is always something for each.
    pub(crate) fn new(order: Order, connections: usize) -> Self {
        Self {
            directories: VecDeque::new(),
            files: BTreeMap::new(),
            order,
            found: 0,
            listing: 0,
            transferring: 0,
            most_listing: connections.div_ceil(2),
            ahead: if connections > 1 || order.compares() { LOOK_AHEAD } else { 1 },
            stopped: false,
        }
    }

    pub(crate) fn add_directory(&mut self, directory: D) {
        self.directories.push_back(directory);
    }

    /// Adds directories that are listed before all others.
    pub(crate) fn put_first(&mut self, directories: Vec<D>) {
        directories.into_iter().rev().for_each(|directory| self.directories.push_front(directory));
    }

    pub(crate) fn add_file(&mut self, file: F, size: Option<u64>, name: impl FnOnce(&F) -> String) {
        let key = self.order.key(size, self.found, || name(&file));
        self.found += 1;
        self.files.insert(key, file);
    }

    pub(crate) fn next(&mut self) -> Next<D, F> {
        if self.stopped {
            return Next::End;
        }
        if self.may_list()
            && let Some(directory) = self.directories.pop_front()
        {
            self.listing += 1;
            return Next::Task(Task::List(directory));
        }
        if !self.awaits_others()
            && let Some((key, file)) = self.files.pop_first()
        {
            self.transferring += 1;
            return Next::Task(Task::Transfer(key, file));
        }
        if self.is_over() { Next::End } else { Next::Wait }
    }

    /// Tells whether there will never be anything to do any more.
    pub(crate) fn is_over(&self) -> bool {
        let idle = self.listing == 0 && self.transferring == 0;
        self.stopped || (idle && self.directories.is_empty() && self.files.is_empty())
    }

    /// Tells whether more may be found.
    pub(crate) fn is_listing(&self) -> bool {
        !self.stopped && (self.listing > 0 || !self.directories.is_empty())
    }

    /// Tells whether something is left to begin.
    pub(crate) fn has_more(&self) -> bool {
        let empty = self.files.is_empty() && self.directories.is_empty();
        !self.stopped && !empty
    }

    /// Counts a task as done, whatever came of it.
    pub(crate) fn done(&mut self, task: &Task<D, F>) {
        match task {
            Task::List(_) => self.listing -= 1,
            Task::Transfer(..) => self.transferring -= 1,
        }
    }

    /// Takes a task back, for another connection.
    pub(crate) fn put_back(&mut self, task: Task<D, F>) {
        self.done(&task);
        match task {
            Task::List(directory) => self.directories.push_front(directory),
            Task::Transfer(key, file) => {
                self.files.insert(key, file);
            }
        }
    }

    /// Gives nothing more out.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }

    fn may_list(&self) -> bool {
        let room = self.files.len() < self.ahead;
        room && (self.files.is_empty() || self.order.compares() || self.listing < self.most_listing)
    }

    /// Tells whether a better file than those that wait may be found yet.
    fn awaits_others(&self) -> bool {
        self.order.compares()
            && self.files.len() < self.ahead
            && (self.listing > 0 || !self.directories.is_empty())
    }
}

/// How many files may wait before no other directory is listed; the listing of a directory that
/// was begun is taken whole.
const LOOK_AHEAD: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    type Words = Queue<&'static str, &'static str>;

    fn next(queue: &mut Words) -> &'static str {
        match queue.next() {
            Next::Task(Task::List(directory)) => directory,
            Next::Task(Task::Transfer(_, file)) => file,
            Next::Wait => "wait",
            Next::End => "end",
        }
    }

    fn listed(queue: &mut Words) {
        queue.done(&Task::List(""));
    }

    fn transferred(queue: &mut Words) {
        queue.done(&Task::Transfer((0, String::new(), 0), ""));
    }

    fn add(queue: &mut Words, files: &[(&'static str, u64)]) {
        for (file, size) in files {
            queue.add_file(file, Some(*size), |file| (*file).to_owned());
        }
    }

    #[test]
    fn one_connection_transfers_what_it_found_before_it_lists_on() {
        let mut queue = Queue::new(Order::AsFound, 1);
        queue.add_directory("root");
        assert_eq!(next(&mut queue), "root");
        listed(&mut queue);
        queue.add_directory("below");
        add(&mut queue, &[("a", 1), ("b", 2)]);

        for expected in ["a", "b"] {
            assert_eq!(next(&mut queue), expected);
            transferred(&mut queue);
        }
        assert_eq!(next(&mut queue), "below");
        listed(&mut queue);
        assert_eq!(next(&mut queue), "end");
    }

    #[test]
    fn half_of_the_connections_list_ahead_while_the_others_transfer() {
        let mut queue = Queue::new(Order::AsFound, 4);
        for directory in ["d1", "d2", "d3"] {
            queue.add_directory(directory);
        }
        add(&mut queue, &[("a", 1)]);

        let order: Vec<_> = (0..4).map(|_| next(&mut queue)).collect();

        // With nothing to transfer, listing is all that can be done.
        assert_eq!(order, ["d1", "d2", "a", "d3"]);
        assert_eq!(next(&mut queue), "wait");
    }

    #[test]
    fn no_file_is_begun_while_a_better_one_may_be_found() {
        let mut queue = Queue::new(Order::LargestFirst, 2);
        queue.add_directory("root");
        assert_eq!(next(&mut queue), "root");
        add(&mut queue, &[("small", 1)]);
        assert_eq!(next(&mut queue), "wait");

        listed(&mut queue);
        add(&mut queue, &[("large", 9)]);

        assert_eq!(next(&mut queue), "large");
        assert_eq!(next(&mut queue), "small");
    }

    #[test]
    fn what_is_put_back_keeps_its_place() {
        let mut queue = Queue::new(Order::AsFound, 2);
        add(&mut queue, &[("a", 1), ("b", 1)]);
        let Next::Task(first) = queue.next() else { panic!("there are tasks") };

        queue.put_back(first);

        assert_eq!(next(&mut queue), "a");
    }

    #[test]
    fn directories_that_go_first_keep_their_order() {
        let mut queue = Queue::new(Order::AsFound, 1);
        queue.add_directory("c");

        queue.put_first(vec!["a", "b"]);

        assert_eq!([next(&mut queue), next(&mut queue), next(&mut queue)], ["a", "b", "c"]);
    }

    #[test]
    fn no_directory_is_listed_while_ten_thousand_files_wait() {
        let mut queue = Queue::new(Order::AsFound, 8);
        queue.add_directory("more");
        for _ in 0..LOOK_AHEAD {
            queue.add_file("a", None, |file| (*file).to_owned());
        }

        assert_eq!(next(&mut queue), "a");
        assert_eq!(next(&mut queue), "more");
    }
}
