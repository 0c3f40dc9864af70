//! Who may do what: permissions in fine words, the roles that carry them in one table, where they hold,
//! and which roles nobody may hold together.

use crate::store::role::{Held, Role};

/// Something that may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See accounts that were looked up.
    AccountsRead,
    /// Lock an account, end its sessions, unlock a citizen's.
    AccountsLock,
    /// Propose to unlock or close an account.
    AccountsPropose,
    /// Approve that.
    AccountsApprove,
    /// See who holds which role.
    RolesRead,
    /// Propose to grant or withdraw a role.
    RolesPropose,
    /// Approve that.
    RolesApprove,
    /// See clients and their keys.
    ClientsRead,
    /// Propose a new client or a change of one.
    ClientsPropose,
    /// Approve that.
    ClientsApprove,
    /// Suspend a client at once.
    ClientsSuspend,
    /// Make a new secret for a client.
    ClientsSecret,
    /// See offices and their clerks.
    OfficesRead,
    /// Propose to open, change or close an office.
    OfficesPropose,
    /// Approve that.
    OfficesApprove,
    /// See what was proposed and decided.
    ChangesRead,
    /// Search the audit log.
    AuditRead,
}

use Permission as P;
use Role as R;

/// Everything that may be done, its word, and who may do it.
const TABLE: [(Permission, &str, &[Role]); 17] = [
    (P::AccountsRead, "accounts:read", &[R::Administrator, R::DepartmentAdministrator]),
    (P::AccountsLock, "accounts:lock", &[R::Administrator, R::DepartmentAdministrator]),
    (P::AccountsPropose, "accounts:propose", &[R::Administrator, R::DepartmentAdministrator]),
    (P::AccountsApprove, "accounts:approve", &[R::Administrator, R::DepartmentAdministrator]),
    (P::RolesRead, "roles:read", &[R::Administrator, R::DepartmentAdministrator, R::Auditor]),
    (P::RolesPropose, "roles:propose", &[R::Administrator, R::DepartmentAdministrator]),
    (P::RolesApprove, "roles:approve", &[R::Administrator, R::DepartmentAdministrator]),
    (P::ClientsRead, "clients:read", &[R::Administrator, R::DepartmentAdministrator, R::Auditor]),
    (P::ClientsPropose, "clients:propose", &[R::Administrator, R::DepartmentAdministrator]),
    (P::ClientsApprove, "clients:approve", &[R::Administrator, R::DepartmentAdministrator]),
    (P::ClientsSuspend, "clients:suspend", &[R::Administrator, R::DepartmentAdministrator]),
    (P::ClientsSecret, "clients:secret", &[R::Administrator, R::DepartmentAdministrator]),
    (P::OfficesRead, "offices:read", &[R::Administrator, R::DepartmentAdministrator, R::Auditor]),
    (P::OfficesPropose, "offices:propose", &[R::Administrator]),
    (P::OfficesApprove, "offices:approve", &[R::Administrator]),
    (P::ChangesRead, "changes:read", &[R::Administrator, R::DepartmentAdministrator, R::Auditor]),
    (P::AuditRead, "audit:read", &[R::Administrator, R::Auditor]),
];

/// Roles that one person never holds together: who gives roles does not use them, who verifies people does
/// not confirm the overrides, and who reads the log does nothing that is in it.
pub const APART: &[(Role, Role)] = &[
    (R::Auditor, R::Administrator),
    (R::Auditor, R::DepartmentAdministrator),
    (R::Auditor, R::Clerk),
    (R::Auditor, R::DeskSupervisor),
    (R::Auditor, R::FinanceOfficer),
    (R::Administrator, R::Clerk),
    (R::Administrator, R::DeskSupervisor),
    (R::Administrator, R::FinanceOfficer),
    (R::DepartmentAdministrator, R::Clerk),
    (R::DepartmentAdministrator, R::DeskSupervisor),
    (R::DepartmentAdministrator, R::FinanceOfficer),
    (R::Clerk, R::DeskSupervisor),
];

impl Permission {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    /// Its word: `accounts:read`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    /// Whether a role carries it.
    #[must_use]
    pub fn is_of(self, role: Role) -> bool {
        TABLE.iter().any(|row| row.0 == self && row.2.contains(&role))
    }
}

/// What the scope of a role is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeKind {
    /// Empty.
    Everywhere,
    /// A department of the catalogue.
    Department,
    /// An office.
    Office,
}

