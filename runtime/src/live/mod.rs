//! Live values: what may change while a gateway runs, within the type and the bounds that were compiled.
//!
//! They stand among the parameters. A change makes a new set of all of them and publishes it whole, or is refused whole, and
//! what held before goes on to hold. An exchange takes the set of the present generation when it begins, and sees no other.

#[cfg(feature = "admin")]
pub(crate) mod admin;
pub(crate) mod file;
#[cfg(feature = "admin")]
pub(crate) mod kept;
mod told;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

pub(crate) use self::told::shown;
use self::told::{cut, found};
use crate::clock;
use crate::fit;
use crate::json_tree::{self, Json};
use crate::params::given::Text;
use crate::params::{self, Kind, Param, Params, Value, value};
use crate::program::Program;
use crate::serve::say;

/// Bytes of one value, in a request or in a file.
pub(crate) const MOST: usize = 1 << 20;
/// Bytes of all values together that operators have said, which are handed over from one generation to the next.
pub(crate) const BODY: usize = 64 * 1024;
/// Lists and objects in each other: an object of lists is the most that anybody asks for.
const DEEPEST: usize = 4;

/// The live values of a gateway.
#[derive(Debug)]
pub(crate) struct Live {
    program: &'static Program,
    /// What start-up was given, which live values must go together with.
    given: Vec<Text>,
    /// Counts the sets that were published; the first is 0.
    generation: AtomicU64,
    present: Mutex<Present>,
    /// Whoever changes something has it, also while that is written to a disk, for which nobody else waits.
    changes: Mutex<()>,
    counts: Counts,
    /// Somebody wants the files to be read again at once.
    pub(crate) asked: Notify,
    /// The values of the start: of those that no file says, the defaults.
    #[cfg(feature = "admin")]
    first: Arc<Params>,
    /// Where it is kept what operators say.
    #[cfg(feature = "admin")]
    kept: Option<kept::Kept>,
}

/// What holds at present.
#[derive(Debug)]
struct Present {
    params: Arc<Params>,
    about: Vec<About>,
    /// They are handed over to the next generation: this one takes no other any more.
    is_handed: bool,
}

/// What is known of one live value beside the value.
#[derive(Clone, Debug)]
pub(crate) struct About {
    /// Its number among the parameters.
    pub(crate) number: usize,
    /// Since when it holds, in seconds of Unix time.
    #[cfg_attr(not(feature = "admin"), allow(dead_code, reason = "only the admin listener knows of it"))]
    pub(crate) since: u64,
    /// Who has said it.
    pub(crate) by: By,
    /// Why what its file says now does not hold.
    pub(crate) refused: Option<&'static str>,
}

/// Who has said a live value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The program.
    Default,
    /// A file.
    File(String),
    /// A client of the admin listener.
    #[cfg_attr(not(feature = "admin"), allow(dead_code, reason = "only the admin listener knows of it"))]
    Peer(std::net::SocketAddr),
    /// The generation before, to which an operator had said it.
    Before,
    /// An operator, before the last start: it was kept in this file.
    #[cfg_attr(not(feature = "admin"), allow(dead_code, reason = "only the admin listener knows of it"))]
    Kept(String),
}

/// Why a change is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// One word, the same in answer, log and metric.
    pub(crate) reason: &'static str,
    /// What is wrong, for an operator.
    pub(crate) detail: String,
}

/// The reasons for which changes are refused, each with its count beside it.
pub(crate) const REASONS: [&str; 14] = [
    "not_json",
    "wrong_type",
    "out_of_bounds",
    "does_not_fit",
    "unknown_name",
    "comes_from_file",
    "too_large",
    "unreadable",
    "handing_over",
    "not_local",
    "wrong_host",
    "from_a_page",
    "wrong_media",
    "not_kept",
];

/// How many changes there were.
#[derive(Debug, Default)]
struct Counts {
    by_admin: AtomicU64,
    by_file: AtomicU64,
    refused: [AtomicU64; REASONS.len()],
}

