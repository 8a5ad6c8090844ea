//! Compiles `gateway.gw`.
fn main() { gatewright_compiler::build_script::compile("gateway.gw"); }
