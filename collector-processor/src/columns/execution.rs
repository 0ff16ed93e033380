//! Columns that `spans` and `errors` share: which execution, whose, where, of what code.

use super::builders::Named;
use super::coded::TextColumn;
use super::text::value_text;
use crate::pipeline::{Masking, Role, Scoped, parent_session};

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
    session_id: TextColumn,
    parent_session_id: TextColumn,
    execution_id: TextColumn,
    user_id: TextColumn,
    service_name: TextColumn,
    host_name: TextColumn,
    commit_hash: TextColumn,
    branch: TextColumn,
    virtualenv: TextColumn,
    pkg_versions: TextColumn,
}

impl ExecutionColumns {
    pub(super) fn push(&mut self, execution: &Execution<'_, '_>) {
        let roles = &execution.roles;
        let parent = parent_session(*roles).filter(|_| execution.session.is_some());
        self.session_id.push_optional(execution.session);
        self.parent_session_id.push_optional(parent.as_deref());
        match roles.bytes(Role::Execution) {
            None if !execution.trace_id.is_empty() => {
                self.execution_id.push_hex(execution.trace_id);
            }
            id => self.execution_id.push_bytes_optional(id),
        }
        match execution.masking {
            Some(masking) => {
                self.user_id.push_optional(roles.text(Role::User).map(|u| masking.pseudonym(u)).as_deref())
            }
            None => self.user_id.push_bytes_optional(roles.bytes(Role::User)),
        }
        self.service_name.push_bytes_optional(roles.bytes(Role::Service));
        self.host_name.push_bytes_optional(roles.bytes(Role::Host));
        self.commit_hash.push_bytes_optional(roles.bytes(Role::Commit));
        self.branch.push_bytes_optional(roles.bytes(Role::Branch));
        let text = |role| value_text(roles.value(role), execution.masking);
        self.virtualenv.push_optional(text(Role::Virtualenv).as_deref());
        self.pkg_versions.push_optional(text(Role::PkgVersions).as_deref());
    }

    pub(super) fn columns(&mut self) -> Named<'_> {
        vec![
            ("session_id", &mut self.session_id),
            ("parent_session_id", &mut self.parent_session_id),
            ("execution_id", &mut self.execution_id),
            ("user_id", &mut self.user_id),
            ("service_name", &mut self.service_name),
            ("host_name", &mut self.host_name),
            ("commit_hash", &mut self.commit_hash),
            ("branch", &mut self.branch),
            ("virtualenv", &mut self.virtualenv),
            ("pkg_versions", &mut self.pkg_versions),
        ]
    }
}