/// What the scope of a role is.
#[must_use]
pub fn scope_kind(role: Role) -> ScopeKind {
    match role {
        R::Clerk | R::DeskSupervisor => ScopeKind::Office,
        R::DepartmentAdministrator | R::FinanceOfficer => ScopeKind::Department,
        R::Administrator | R::Auditor => ScopeKind::Everywhere,
    }
}

/// The role among those held that a new one must not be held with.
#[must_use]
pub fn conflict(held: &[Held], new: Role) -> Option<Role> {
    let apart = |a, b| APART.contains(&(a, b)) || APART.contains(&(b, a));
    held.iter().map(|held| held.role).find(|role| apart(*role, new))
}

/// Where a permission holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// In every department, and for what belongs to none.
    Everywhere,
    /// In these.
    Departments(Vec<String>),
}

impl Reach {
    /// Where somebody has a permission; `None` for nowhere.
    #[must_use]
    pub fn of(held: &[Held], permission: Permission) -> Option<Self> {
        let mut carrying = held.iter().filter(|held| permission.is_of(held.role)).peekable();
        carrying.peek()?;
        let scopes: Vec<String> = carrying.map(|held| held.scope.clone()).collect();
        Some(if scopes.iter().any(String::is_empty) { Self::Everywhere } else { Self::Departments(scopes) })
    }

    /// Whether it holds for a department, or for what belongs to none (`""`).
    #[must_use]
    pub fn covers(&self, department: &str) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Departments(known) => known.iter().any(|one| one == department && !one.is_empty()),
        }
    }

    /// What a filter is asked for: each department, or one empty text for everything.
    #[must_use]
    pub fn filters(&self) -> Vec<&str> {
        match self {
            Self::Everywhere => vec![""],
            Self::Departments(known) => known.iter().map(String::as_str).collect(),
        }
    }
}

/// Whether somebody has a permission for a department.
#[must_use]
pub fn allows(held: &[Held], permission: Permission, department: &str) -> bool {
    Reach::of(held, permission).is_some_and(|reach| reach.covers(department))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(role: Role, scope: &str) -> Held {
        Held { role, scope: scope.into() }
    }

    #[test]
    fn each_permission_has_one_line_and_its_own_word() {
        for (at, row) in TABLE.iter().enumerate() {
            assert!(TABLE[..at].iter().all(|other| other.0 != row.0 && other.1 != row.1), "{}", row.1);
            assert_eq!(row.0.as_str(), row.1);
        }
    }

    #[test]
    fn a_permission_holds_where_its_role_does() {
        let mine = [held(R::DepartmentAdministrator, "mol"), held(R::FinanceOfficer, "moh")];
        assert!(allows(&mine, P::ClientsRead, "mol"));
        assert!(!allows(&mine, P::ClientsRead, "moh"), "a finance officer sees no clients");
        assert!(!allows(&mine, P::ClientsRead, ""), "what belongs to no department is not theirs");
        assert!(!allows(&mine, P::AuditRead, "mol"));
        assert!(allows(&[held(R::Administrator, "")], P::AuditRead, "mol"));
        assert!(allows(&[held(R::Administrator, "")], P::RolesApprove, ""));
        assert_eq!(Reach::of(&[held(R::Clerk, "x")], P::AccountsRead), None);
    }

    #[test]
    fn no_role_may_propose_and_read_the_log_but_one() {
        for role in Role::ALL.into_iter().filter(|role| P::AuditRead.is_of(*role)) {
            let proposes = P::RolesPropose.is_of(role);
            assert_eq!(proposes, role == R::Administrator, "{}", role.as_str());
        }
    }

    /// The matrix of duties, written out: who may hold both.
    #[test]
    fn roles_that_must_be_apart_are_apart_both_ways() {
        let mut matrix = String::new();
        for a in Role::ALL {
            let row = Role::ALL.map(|b| if conflict(&[held(a, "")], b).is_some() { 'x' } else { '.' });
            matrix.push_str(&format!("{} {}\n", row.iter().collect::<String>(), a.as_str()));
        }
        assert_eq!(
            matrix,
            ".xxx.x clerk\n\
             x.xx.x desk-supervisor\n\
             xx..xx department-administrator\n\
             xx..xx administrator\n\
             ..xx.x finance-officer\n\
             xxxxx. auditor\n"
        );
    }
}
