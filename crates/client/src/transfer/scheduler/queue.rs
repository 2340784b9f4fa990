//! Queue of pending directory listings and file transfers.
//!
//! [`Queue`] decides what the next free worker does. It performs no I/O.

use std::collections::{BTreeMap, VecDeque};

use crate::transfer::options::{Order, OrderKey};

/// Queue of directories to list and files to transfer.
pub(crate) struct Queue<D, F> {
    directories: VecDeque<D>,
    files: BTreeMap<OrderKey, F>,
    /// Files that are not tasks yet, in the order in which they were found.
    batches: VecDeque<WaitingBatch<F>>,
    /// The number of files in the batches.
    in_batches: usize,
    order: Order,
    /// The number of files that were found so far.
    found: u64,
    /// The number of files that their batches could not hand out.
    lost: u64,
    listing: usize,
    transferring: usize,
    /// The maximum of directories that are listed at once while files wait.
    max_listing: usize,
    /// While this many files wait, no other directory is listed.
    max_waiting: usize,
    stopped: bool,
}

/// Files of one directory, each of which becomes a task when its turn comes.
pub(crate) type FileBatch<F> = Box<dyn ExactSizeIterator<Item = F> + Send + Sync>;

struct WaitingBatch<F> {
    /// The number of its next file.
    next: u64,
    files: FileBatch<F>,
}

/// A unit of work.
pub(crate) enum Task<D, F> {
    List(D),
    /// The key keeps the position of a file that is put back.
    Transfer(OrderKey, F),
}

/// The next step of a worker.
pub(crate) enum Next<D, F> {
    Task(Task<D, F>),
    /// Nothing at present; other workers may find something.
    Wait,
    /// Everything is done.
    End,
}

