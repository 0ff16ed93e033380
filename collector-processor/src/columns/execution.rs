//! Columns that `spans` and `errors` share: which execution, whose, where, of what code.

use super::builders::{Assembly, push_optional};
use super::text::value_text;
use crate::pipeline::{Masking, Role, Scoped, parent_session};
use arrow::array::StringBuilder;

/// What is known of the execution that a row belongs to.
#[derive(Debug)]
pub(super) struct Execution<'e, 'a> {
    /// Stands in for an execution id; empty outside any trace.
    pub(super) trace_id: &'a [u8],
    pub(super) roles: Scoped<'e, 'a>,
    pub(super) session: Option<&'e str>,
    /// Set where texts are still unmasked.
    pub(super) masking: Option<&'e Masking>,
}

#[derive(Debug, Default)]
pub(super) struct ExecutionColumns {
    session_id: StringBuilder,
    parent_session_id: StringBuilder,
    execution_id: StringBuilder,
    user_id: StringBuilder,
    service_name: StringBuilder,
    host_name: StringBuilder,
    commit_hash: StringBuilder,
    branch: StringBuilder,
    virtualenv: StringBuilder,
    pkg_versions: StringBuilder,
}

impl ExecutionColumns {
    pub(super) fn push(&mut self, execution: &Execution<'_, '_>) {
        let roles = &execution.roles;
        let parent = parent_session(*roles).filter(|_| execution.session.is_some());
        push_optional(&mut self.session_id, execution.session);
        push_optional(&mut self.parent_session_id, parent);
        match roles.text(Role::Execution) {
            None if !execution.trace_id.is_empty() => {
                self.execution_id.append_value(hex::encode(execution.trace_id));
            }
            id => push_optional(&mut self.execution_id, id),
        }
        match (roles.text(Role::User), execution.masking) {
            (Some(user), Some(masking)) => self.user_id.append_value(masking.pseudonym(user)),
            (user, _) => push_optional(&mut self.user_id, user),
        }
        push_optional(&mut self.service_name, roles.text(Role::Service));
        push_optional(&mut self.host_name, roles.text(Role::Host));
        push_optional(&mut self.commit_hash, roles.text(Role::Commit));
        push_optional(&mut self.branch, roles.text(Role::Branch));
        let text = |role| value_text(roles.value(role), execution.masking);
        push_optional(&mut self.virtualenv, text(Role::Virtualenv).as_deref());
        push_optional(&mut self.pkg_versions, text(Role::PkgVersions).as_deref());
    }

    /// Puts the columns into a batch.
    pub(super) fn finish(&mut self, batch: &mut Assembly) {
        batch
            .text("session_id", &mut self.session_id)
            .text("parent_session_id", &mut self.parent_session_id)
            .text("execution_id", &mut self.execution_id)
            .text("user_id", &mut self.user_id)
            .text("service_name", &mut self.service_name)
            .text("host_name", &mut self.host_name)
            .text("commit_hash", &mut self.commit_hash)
            .text("branch", &mut self.branch)
            .text("virtualenv", &mut self.virtualenv)
            .text("pkg_versions", &mut self.pkg_versions);
    }
}
