//! Reads the fenced blocks of a documentation page, so that tests can execute them. It knows nothing else of Markdown.

use crate::source::Source;

/// What begins a further file in a block that shows a program of several.
const FILE: &str = "// file: ";

/// The files of a program that is shown in one block: what stands before the first line `// file: NAME`, under the name that
/// is given here, and behind each such line the file that it names, seen from the folder of the first.
#[must_use]
pub fn sources(entry: &str, program: &str) -> Vec<Source> {
    let folder = entry.rfind('/').map_or("", |at| entry.get(..=at).unwrap_or_default());
    let mut files = vec![Source::new(entry, String::new())];
    for line in program.split_inclusive('\n') {
        if let Some(name) = line.trim_end().strip_prefix(FILE) {
            let number = u32::try_from(files.len()).unwrap_or(u32::MAX);
            files.push(Source::new(format!("{folder}{name}"), String::new()).numbered(number));
        } else if let Some(file) = files.last_mut() {
            file.text.push_str(line);
        }
    }
    files
}

/// One fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence<'a> {
    /// What stands behind the three backticks: `gw refused`, `problem`.
    pub info: &'a str,
    /// The text between the fences, with its final newline.
    pub text: &'a str,
    /// The line of the opening fence, from 1.
    pub line: usize,
}

/// The fenced blocks of a page, in order. A fence that is never closed runs to the end.
#[must_use]
pub fn fences(page: &str) -> Vec<Fence<'_>> {
    let mut found = Vec::new();
    let mut open: Option<(&str, usize, usize)> = None;
    let mut offset = 0;
    for (index, line) in page.split_inclusive('\n').enumerate() {
        let next = offset + line.len();
        if let Some(info) = line.trim_end().strip_prefix("```") {
            match open.take() {
                Some((info, start, line)) => {
                    found.push(Fence { info, text: page.get(start..offset).unwrap_or_default(), line });
                }
                None => open = Some((info.trim(), next, index + 1)),
            }
        }
        offset = next;
    }
    if let Some((info, start, line)) = open {
        found.push(Fence { info, text: page.get(start..).unwrap_or_default(), line });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_be_several_files() {
        let files = sources("a.gw", "x\n// file: teams/b.gw\ny\nz\n");
        assert_eq!(files, [Source::new("a.gw", "x\n"), Source::new("teams/b.gw", "y\nz\n").numbered(1)]);
        assert_eq!(sources("docs/a.md", "// file: b.gw\n")[1].name, "docs/b.gw");
    }

    #[test]
    fn finds_each_block_with_its_line() {
        let page = "# a\n\n```gw refused\nx\n```\ntext\n```problem\ny\nz\n```\n";
        assert_eq!(
            fences(page),
            [
                Fence { info: "gw refused", text: "x\n", line: 3 },
                Fence { info: "problem", text: "y\nz\n", line: 7 }
            ]
        );
    }
}
