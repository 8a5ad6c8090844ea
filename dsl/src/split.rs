//! Finds declarations and unbalanced brackets, in front of the grammar.