impl<D, F> Queue<D, F> {
    /// Creates a queue for this many connections.
    ///
    /// A single connection transfers the files it found before it lists the next directory. Several connections
    /// list ahead, so that there is always work for each.
    pub(crate) fn new(order: Order, connections: usize) -> Self {
        Self {
            directories: VecDeque::new(),
            files: BTreeMap::new(),
            batches: VecDeque::new(),
            in_batches: 0,
            order,
            found: 0,
            lost: 0,
            listing: 0,
            transferring: 0,
            max_listing: connections.div_ceil(2),
            max_waiting: if connections > 1 || order.compares() { LOOK_AHEAD } else { 1 },
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

    /// Adds the files of a batch. In the order in which they were found, they stay in the batch until their turn comes.
    pub(crate) fn add_batch(
        &mut self,
        mut batch: FileBatch<F>,
        size: impl Fn(&F) -> Option<u64>,
        name: impl Fn(&F) -> String,
    ) {
        if self.order.compares() {
            while let (left @ 1.., file) = (batch.len(), batch.next()) {
                let Some(file) = file else {
                    self.lost += left as u64;
                    break;
                };
                let size = size(&file);
                self.add_file(file, size, &name);
            }
        } else if batch.len() > 0 {
            let next = self.found;
            self.found += batch.len() as u64;
            self.in_batches += batch.len();
            self.batches.push_back(WaitingBatch { next, files: batch });
        }
    }

    /// Removes the first of the files that wait.
    fn pop_file(&mut self) -> Option<(OrderKey, F)> {
        loop {
            let single = self.files.first_key_value().map(|((_, _, number), _)| *number);
            let Some(batch) =
                self.batches.front_mut().filter(|batch| single.is_none_or(|it| batch.next < it))
            else {
                return self.files.pop_first();
            };
            let key = self.order.key(None, batch.next, String::new);
            batch.next += 1;
            let before = batch.files.len();
            let file = batch.files.next();
            let left = if file.is_some() { batch.files.len() } else { 0 };
            self.in_batches -= before.saturating_sub(left);
            if left == 0 {
                self.batches.pop_front();
            }
            match file {
                Some(file) => return Some((key, file)),
                None => self.lost += before as u64,
            }
        }
    }

    /// Returns how many files were found and could not be handed out.
    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    fn has_files(&self) -> bool {
        !self.files.is_empty() || !self.batches.is_empty()
    }

    /// Returns how many files wait.
    fn waiting(&self) -> usize {
        self.files.len() + self.in_batches
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
            && let Some((key, file)) = self.pop_file()
        {
            self.transferring += 1;
            return Next::Task(Task::Transfer(key, file));
        }
        self.without_task()
    }

    /// Returns the next step of a worker that may take no task.
    pub(crate) fn without_task(&self) -> Next<D, F> {
        if self.is_over() { Next::End } else { Next::Wait }
    }

    /// Returns how many tasks [`next`](Self::next) could hand out.
    pub(crate) fn tasks(&self) -> usize {
        let listings = if self.may_list() { self.directories.len() } else { 0 };
        let transfers = if self.awaits_others() { 0 } else { self.waiting() };
        if self.stopped { 0 } else { listings + transfers }
    }

    /// Returns whether no work is left, and no worker can find more.
    pub(crate) fn is_over(&self) -> bool {
        let idle = self.listing == 0 && self.transferring == 0;
        self.stopped || (idle && self.directories.is_empty() && !self.has_files())
    }

    /// Returns whether more may be found.
    pub(crate) fn is_listing(&self) -> bool {
        !self.stopped && (self.listing > 0 || !self.directories.is_empty())
    }

    /// Returns whether something is left to start.
    pub(crate) fn has_more(&self) -> bool {
        let empty = !self.has_files() && self.directories.is_empty();
        !self.stopped && !empty
    }

    /// Counts a task as done, whether it succeeded or failed.
    pub(crate) fn done(&mut self, task: &Task<D, F>) {
        match task {
            Task::List(_) => self.listing -= 1,
            Task::Transfer(..) => self.transferring -= 1,
        }
    }

    /// Puts a task back, for another worker.
    pub(crate) fn put_back(&mut self, task: Task<D, F>) {
        self.done(&task);
        match task {
            Task::List(directory) => self.directories.push_front(directory),
            Task::Transfer(key, file) => {
                self.files.insert(key, file);
            }
        }
    }

    /// Hands out no more tasks.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }

    fn may_list(&self) -> bool {
        let room = self.waiting() < self.max_waiting;
        room && (!self.has_files() || self.order.compares() || self.listing < self.max_listing)
    }

    /// Returns whether a file may still be found that comes before the waiting ones.
    fn awaits_others(&self) -> bool {
        self.order.compares()
            && self.waiting() < self.max_waiting
            && (self.listing > 0 || !self.directories.is_empty())
    }
}

/// While this many files wait, no other directory is listed. A listing that was started is completed.
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
    fn single_connection_transfers_files_before_listing_further() {
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
    fn half_of_the_connections_list_ahead() {
        let mut queue = Queue::new(Order::AsFound, 4);
        for directory in ["d1", "d2", "d3"] {
            queue.add_directory(directory);
        }
        add(&mut queue, &[("a", 1)]);

        let order: Vec<_> = (0..4).map(|_| next(&mut queue)).collect();

        // No file is left to transfer; only directories are left to list.
        assert_eq!(order, ["d1", "d2", "a", "d3"]);
        assert_eq!(next(&mut queue), "wait");
    }

    #[test]
    fn order_holds_files_back_while_listing_runs() {
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
    fn returned_task_keeps_its_position() {
        let mut queue = Queue::new(Order::AsFound, 2);
        add(&mut queue, &[("a", 1), ("b", 1)]);
        let Next::Task(first) = queue.next() else { panic!("there are tasks") };

        queue.put_back(first);

        assert_eq!(next(&mut queue), "a");
    }

    #[test]
    fn batch_keeps_the_order_of_files() {
        let mut queue: Words = Queue::new(Order::AsFound, 2);
        add(&mut queue, &[("a", 1)]);
        queue.add_batch(Box::new(["b", "c"].into_iter()), |_| None, |file| (*file).to_owned());
        queue.add_batch(Box::new([].into_iter()), |_| None, |file| (*file).to_owned());
        add(&mut queue, &[("d", 1)]);
        assert_eq!([next(&mut queue), next(&mut queue)], ["a", "b"]);
        let Next::Task(second) = queue.next() else { panic!("there are tasks") };

        queue.put_back(second);

        assert_eq!([next(&mut queue), next(&mut queue), next(&mut queue)], ["c", "d", "wait"]);
    }

    /// A batch that ends before its time: its files cannot be read again.
    struct CutBatch(usize);

    impl Iterator for CutBatch {
        type Item = &'static str;

        fn next(&mut self) -> Option<&'static str> {
            let is_first = self.0 == 2;
            self.0 = 1;
            is_first.then_some("a")
        }

        fn size_hint(&self) -> (usize, Option<usize>) {
            (self.0, Some(self.0))
        }
    }

    impl ExactSizeIterator for CutBatch {}

    #[test]
    fn files_of_truncated_batch_are_counted() {
        for order in [Order::AsFound, Order::Name] {
            let mut queue: Words = Queue::new(order, 2);
            queue.add_batch(Box::new(CutBatch(2)), |_| None, |file| (*file).to_owned());
            add(&mut queue, &[("b", 1)]);

            assert_eq!([next(&mut queue), next(&mut queue), next(&mut queue)], ["a", "b", "wait"]);
            assert_eq!(queue.lost(), 1);
        }
    }

    #[test]
    fn batch_is_sorted_by_an_order_that_compares() {
        let mut queue: Words = Queue::new(Order::Name, 2);
        queue.add_batch(Box::new(["b", "a"].into_iter()), |_| None, |file| (*file).to_owned());

        assert_eq!([next(&mut queue), next(&mut queue)], ["a", "b"]);
    }

    #[test]
    fn urgent_directories_keep_their_order() {
        let mut queue = Queue::new(Order::AsFound, 1);
        queue.add_directory("c");

        queue.put_first(vec!["a", "b"]);

        assert_eq!([next(&mut queue), next(&mut queue), next(&mut queue)], ["a", "b", "c"]);
    }

    #[test]
    fn full_queue_stops_listing() {
        let mut queue = Queue::new(Order::AsFound, 8);
        queue.add_directory("more");
        for _ in 0..LOOK_AHEAD {
            queue.add_file("a", None, |file| (*file).to_owned());
        }

        assert_eq!(next(&mut queue), "a");
        assert_eq!(next(&mut queue), "more");
    }
}
