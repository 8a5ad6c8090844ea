//! Finds the known word that was probably meant: Damerau-Levenshtein distance, with a bound that grows with length.

/// The nearest of the known words, if it is near enough to be worth showing.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bound = match word.chars().count() {
        0..=3 => 1,
        4..=5 => 2,
        _ => 3,
    };
    known
        .into_iter()
        .filter(|other| *other != word)
        .map(|other| (distance(word, other), other))
        .filter(|(distance, other)| *distance <= bound && *distance < other.chars().count())
        .min()
        .map(|(_, other)| other)
}

/// Edits between two words: insertion, removal, replacement, and the swap of two neighbours. ASCII case is ignored.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).map(|c| c.to_ascii_lowercase()).collect();
    let b: Vec<char> = b.chars().take(64).map(|c| c.to_ascii_lowercase()).collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        let mut left = i + 1;
        let mut y_before = None;
        for (j, &y) in b.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut cost = (at(&last, j) + usize::from(x != y)).min(at(&last, j + 1) + 1).min(left + 1);
            if previous == Some(y) && y_before == Some(x) {
                cost = cost.min(at(&before_last, j - 1) + 1);
            }
            row.push(cost);
            left = cost;
            y_before = Some(y);
        }
        previous = Some(x);
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_a_swap_as_one_edit() {
        assert_eq!(distance("uptream", "upstream"), 1);
        assert_eq!(distance("tiemout", "timeout"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn is_silent_when_nothing_is_near() {
        assert_eq!(nearest("zzzz", ["route", "gateway"]), None);
        assert_eq!(nearest("rout", ["route", "gateway"]), Some("route"));
        assert_eq!(nearest("x", ["y"]), None);
    }
}
