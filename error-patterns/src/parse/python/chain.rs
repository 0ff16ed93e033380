//! From printed exceptions to a chain: which one was reported, and what hangs on what.

use super::Block;
use crate::model::{ParsedException, Relation};
use std::borrow::Cow;

/// Ties blocks to chains: the last block that nothing follows is the reported exception and comes first.
pub(super) fn tie(mut blocks: Vec<Block<'_>>) -> Vec<ParsedException<'_>> {
    if blocks.len() == 1 {
        return blocks.pop().map(|block| exception(block, None)).into_iter().collect();
    }
    let parents = parents(&blocks);
    let free =
        |aside: bool| (0..blocks.len()).rev().find(|&i| parents[i].is_none() && (aside || !blocks[i].aside));
    let Some(reported) = free(false).or_else(|| free(true)) else { return vec![] };
    // Breadth first from the reported exception; what it does not reach was handled before and is not its chain.
    let mut order = vec![reported];
    let mut done = 0;
    while let Some(&owner) = order.get(done) {
        let hangs = |i: &usize| parents[*i].is_some_and(|(parent, _)| parent == owner) && *i != owner;
        let of_owner: Vec<usize> = (0..blocks.len()).filter(hangs).collect();
        order.extend(of_owner);
        done += 1;
    }
    let mut place = vec![0; blocks.len()];
    for (new, &old) in order.iter().enumerate() {
        place[old] = new;
    }
    let mut blocks: Vec<Option<Block<'_>>> = blocks.into_iter().map(Some).collect();
    order
        .iter()
        .filter_map(|&old| Some(exception(blocks[old].take()?, parents[old].map(|(p, r)| (place[p], r)))))
        .collect()
}

/// What each block hangs on, and how.
fn parents(blocks: &[Block<'_>]) -> Vec<Option<(usize, Relation)>> {
    let mut parents: Vec<Option<(usize, Relation)>> = Vec::with_capacity(blocks.len());
    for (i, block) in blocks.iter().enumerate() {
        let after = || blocks.iter().enumerate().skip(i + 1).take_while(|(_, b)| b.depth >= block.depth);
        let chained = block.next.and_then(|relation| {
            after().find(|(_, b)| b.depth == block.depth).map(|(next, _)| (next, relation))
        });
        let group = || {
            let owner = blocks[..i].iter().rposition(|b| b.depth < block.depth)?;
            Some((owner, Relation::Member))
        };
        parents.push(chained.or_else(group));
    }
    for holder in (0..blocks.len()).rev().filter(|&i| blocks[i].holds_cause && parents_end(blocks, i)) {
        let inner = (holder + 1..blocks.len()).rev().find(|&i| parents[i].is_none());
        if let Some(inner) = inner {
            parents[inner] = Some((holder, Relation::Cause));
        }
    }
    parents
}

/// Whether nothing that follows a block is said to follow from it.
fn parents_end(blocks: &[Block<'_>], i: usize) -> bool {
    blocks[i].next.is_none() && blocks[i].depth == 0
}

fn exception<'a>(block: Block<'a>, parent: Option<(usize, Relation)>) -> ParsedException<'a> {
    let mut frames = block.frames;
    frames.reverse();
    ParsedException {
        error_type: Cow::Borrowed(block.error_type),
        message: block.message,
        frames,
        relation: parent.map_or(Relation::Reported, |(_, relation)| relation),
        parent: parent.map(|(parent, _)| parent),
        ..ParsedException::default()
    }
}
