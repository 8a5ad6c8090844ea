//! Moving declarations within a file, or to another that is imported, changes no byte of what is emitted but the places that messages name.

#[path = "../../tests/gateways/programs/mod.rs"]
pub(crate) mod random;

use gatewright_dsl::{Catalogue, Problem, Source, ast, page};
use proptest::prelude::*;

use crate::checked::Place;
use crate::load::{Files, Memory};

/// Compiles a program that is spread over files which import each other in a row, and forgets where its lines stood.
fn emitted(files: &[Vec<String>]) -> String {
    let name = |at: usize| format!("folder{at}/{at}.gw");
    let text = |at: usize, declarations: &Vec<String>| {
        let further =
            if at + 1 < files.len() { format!("import \"../{}\"\n", name(at + 1)) } else { String::new() };
        declarations.join("\n") + "\n" + &further
    };
    let sources: Vec<Source> = files
        .iter()
        .enumerate()
        .map(|(at, file)| Source::new(name(at), text(at, file)).numbered(u32::try_from(at).unwrap()))
        .collect();
    compiled(&sources)
}

/// Compiles the first of some files.
fn compiled(sources: &[Source]) -> String {
    accepted(sources).unwrap()
}

/// What the first of some files becomes, without the places and the words that are for people alone; why it becomes nothing.
pub(crate) fn accepted(sources: &[Source]) -> Result<String, Vec<Problem>> {
    let memory = Memory(sources);
    let mut read = Files::numbered(&memory, sources);
    let entry = read.entry(&sources[0].name).unwrap();
    let outcome = crate::check::check(&read, &entry, &Catalogue::standard());
    let problems: Vec<Problem> = outcome.problems.into_iter().chain(outcome.unused).collect();
    let Some(mut program) = outcome.program.filter(|_| problems.is_empty()) else { return Err(problems) };
    for route in &mut program.routes {
        route.place = Place { file: String::new(), line: 0 };
    }
    program.params.iter_mut().for_each(|param| param.doc.clear());
    program.secrets.iter_mut().for_each(|secret| secret.doc.clear());
    Ok(crate::emit::emit(&crate::lower::lower(program, String::new())))
}

const PROGRAMS: [&str; 5] = [
    include_str!("../tests/emit/answers.gw"),
    include_str!("../tests/emit/hosts.gw"),
    include_str!("../tests/emit/nested.gw"),
    include_str!("../tests/emit/orders.gw"),
    include_str!("../tests/emit/precedence.gw"),
];

pub(crate) fn declarations(program: &str) -> Vec<String> {
    let source = Source::new("a.gw", program);
    let (file, _) = gatewright_dsl::parse(&source);
    let whole = |it: &ast::Declaration| it.docs().first().map_or(it.span(), |doc| doc.span.to(it.span()));
    file.declarations.iter().map(|it| source.slice(whole(it)).to_owned()).collect()
}

/// The declarations as they are written, the same in another order, and the file into which each of those goes.
fn permuted() -> impl Strategy<Value = (Vec<String>, Vec<String>, Vec<usize>)> {
    prop::sample::select(PROGRAMS.map(declarations).to_vec()).prop_flat_map(|written| {
        let count = written.len();
        let files = prop::collection::vec(0..3_usize, count);
        (Just(written.clone()), Just(written).prop_shuffle(), files)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn neither_order_nor_files_change_anything((written, shuffled, places) in permuted()) {
        let mut files = vec![Vec::new(); 3];
        for (declaration, place) in shuffled.into_iter().zip(places) {
            files[place].push(declaration);
        }
        prop_assert_eq!(emitted(&files), emitted(&[written]));
    }
}

/// Random programs of several files, in each of which the order is turned around.
#[test]
fn random_programs_may_be_in_any_order() {
    for seed in 0..50 {
        let program = random::program(seed, &Catalogue::standard());
        let written = page::sources("gateway.gw", &program);
        let turned: Vec<Source> = written
            .iter()
            .map(|file| {
                let mut declarations = declarations(&file.text);
                declarations.reverse();
                Source { text: declarations.join("\n") + "\n", ..file.clone() }
            })
            .collect();
        assert_eq!(compiled(&turned), compiled(&written), "{program}");
    }
}

/// What stands in a block may as well stand in a file that is imported there.
#[test]
fn a_file_in_a_group_is_what_it_would_be_if_it_stood_there() {
    let inner = include_str!("../tests/imported/teams/inner.gw");
    let frame = include_str!("../tests/imported/gateway.gw");
    let whole = frame.replace("import \"teams/inner.gw\"", inner);
    let imported = [Source::new("gateway.gw", frame), Source::new("teams/inner.gw", inner).numbered(1)];
    assert_eq!(compiled(&imported), compiled(&[Source::new("gateway.gw", whole)]));
}
