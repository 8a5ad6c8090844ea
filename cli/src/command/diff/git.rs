//! A gateway as a revision of git has it: the whole tree, written beside and removed at the end. Neither the work tree nor the
//! index is touched.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::envelope::Refusal;

/// The files of a revision, until it is dropped.
#[derive(Debug)]
pub(super) struct Tree {
    folder: PathBuf,
    /// The entry file there.
    pub(super) entry: PathBuf,
}

impl Drop for Tree {
    fn drop(&mut self) {
        // What cannot be removed is left to the machine, which empties its temporary folder.
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// The tree of a revision, with the file that is now at `entry`.
pub(super) fn tree(revision: &str, entry: &Path) -> Result<Tree, Refusal> {
    let around = entry.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let top = PathBuf::from(git(around, None, ["rev-parse", "--show-toplevel"])?);
    let prefix = git(around, None, ["rev-parse", "--show-prefix"])?;
    let named = format!("{revision}^{{tree}}");
    let id = git(around, None, ["rev-parse", "--verify", "--end-of-options", named.as_str()])?;
    let name =
        entry.file_name().ok_or_else(|| Refusal::failed(format!("{}: is no file", entry.display()), ""))?;

    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let folder = std::env::temp_dir().join(format!("gw-diff-{}-{}", std::process::id(), since.as_nanos()));
    let files = folder.join("tree");
    // What is in a repository need not be for everybody on the machine.
    let made = DirBuilder::new().mode(0o700).create(&folder).and_then(|()| fs::create_dir(&files));
    // A project reaches to its `.git`.
    let made = made.and_then(|()| fs::create_dir(files.join(".git")));
    let tree = Tree { entry: files.join(prefix).join(name), folder };
    made.map_err(|error| Refusal::failed(format!("{}: {error}", tree.folder.display()), ""))?;
    let index = tree.folder.join("index");
    git(&top, Some(&index), ["read-tree", id.as_str()])?;
    let prefix = format!("--prefix={}/", files.display());
    git(&top, Some(&index), ["checkout-index", "--all", prefix.as_str()])?;
    Ok(tree)
}

/// What git prints, without its line end.
fn git<'a>(
    around: &Path,
    index: Option<&Path>,
    words: impl IntoIterator<Item = &'a str>,
) -> Result<String, Refusal> {
    let mut command = Command::new("git");
    command.arg("-C").arg(around).args(words.into_iter().map(OsStr::new));
    command.envs(index.map(|index| ("GIT_INDEX_FILE", index)));
    let help = "name a revision of the repository in which the gateway is";
    let output = command.output().map_err(|error| Refusal::failed(format!("git: {error}"), "install git"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(Refusal::failed(format!("git: {}", text(&output.stderr)), help))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_tree_is_for_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let entry = folder.path().join("gateway.gw");
        fs::write(&entry, "gateway shop { listen http :8080 }\n").unwrap();
        let words = [
            &["init", "-q"][..],
            &["add", "."],
            &[
                "-c",
                "user.name=a",
                "-c",
                "user.email=a@example.com",
                "-c",
                "commit.gpgsign=false",
                "commit",
                "-qm",
                "a",
            ],
        ];
        for words in words {
            assert!(git(folder.path(), None, words.iter().copied()).is_ok(), "{words:?}");
        }
        let Ok(tree) = tree("HEAD", &entry) else { panic!("there is a revision") };
        assert!(tree.entry.is_file());
        assert_eq!(fs::metadata(&tree.folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
