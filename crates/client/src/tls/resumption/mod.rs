pub(crate) mod signing;
pub(crate) mod tickets;
pub(crate) mod transcript;
