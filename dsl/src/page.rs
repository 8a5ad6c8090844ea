//! Reads the fenced blocks of a documentation page, so that tests can execute them. It knows nothing else of Markdown.

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
