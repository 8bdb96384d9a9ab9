//! D09 to D12: services, updates, running for long.

use super::Code;

pub(super) const CODES: &[Code] = &[];