impl Refusal {
    pub(crate) fn new(reason: &'static str, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

impl About {
    /// Whether an operator has said it to a running generation.
    fn is_said(&self) -> bool {
        matches!(self.by, By::Peer(_) | By::Before | By::Kept(_))
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {path}"),
            Self::Peer(peer) => write!(f, "peer {peer}"),
            Self::Before => f.write_str("generation before"),
            Self::Kept(path) => write!(f, "kept file {path}"),
        }
    }
}

impl Live {
    /// The live values of a program; nothing where it has none. `params` are those of the start.
    pub(crate) fn of(program: &'static Program, params: &Arc<Params>, given: &[Text]) -> Option<Self> {
        let numbers =
            program.params.iter().enumerate().filter_map(|(number, param)| Some((number, param.live?)));
        let since = clock::unix_seconds();
        let about: Vec<About> = numbers
            .map(|(number, live)| {
                let by = match live {
                    params::Live::Admin => By::Default,
                    params::Live::File(path) => By::File(path.to_owned()),
                };
                About { number, since, by, refused: None }
            })
            .collect();
        (!about.is_empty()).then(|| Self {
            program,
            given: given.to_vec(),
            generation: AtomicU64::new(0),
            changes: Mutex::new(()),
            present: Mutex::new(Present { params: Arc::clone(params), about, is_handed: false }),
            counts: Counts::default(),
            asked: Notify::new(),
            #[cfg(feature = "admin")]
            first: Arc::clone(params),
            #[cfg(feature = "admin")]
            kept: None,
        })
    }

    /// How often the values have changed. Whoever sees another number than before asks for the values themselves.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// The values of the present generation.
    pub(crate) fn now(&self) -> (u64, Arc<Params>) {
        let present = self.lock();
        (self.generation(), Arc::clone(&present.params))
    }

    /// The present generation, what is known of each value, and the values.
    #[cfg(feature = "admin")]
    pub(crate) fn all(&self) -> (u64, Vec<About>, Arc<Params>) {
        let present = self.lock();
        (self.generation(), present.about.clone(), Arc::clone(&present.params))
    }

    /// What was said to this generation and no file says, as an object of JSON; nothing where there is none. From now on nothing
    /// more can be said to it: the next generation would not know. That ends with [`Self::keep`].
    pub(crate) fn hand_over(&self) -> String {
        let mut present = self.lock();
        present.is_handed = true;
        self.said(&present.about, &present.params)
    }

