//! Which files come first.

/// In which order the files of a tree are transferred.
///
/// Any order but [`AsFound`](Self::AsFound) holds among the files that are known: no file is begun before
/// the whole tree is listed, or 10,000 files of it. With several connections, what is begun first
/// need not end first.
///
/// ```no_run
/// use oxftp::Order;
///
/// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
/// pool.download("photos").order(Order::LargestFirst).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Order {
    /// As the listings name them, a directory before those in it.
    #[default]
    AsFound,
    /// Large files first, those of unknown size last: so the last one is short, and no connection
    /// waits long for another.
    LargestFirst,
    /// Small files first, those of unknown size last: so most of them are there soon.
    SmallestFirst,
    /// By path, byte for byte.
    Name,
}

/// What files are sorted by: the least comes first.
pub(crate) type Key = (u64, String, u64);

impl Order {
    /// Gives the key of a file that was found as the `number`th.
    pub(crate) fn key(self, size: Option<u64>, number: u64, name: impl FnOnce() -> String) -> Key {
        match self {
            Self::AsFound => (0, String::new(), number),
            Self::LargestFirst => {
                (size.map_or(u64::MAX, |size| u64::MAX - 1 - size.min(u64::MAX - 1)), String::new(), number)
            }
            Self::SmallestFirst => (size.unwrap_or(u64::MAX), String::new(), number),
            Self::Name => (0, name(), number),
        }
    }

    /// Tells whether files are to wait until others are known.
    pub(crate) fn compares(self) -> bool {
        self != Self::AsFound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(order: Order) -> String {
        let files = [("b", Some(5)), ("a", Some(9)), ("d", None), ("c", Some(0)), ("e", Some(5))];
        let mut keys: Vec<_> = (0..)
            .zip(files)
            .map(|(number, (name, size))| (order.key(size, number, || name.to_owned()), name))
            .collect();
        keys.sort();
        keys.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn files_come_in_the_order_that_was_asked_for() {
        assert_eq!(sorted(Order::AsFound), "badce");
        assert_eq!(sorted(Order::LargestFirst), "abecd");
        assert_eq!(sorted(Order::SmallestFirst), "cbead");
        assert_eq!(sorted(Order::Name), "abcde");
    }
}

// ==== merged from tree/connections.rs
//- How many connections a transfer is to have.

/// Over how many of a pool's connections a transfer goes.
///
/// Over a client of one's own it is always one.
///
/// ```no_run
/// use oxftp::Connections;
///
/// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
/// pool.download("photos").connections(Connections::Auto).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Connections {
    /// Over as many as the pool has.
    #[default]
    All,
    /// Over as many as make it faster: it begins with one, and takes more, up to the pool's
    /// [size](crate::Pool::size), while files and bytes flow faster for it.
    Auto,
}
