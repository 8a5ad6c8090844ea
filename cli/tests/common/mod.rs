//! A folder of an operator, and the `gw` that was just built, run in it.
#![allow(dead_code, reason = "each test binary uses a part")]

pub mod pairs;
pub mod schema;

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The three lines.
pub const GOOD: &str = "gateway hello { listen http 127.0.0.1:8080 }\nupstream app { server \"http://127.0.0.1:9000\" }\nroute * /{rest: path} -> app /{rest}\n";

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// A folder with files of an operator.
pub struct Folder(PathBuf, Option<TempDir>);

impl Folder {
    /// One that is removed at the end.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self(folder.path().to_owned(), Some(folder)).holding(files)
    }

    /// One that is at the same place in every run, so that what was built for it is found again. It is a project of its own,
    /// whatever it stands in.
    pub fn named(name: &str, files: &[(&str, &str)]) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(path.join(".git")).unwrap();
        Self(path, None).holding(files)
    }

    fn holding(self, files: &[(&str, &str)]) -> Self {
        for (name, text) in files {
            self.write(name, text);
        }
        self
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Runs `gw` here.
    pub fn gw(&self, words: &[&str]) -> Ran {
        self.gw_with(words, &[])
    }

    /// The same with variables of the environment.
    pub fn gw_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gw"));
        command
            .current_dir(self.path())
            .args(words)
            .env("GATEWRIGHT_CACHE", cache())
            .envs(variables.iter().copied());
        let output = command.output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A cache folder beside this build, so that the next run of the tests finds the dependencies compiled.
pub fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache")
}