    /// What operators have said, as an object of JSON; nothing where that is nothing.
    fn said(&self, about: &[About], params: &Params) -> String {
        let mut out = Vec::new();
        for own in about.iter().filter(|own| own.is_said()) {
            let value = u16::try_from(own.number).ok().and_then(|number| params.at(number));
            if let (Some(param), Some(value)) = (self.param(own.number), value) {
                out.extend_from_slice(if out.is_empty() { b"{\"" } else { b",\"" });
                out.extend_from_slice(param.name.as_bytes());
                out.extend_from_slice(b"\":");
                value.json(&mut out);
            }
        }
        if !out.is_empty() {
            out.push(b'}');
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    /// There is no next generation after all.
    pub(crate) fn keep(&self) {
        self.lock().is_handed = false;
    }

    /// Takes what was told before, to the generation before or before the last start. What this program does not know, or not so, is left at
    /// its default, and said.
    pub(crate) fn take_over(&self, text: &str, by: &By) {
        let Ok(Json::Object(members)) = json_tree::read(text.as_bytes(), DEEPEST) else { return };
        let mut values = Vec::new();
        for (name, json) in members {
            let value = match self.find(&name) {
                None => Err(Refusal::new("unknown_name", "this program has no live value of this name")),
                Some((_, Param { live: Some(params::Live::File(path)), .. })) => {
                    Err(Refusal::new("comes_from_file", format!("{path} says it now")))
                }
                Some((number, param)) => value_of(param, &json).map(|value| (number, value)),
            };
            match value {
                Ok(value) => values.push(value),
                Err(refusal) => self.refuse(&name, by, &refusal),
            }
        }
        if values.is_empty() {
            return;
        }
        let Err(refusals) = self.change(values.clone(), by) else { return };
        if let [_] = values.as_slice() {
            for refusal in &refusals {
                self.refuse("values", by, refusal);
            }
            return;
        }
        // Not all of them go together any more: those that do, one by one.
        for (number, value) in values {
            let name = self.param(number).map(|param| param.name).unwrap_or_default();
            if let Err(refusals) = self.change(vec![(number, value)], by) {
                for refusal in &refusals {
                    self.refuse(name, by, refusal);
                }
            }
        }
    }

    fn changing(&self) -> MutexGuard<'_, ()> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A thread that panicked while it held the lock has left a whole set behind.
    fn lock(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The live value of a name: its number and its declaration.
    pub(crate) fn find(&self, name: &str) -> Option<(usize, &'static Param)> {
        let mut all = self.program.params.iter().enumerate();
        all.find(|(_, param)| param.live.is_some() && param.name == name)
    }

    pub(crate) fn param(&self, number: usize) -> Option<&'static Param> {
        self.program.params.get(number)
    }

    /// Publishes a set with these values in it, or refuses them all. Either is told to the operator.
    pub(crate) fn change(&self, values: Vec<(usize, Value)>, by: &By) -> Result<(), Vec<Refusal>> {
        self.change_as(values, by, by)
    }

    /// The same, where `held` is by whom they hold from then on.
    fn change_as(&self, values: Vec<(usize, Value)>, by: &By, held: &By) -> Result<(), Vec<Refusal>> {
        let _changing = self.changing();
        let present = self.lock();
        let (before, was_handed) = (Arc::clone(&present.params), present.is_handed);
        let said_before = present.about.clone();
        drop(present);
        let mut params = Params::clone(&before);
        let mut about = said_before.clone();
        let mut told = Vec::new();
        let since = clock::unix_seconds();
        for (number, value) in values {
            let Some(param) = self.param(number) else { continue };
            let old = u16::try_from(number).ok().and_then(|number| before.at(number));
            told.push(match old {
                Some(old) if *old == value => format!("live {} is still {}", param.name, shown(&value)),
                old => format!(
                    "live {}: {} -> {}",
                    param.name,
                    old.map(shown).unwrap_or_default(),
                    shown(&value)
                ),
            });
            params.replace(number, value);
            if let Some(own) = about.iter_mut().find(|own| own.number == number) {
                *own = About { number, since, by: held.clone(), refused: None };
            }
        }
        let handed =
            || Refusal::new("handing_over", "the next generation is starting: ask it once it serves");
        if was_handed && matches!(by, By::Peer(_)) {
            return Err(vec![handed()]);
        }
        let said: usize = about.iter().filter(|own| own.is_said()).map(|own| length(own, &params)).sum();
        if said > BODY {
            let detail =
                format!("all values that were changed so have at most {BODY} bytes: let a file say it");
            return Err(vec![Refusal::new("too_large", detail)]);
        }
        if let Err(why) = fit::check(self.program, &params, &self.texts(&params, &about)) {
            return Err(vec![Refusal::new("does_not_fit", why.replace("\nerror: ", "; "))]);
        }
        // Of what was kept there is nothing new, and a file says what it says.
        #[cfg(feature = "admin")]
        if matches!(by, By::Peer(_))
            && let Err(refusal) = self.keep_said(&about, &params)
        {
            return Err(vec![refusal]);
        }
        let mut present = self.lock();
        if present.is_handed && matches!(by, By::Peer(_)) {
            drop(present);
            // What was handed over meanwhile is what holds.
            #[cfg(feature = "admin")]
            let _ = self.keep_said(&said_before, &before);
            return Err(vec![handed()]);
        }
        *present = Present { params: Arc::new(params), about, is_handed: present.is_handed };
        let generation = self.generation.fetch_add(1, Ordering::Release) + 1;
        drop(present);
        let count = if matches!(by, By::File(_)) { &self.counts.by_file } else { &self.counts.by_admin };
        count.fetch_add(1, Ordering::Relaxed);
        for change in told {
            say(format_args!(
                "{} {change}, by {by}, generation {generation}",
                clock::timestamp(clock::unix_seconds())
            ));
        }
        Ok(())
    }

    /// Counts a change that is refused, and tells the operator.
    pub(crate) fn refuse(&self, name: &str, by: &By, refusal: &Refusal) {
        let Refusal { reason, detail } = refusal;
        if let Some(count) =
            REASONS.iter().position(|known| known == reason).and_then(|at| self.counts.refused.get(at))
        {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let (name, detail) = (cut(name), cut(detail));
        say(format_args!(
            "{} live {name} is not changed: {reason}: {detail}, by {by}",
            clock::timestamp(clock::unix_seconds())
        ));
    }

    /// What a file says does not hold.
    fn refuse_file(&self, number: usize, name: &str, by: &By, refusal: &Refusal) {
        let _changing = self.changing();
        if let Some(own) = self.lock().about.iter_mut().find(|own| own.number == number) {
            own.refused = Some(refusal.reason);
        }
        self.refuse(name, by, refusal);
    }

    /// A file says what holds already.
    fn accept_file(&self, number: usize) {
        let _changing = self.changing();
        if let Some(own) = self.lock().about.iter_mut().find(|own| own.number == number) {
            own.refused = None;
        }
    }

    /// What everything is at present that was given, for a sentence about it.
    fn texts(&self, params: &Params, about: &[About]) -> Vec<Text> {
        let of = |own: &About| {
            let name = self.param(own.number)?.name.to_owned();
            let number = u16::try_from(own.number).ok()?;
            let text = params.at(number).map(shown)?;
            Some(Text { name, text, items: None, place: own.by.to_string() })
        };
        about.iter().filter_map(of).chain(self.given.iter().cloned()).collect()
    }

    /// Accepted changes by the admin listener and by files; refused ones by reason.
    #[cfg(feature = "admin")]
    pub(crate) fn counts(&self) -> (u64, u64, [u64; REASONS.len()]) {
        let Counts { by_admin, by_file, refused } = &self.counts;
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (of(by_admin), of(by_file), std::array::from_fn(|at| refused.get(at).map(of).unwrap_or_default()))
    }
}

/// Bytes of a value as JSON, with its name.
fn length(about: &About, params: &Params) -> usize {
    let mut json = Vec::new();
    if let Some(value) = u16::try_from(about.number).ok().and_then(|number| params.at(number)) {
        value.json(&mut json);
    }
    // A name has at most so many bytes, or it does not count.
    json.len() + 64
}

/// The value that JSON says, if it is one of the declaration's type and within its bounds.
pub(crate) fn value_of(param: &Param, json: &Json<'_>) -> Result<Value, Refusal> {
    let wrong = |json: &Json<'_>| {
        let is_beyond = text_of(param.kind, json).is_some_and(|text| value::is_beyond(param.kind, &text));
        let reason = if is_beyond { "out_of_bounds" } else { "wrong_type" };
        Refusal::new(reason, format!("`{}` must be {}, found {}", param.name, param.expected(), found(json)))
    };
    let text = |json: &Json<'_>| text_of(param.kind, json).ok_or_else(|| wrong(json));
    let value = match (param.list, json) {
        (None, json) => value::one(param.kind, &text(json)?).ok_or_else(|| wrong(json))?,
        (Some((min, max)), Json::List(items)) => {
            let texts = items.iter().map(text).collect::<Result<Vec<_>, _>>()?;
            let odd = texts.iter().zip(items).find(|(text, _)| value::one(param.kind, text).is_none());
            if let Some((_, item)) = odd {
                return Err(wrong(item));
            }
            let count = u32::try_from(texts.len()).unwrap_or(u32::MAX);
            if !(min..=max).contains(&count) {
                let detail = format!("`{}` must be {}, found {count} items", param.name, param.expected());
                return Err(Refusal::new("out_of_bounds", detail));
            }
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            value::list(param.kind, &texts).ok_or_else(|| wrong(json))?
        }
        (Some(_), json) => return Err(wrong(json)),
    };
    if param.takes(&value) {
        return Ok(value);
    }
    let detail = format!("`{}` must be {}, found {}", param.name, param.expected(), shown(&value));
    Err(Refusal::new("out_of_bounds", detail))
}

/// The text that a value is read from: of a number and of a truth value as JSON writes them, of all else what its string says.
fn text_of(kind: Kind, json: &Json<'_>) -> Option<String> {
    match (kind, json) {
        (Kind::Bool, Json::Bool(value)) => Some(value.to_string()),
        (Kind::Int { .. } | Kind::Decimal { .. }, Json::Number(text)) => Some((*text).to_owned()),
        (Kind::Bool | Kind::Int { .. } | Kind::Decimal { .. }, _) => None,
        (_, Json::Text(text)) => Some(text.to_string()),
        _ => None,
    }
}
