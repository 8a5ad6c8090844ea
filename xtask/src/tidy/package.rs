//! Who may depend on whom, and which packages never come in.

use cargo_metadata::DependencyKind;

use super::Finding;
use super::house::{House, Package};

/// Packages that nothing here may bring in, and why.
const BANNED: &[(&str, &str)] = &[
    ("ring", "there is one crypto library: aws-lc-rs"),
    ("rsa", "its private key operations leak through timing"),
    ("openssl-sys", "there is one crypto library: aws-lc-rs"),
    ("native-tls", "TLS is rustls, the same on every system"),
    ("lsp-types", "the few messages of the protocol are written by hand"),
    ("serde_yaml", "no longer maintained"),
];

/// Our packages, and which of our packages each may name. `xtask` and `benches` may see all that they measure.
const DIRECTION: &[(&str, &[&str])] = &[
    ("gatewright-dsl", &[]),
    ("gatewright-compiler", &["gatewright-dsl"]),
    ("gatewright-runtime", &[]),
    ("gatewright-cli", &["gatewright-dsl", "gatewright-compiler"]),
    ("gatewright-examples", &[]),
    // The crate of an operator, in an example.
    ("fraud", &[]),
    ("own_policy", &["gatewright-runtime", "gatewright-compiler"]),
    (
        "gatewright-tests",
        &["gatewright-dsl", "gatewright-compiler", "gatewright-runtime", "gatewright-examples", "fraud"],
    ),
    ("gatewright-benches", &["gatewright-dsl", "gatewright-compiler", "gatewright-runtime"]),
    ("gateway", &["gatewright-runtime", "gatewright-compiler"]),
    ("xtask", &["gatewright-dsl"]),
];

/// What belongs to the language and ends with the build.
const LANGUAGE: &[&str] = &[
    "gatewright-dsl",
    "gatewright-compiler",
    "pest",
    "pest_derive",
    "syn",
    "quote",
    "proc-macro2",
    "prettyplease",
];

/// What a gateway without TLS and tokens does not link.
const CRYPTO: &[&str] = &[
    "aws-lc-rs",
    "aws-lc-sys",
    "rustls",
    "quinn",
    "sha1",
    "sha2",
    "hmac",
    "md-5",
    "p256",
    "ed25519-dalek",
    "openssl",
];

pub(crate) fn banned(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, why) in BANNED {
        if house.built.contains(*name) {
            let remedy = format!("{why}; `cargo tree --workspace --invert {name}` shows who brings it");
            found.push(Finding::new("Cargo.lock", 0, format!("`{name}` is banned"), remedy));
        }
    }
    found
}

pub(crate) fn direction(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for (package, manifest) in own(house) {
        let Some((_, allowed)) = DIRECTION.iter().find(|(name, _)| *name == package.name) else {
            let what = format!("`{}` has no place in the order of packages", package.name);
            found.push(Finding::new(manifest, 0, what, "add it to DIRECTION in xtask/src/tidy/package.rs"));
            continue;
        };
        for (need, kind) in &package.needs {
            let is_ours = DIRECTION.iter().any(|(name, _)| name == need);
            let only_builds = package.name == "gateway" && need == "gatewright-compiler";
            if is_ours && !allowed.contains(&need.as_str()) || only_builds && *kind != DependencyKind::Build {
                let what = format!("`{}` depends on `{need}`", package.name);
                found.push(Finding::new(
                    manifest,
                    0,
                    what,
                    "ARCHITECTURE.md says which way dependencies point",
                ));
            }
        }
    }
    found
}

/// What a gateway whose servers have no names does not link.
const NAMES: &[&str] = &["hickory-proto", "hickory-resolver"];

pub(crate) fn linked(house: &House) -> Vec<Finding> {
    let words = LANGUAGE.iter().map(|name| (name, "the language ends with the build"));
    let optional = CRYPTO.iter().chain(NAMES);
    let optional = optional.map(|name| (name, "put it behind a feature of the runtime"));
    let inside = words.chain(optional).filter(|(name, _)| house.linked.contains(**name));
    inside
        .map(|(name, remedy)| {
            let what = format!("the gateway links `{name}` without asking for it");
            Finding::new(
                "Cargo.toml",
                0,
                what,
                format!("{remedy}; `cargo tree -p gateway -e normal -i {name}`"),
            )
        })
        .collect()
}

pub(crate) fn lints(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for (_, manifest) in own(house) {
        let text = house.files.iter().find(|file| file.path == manifest).map_or("", |file| &file.text);
        if !text.contains("[lints]\nworkspace = true\n") {
            let what = "does not inherit the lints of the workspace";
            found.push(Finding::new(manifest, 0, what, "add `[lints]` with `workspace = true`"));
        }
    }
    found
}

/// Our own packages with their manifests.
fn own(house: &House) -> impl Iterator<Item = (&Package, &str)> {
    house
        .packages
        .iter()
        .filter_map(|package| package.manifest.as_deref().map(|manifest| (package, manifest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, needs: &[(&str, DependencyKind)]) -> Package {
        let needs = needs.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
        Package {
            name: name.into(),
            manifest: Some(format!("{name}/Cargo.toml")),
            needs,
            ..Package::default()
        }
    }

    fn house(packages: Vec<Package>) -> House {
        House { packages, ..House::default() }
    }

    #[test]
    fn finds_a_banned_package() {
        let house = House { built: ["ring".to_owned()].into(), ..House::default() };
        assert_eq!(banned(&house).len(), 1);
    }

    #[test]
    fn finds_a_dependency_against_the_order() {
        let against = [("gatewright-dsl", DependencyKind::Development), ("httparse", DependencyKind::Normal)];
        assert_eq!(direction(&house(vec![package("gatewright-runtime", &against)])).len(), 1);
    }

    #[test]
    fn the_gateway_may_need_the_compiler_to_be_built_only() {
        let of_kind =
            |kind| direction(&house(vec![package("gateway", &[("gatewright-compiler", kind)])])).len();
        assert_eq!((of_kind(DependencyKind::Build), of_kind(DependencyKind::Normal)), (0, 1));
    }

    #[test]
    fn finds_a_package_that_has_no_place() {
        assert_eq!(direction(&house(vec![package("gatewright-new", &[])])).len(), 1);
    }

    #[test]
    fn finds_language_crypto_and_names_in_the_gateway() {
        let linked_names = ["httparse", "syn", "rustls", "hickory-proto"].map(str::to_owned).into();
        let house = House { linked: linked_names, ..House::default() };
        assert_eq!(linked(&house).len(), 3);
    }

    #[test]
    fn finds_a_package_with_lints_of_its_own() {
        let text = "[package]\nname = \"dsl\"\n\n[lints.rust]\n";
        let mut house = House::of(&[("dsl/Cargo.toml", text)]);
        house.packages = vec![package("dsl", &[])];
        assert_eq!(lints(&house).len(), 1);
    }
}
