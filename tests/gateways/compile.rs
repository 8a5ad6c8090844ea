//! Compiles the gateways of this directory into modules. They may use three policies that the standard ones lack: two
//! panic, and one waits.

use std::path::Path;

use gatewright_dsl::policy::{Hook, Policy};
use gatewright_dsl::problem::render::{Colour, text};
use gatewright_dsl::{Catalogue, Source};

static PANICS: Policy =
    Policy { name: "panics", summary: "fails as a bug would", home: "policy::panics", ..Policy::BLANK };

static BURSTS: Policy = Policy {
    name: "bursts",
    summary: "fails as a bug would, once there is an answer",
    home: "policy::bursts",
    hooks: &[Hook::Response],
    ..Policy::BLANK
};

static PAUSES: Policy = Policy {
    name: "pauses",
    summary: "keeps its worker from everything until a test lets it go on",
    home: "policy::pauses",
    ..Policy::BLANK
};

/// Writes a file of Rust for each of them.
pub fn write(out: &Path) {
    println!("cargo:rerun-if-changed=gateways");
    write_one(out, "protocol");
    write_one(out, "expressions");
    write_one(out, "upstreams");
    write_one(out, "traffic");
    write_one(out, "fields");
    write_one(out, "given");
    write_one(out, "recorded");
    write_one(out, "names");
    write_one(out, "shop");
    write_one(out, "live");
    write_one(out, "split");
    write_one(out, "auth");
    write_one(out, "basic");
    write_one(out, "charged");
    write_one(out, "tokens");
    write_one(out, "key_sets");
    write_one(out, "key_hosts");
    write_one(out, "span_hosts");
    write_one(out, "own_certificate");
    write_one(out, "front_given");
    write_one(out, "aggregated");
    write_one(out, "tls");
    write_one(out, "asked");
    write_one(out, "replaced");
    write_one(out, "handled");
    write_one(out, "ways");
}

fn write_one(out: &Path, name: &str) {
    let entry = format!("gateways/{name}.gw");
    let sources = [
        Source::new(&entry, std::fs::read_to_string(&entry).expect("the gateway is there")),
        // Of a crate whose functions answer, the gateway only asks whether it is there: it is the one that holds these tests.
        Source::new("gateways/tested/Cargo.toml", String::new()),
    ];
    let catalogue = Catalogue::standard().with(&PANICS).with(&BURSTS).with(&PAUSES);
    let output = gatewright_compiler::compile(&sources, &catalogue)
        .unwrap_or_else(|problems| panic!("{}", text(&problems, &sources, Colour::Off)));
    // The door, with more policies behind it.
    let (door, wider) = ("use ::gatewright_runtime::generated as g;", "use crate::program::door as g;");
    let code = output.rust.replace(door, wider);
    assert_ne!(code, output.rust, "emitted code still names its door so");
    std::fs::write(out.join(name).with_extension("rs"), code).expect("OUT_DIR can be written");
}
