//! Lines of listings that could not be parsed.

/// The lines that could not be parsed.
#[derive(Default)]
pub(super) struct Unparsed {
    pub(super) count: u64,
    pub(super) samples: Vec<Vec<u8>>,
}

impl Unparsed {
    pub(super) fn add(&mut self, count: u64, samples: &[Vec<u8>]) {
        self.count = self.count.saturating_add(count);
        let room = MAX_SAMPLES.saturating_sub(self.samples.len());
        self.samples.extend(samples.iter().take(room).cloned());
    }
}

const MAX_SAMPLES: usize = 8;
