//! Short constructors for columns, one for each class of personal data.

use super::{
    Class::{Derived, Identifying, Plain},
    Column,
};

pub(super) const fn derived(name: &'static str, purpose: &'static str) -> Column {
    Column::new(Derived, name, purpose)
}

pub(super) const fn identifying(name: &'static str, purpose: &'static str) -> Column {
    Column::new(Identifying, name, purpose)
}

pub(super) const fn plain(name: &'static str, purpose: &'static str) -> Column {
    Column::new(Plain, name, purpose)
}
