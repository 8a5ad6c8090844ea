//! Compiles `gateway.gw` to the Rust that `src/main.rs` includes.

fn main() {
    gatewright_compiler::build_script::compile("gateway.gw");
}
