//! Things that lie inside each other in a row: what is inside before what is around it, whatever the order they came in.

use std::cmp::Ordering;

/// Beyond so many the row is refused anyway, and only sorted.
const MOST: usize = 256;

/// Puts `items` in an order in which none stands behind one that it lies inside of; `cmp` decides where that leaves a choice.
pub(super) fn arrange<T>(
    items: &mut Vec<T>,
    cmp: impl Fn(&T, &T) -> Ordering,
    is_inside: impl Fn(&T, &T) -> bool,
) {
    items.sort_by(cmp);
    if items.len() < 2 || items.len() > MOST {
        return;
    }
    let mut left: Vec<T> = std::mem::take(items);
    while !left.is_empty() {
        // What lies inside of nothing that is left; sets cannot lie inside each other in a circle.
        let free = left.iter().position(|item| !left.iter().any(|other| is_inside(other, item)));
        items.push(left.remove(free.unwrap_or(0)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_stands_before_what_is_around_it() {
        let mut ranges = vec![(0, 9), (2, 3), (1, 5), (4, 8), (0, 3)];
        arrange(&mut ranges, Ord::cmp, |a, b| a != b && b.0 <= a.0 && a.1 <= b.1);
        assert_eq!(ranges, [(2, 3), (0, 3), (1, 5), (4, 8), (0, 9)]);
    }
}
