//! A gateway with a policy of its own.

mod agents;

gatewright_runtime::gateway!();
