//! Which life of which process writes under a writer id.
//!
//! A lease is a number that a process makes up when it starts and commits to the tables that it writes. An append
//! under an older lease is refused in the same step that would commit it. So a copied data folder cannot write
//! beside its original, and a commit that a killed process left on its way to the store finds its version taken.

use crate::append::WriterId;
use crate::clock;
use crate::error::LakeError;
use crate::lake::Lake;
use crate::log::{Decision, Line, TableState};
use schemas::tables::Table;

/// A made-up number; see the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease(i64);

impl Lease {
    /// The lease of this number; its highest bit is left out.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self(i64::try_from(number & (u64::MAX >> 1)).unwrap_or(0))
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0.unsigned_abs()
    }
}

impl Lake {
    /// Takes `tables` over for this life of the writer. `known` are the leases of its earlier lives, the last few.
    /// When this returns no earlier life can commit to them any more, whatever it has under way. To be called at
    /// start, before [`Self::committed_position`] is asked; safe to repeat.
    ///
    /// # Errors
    /// [`LakeError::Fenced`] where a table has a lease that is none of these: another process, with another data
    /// folder, writes under this id.
    pub async fn take_over(
        &self,
        writer: &WriterId,
        tables: &[Table],
        known: &[Lease],
        lease: Lease,
    ) -> Result<WriterId, LakeError> {
        let app_id = writer.lease_id();
        for table in tables {
            let decide = |state: &TableState| match state.position(&app_id).flatten() {
                Some(held) if held == lease.0 => Ok(Decision::Done(())),
                Some(held) if !known.contains(&Lease(held)) => Err(fenced(*table, writer)),
                _ => {
                    let now_ms = clock::now_ms();
                    let taken = Line::txn(app_id.clone(), lease.0, now_ms);
                    Ok(Decision::Commit(vec![Line::commit_info("TAKE OVER", now_ms, true), taken], ()))
                }
            };
            self.table(*table).log.commit(&[&app_id], decide).await?;
        }
        Ok(writer.with_lease(lease))
    }
}

/// Refuses a writer whose lease is no longer the table's. One without a lease is not asked for it.
pub(crate) fn check(table: Table, writer: &WriterId, state: &TableState) -> Result<(), LakeError> {
    match writer.lease() {
        Some(lease) if state.position(&writer.lease_id()).flatten() != Some(lease.0) => {
            Err(fenced(table, writer))
        }
        _ => Ok(()),
    }
}

fn fenced(table: Table, writer: &WriterId) -> LakeError {
    LakeError::Fenced { table: table.name(), writer: writer.to_string() }
}
