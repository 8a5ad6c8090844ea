//! The path that an import means, seen from the file in which it stands. It looks at names only.

/// The path below the root; `None` if it leads out of it.
pub(super) fn resolve(from: &str, written: &str) -> Option<String> {
    if written.starts_with('/') {
        return None;
    }
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
    for name in written.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_begins_where_the_import_stands_and_stays_below_the_root() {
        let check = |from: &str, written: &str, expected: Option<&str>| {
            assert_eq!(resolve(from, written).as_deref(), expected, "{from} {written}");
        };
        check("gateway.gw", "teams/orders.gw", Some("teams/orders.gw"));
        check("teams/orders.gw", "users.gw", Some("teams/users.gw"));
        check("teams/orders.gw", "../shared/./types.gw", Some("shared/types.gw"));
        check("teams/orders.gw", "../../types.gw", None);
        check("gateway.gw", "../types.gw", None);
        check("gateway.gw", "a/../../a/types.gw", None);
        check("gateway.gw", "/etc/passwd", None);
    }
}
