//! Compiles `gateway.gw`, in which one word more may be written than the standard ones.

#[path = "src/agents/row.rs"]
mod row;

fn main() {
    gatewright_compiler::build_script::with(&row::AGENTS).compile("gateway.gw");
}
