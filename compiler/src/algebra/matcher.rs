//! Whether a concrete path matches a pattern, decided byte by byte and without the algebra, so that it can check it.

use super::{Pattern, Set};
use crate::check::path;

/// Whether a path in canonical spelling matches.
pub(crate) fn matches(pattern: &Pattern, path: &str) -> bool {
    let Some(mut left) = path.strip_prefix('/') else { return false };
    let mut sets = pattern.segments.iter().peekable();
    while let Some(set) = sets.next() {
        let (segment, further) = match left.split_once('/') {
            Some((segment, further)) => (segment, Some(further)),
            None => (left, None),
        };
        if !accepts(set, segment) {
            return false;
        }
        let is_last = sets.peek().is_none();
        match further {
            None => return is_last && !pattern.rest,
            Some(_) if is_last && !pattern.rest => return false,
            Some(further) => left = further,
        }
    }
    pattern.rest
}

fn accepts(set: &Set, segment: &str) -> bool {
    match set {
        Set::Literal(text) => segment == text,
        Set::OneOf(texts) => texts.iter().any(|text| text == segment),
        Set::Length { min, max } => {
            let bytes: Vec<u8> = path::bytes(segment).collect();
            let count = String::from_utf8_lossy(&bytes).chars().count();
            count >= *min as usize && max.is_none_or(|max| count <= max as usize)
        }
        Set::Regular(language) => {
            let bytes: Vec<u8> = path::bytes(segment).collect();
            language.automaton().contains(&bytes)
        }
        Set::Any => !segment.is_empty(),
        Set::Int { min, max } => segment
            .parse()
            .is_ok_and(|value: i64| value.to_string() == segment && (*min..=*max).contains(&value)),
        Set::Uuid => {
            let groups: Vec<&str> = segment.split('-').collect();
            groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
                && groups.concat().chars().all(|digit| digit.is_ascii_hexdigit())
        }
        Set::Date => {
            let groups: Vec<&str> = segment.split('-').collect();
            let [year, month, day] = groups.as_slice() else { return false };
            let is_written_out = groups.iter().map(|group| group.len()).eq([4, 2, 2]);
            let (Ok(year), Ok(month), Ok(day)) = (year.parse::<u16>(), month.parse(), day.parse()) else {
                return false;
            };
            let digits_only = segment.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit());
            is_written_out && digits_only && (1..=days(year, month)).contains(&day)
        }
    }
}

fn days(year: u16, month: u8) -> u8 {
    let february = if year.is_multiple_of(400) || (year.is_multiple_of(4) && !year.is_multiple_of(100)) {
        29
    } else {
        28
    };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    usize::from(month).checked_sub(1).and_then(|at| lengths.get(at)).copied().unwrap_or(0)
}
