//! Fields that several formats share: dates, times, modes, numbers and columns of text.

pub(super) mod date;
pub(super) mod date_order;
pub(super) mod mode;
pub(super) mod months;
pub(super) mod numeric;
pub(super) mod stamp;
pub(super) mod text;
