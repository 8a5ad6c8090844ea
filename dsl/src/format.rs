//! `gw fmt`: one canonical form of a text, without options. It keeps every comment, how literals are spelt, the order of
//! all things, and where a value's lines were broken; everything else about blanks and line ends has one form.
//!
//! `parse(format(x))` is `parse(x)` but for places, and `format(format(x))` is `format(x)`.

mod aggregate;
mod assertion;
mod bracket;
mod declaration;
mod printer;
mod setting;
mod test;
#[cfg(test)]
mod tests;
mod ty;
mod value;

use crate::ast::Declaration;
use crate::parse::read;
use crate::problem::Problem;
use crate::source::Source;
use printer::Printer;

/// The canonical form of a text.
///
/// # Errors
///
/// The problems of reading it: a text that is not understood is not touched.
pub fn format(source: &Source) -> Result<String, Vec<Problem>> {
    let read = read(source);
    if !read.problems.is_empty() {
        return Err(read.problems);
    }
    let mut printer = Printer::new(source, &read.clean, &read.file.comments);
    let declarations = &read.file.declarations;
    for (index, declaration) in declarations.iter().enumerate() {
        let next = declarations.get(index + 1).map(Declaration::span);
        printer.statement(declaration.span(), next, |printer| printer.declaration(declaration));
    }
    Ok(printer.finish())
}
