//! Pairs of gateways, and what `gw diff` says of each.

use super::Folder;

/// What both gateways have, unless the pair says otherwise.
pub const HEAD: &str = "gateway shop { listen http :8080 plaintext \"behind a balancer\" }
upstream orders { server \"http://127.0.0.1:9001\" }
upstream site { server \"http://127.0.0.1:9002\" }
auth partner api_key { key \"a\" sha256 \"0000000000000000000000000000000000000000000000000000000000000000\" }
auth staff api_key { key \"b\" sha256 \"1111111111111111111111111111111111111111111111111111111111111111\" }
route * /all/{rest: path} require any partner, staff -> site
route GET /all/orders require partner -> orders
";

/// Routes before, routes after, and what is said of it: classes with what they are about, and a part of the sentence.
pub type Pair = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Compares the two, and holds what is said against what is expected.
pub fn hold((before, after, expected): &Pair) {
    let folder =
        Folder::with(&[("a.gw", &format!("{HEAD}{before}\n")), ("b.gw", &format!("{HEAD}{after}\n"))]);
    let ran = folder.gw(&["diff", "a.gw", "b.gw"]);
    assert_eq!(ran.err, "", "{before}\n{after}");
    let said: Vec<&str> = ran.out.split("\n\n").filter(|part| part.contains(": ")).collect();
    assert_eq!(said.len(), expected.len(), "{before}\n{after}\n{}", ran.out);
    for ((head, what), said) in expected.iter().zip(said) {
        assert!(
            said.starts_with(head) && (said.to_owned() + "\n").contains(what),
            "{before}\n{after}\n{head}: {what}\n{}",
            ran.out
        );
    }
    let fails = expected
        .iter()
        .any(|(head, _)| ["breaking", "changed", "widening"].iter().any(|class| head.starts_with(class)));
    assert_eq!(ran.code, i32::from(fails), "{before}\n{after}");
    assert_eq!(ran.out.ends_with("no change in meaning\n"), expected.is_empty(), "{}", ran.out);
    assert_eq!(folder.gw(&["diff", "a.gw", "a.gw"]).out, "no change in meaning\n");
}
