//! Selection of nodes of a [`NodeTable`]: some of them, in its order.

use std::sync::Arc;

use super::{node::Node, node_table::NodeTable};

/// Some nodes of a table. Each takes 4 bytes beside the table.
#[derive(Debug, Clone, Default)]
pub(crate) struct NodeSelection {
    table: Arc<NodeTable>,
    /// The positions of the nodes in the table, in order.
    positions: Vec<u32>,
}

impl NodeSelection {
    /// Selects nothing of a table.
    pub(crate) fn of(table: &Arc<NodeTable>) -> Self {
        Self { table: Arc::clone(table), positions: Vec::new() }
    }

    /// Adds the node at a position of the table, which comes after those that were added.
    pub(crate) fn push(&mut self, position: usize) {
        // A table has less than 2^32 nodes.
        self.positions.extend(u32::try_from(position));
    }

    pub(crate) fn len(&self) -> usize {
        self.positions.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// Returns a selected node, or `None` beyond the end.
    pub(crate) fn get(&self, index: usize) -> Option<Node> {
        self.table.get(*self.positions.get(index)? as usize)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Node> {
        let mut reader = self.table.reader();
        self.positions.iter().filter_map(move |position| reader.node(*position as usize))
    }

    /// Keeps only the nodes for which `keep` returns true.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Node) -> bool) {
        let mut reader = self.table.reader();
        self.positions.retain(|position| reader.node(*position as usize).is_some_and(|node| keep(&node)));
    }

    /// Returns the selection without the nodes at these indexes.
    pub(crate) fn without(&self, is_left_out: impl Fn(usize) -> bool) -> Self {
        let positions = self.positions.iter().enumerate().filter(|(index, _)| !is_left_out(*index));
        let positions = positions.map(|(_, position)| *position).collect();
        Self { table: Arc::clone(&self.table), positions }
    }

    /// Copies the nodes to a table of their own if they are less than half of it.
    pub(crate) fn compact(self) -> Self {
        if self.positions.len() >= self.table.len() / 2 {
            return self;
        }
        let table: NodeTable = self.iter().collect();
        let positions = (0..self.positions.len() as u32).collect();
        Self { table: Arc::new(table), positions }
    }
}

#[cfg(test)]
mod tests {
    use oxftp_proto::FileName;

    use super::super::node::{NodeFacts, NodeKind};
    use super::*;

    #[test]
    fn few_selected_nodes_leave_their_table() {
        let file = |name: char| Node {
            name: FileName::new(name.to_string()).unwrap(),
            kind: NodeKind::File,
            facts: NodeFacts::default(),
        };
        let table: Arc<NodeTable> = Arc::new(('a'..='z').map(file).collect());
        let mut selection = NodeSelection::of(&table);
        [3, 20].into_iter().for_each(|position| selection.push(position));
        let selected: Vec<_> = selection.iter().collect();

        let compact = selection.compact();

        assert_eq!(Arc::strong_count(&table), 1);
        assert_eq!(selected, [file('d'), file('u')]);
        assert!(compact.iter().eq(selected));
    }
}
