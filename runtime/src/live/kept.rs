//! The file in which is kept what operators say of live values, so that it holds after a stop and a start too.
//!
//! It is written before a change holds, whole and beside the file that stands there, and then moved into its place: whenever the
//! machine stops, one of the two stands there. What cannot be written does not hold.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{About, BODY, By, DEEPEST, Live, Refusal};
use crate::access_log::is_file;
use crate::json_tree::{self, Json};
use crate::params::Params;
use crate::params::given::Text;
use crate::program::Program;
use crate::watched::{self, Moved};

/// Bytes that may stand there: all values, with their names.
const MOST: u64 = 4 * BODY as u64;

/// The file.
#[derive(Debug)]
pub(crate) struct Kept {
    path: PathBuf,
    /// As it is declared.
    declared: String,
}

impl Kept {
    /// The file of a program, if it has one, and what stands there. Where there is none yet, one can be made.
    ///
    /// # Errors
    ///
    /// Why it cannot be kept there, in one line and a help.
    pub(crate) fn first(
        program: &Program,
        (params, given): (&Params, &[Text]),
        moved: &Moved,
    ) -> Result<Option<(Self, String)>, String> {
        // A gateway that is tested keeps nothing: what it is told of live values is the test's.
        let declared = program.admin.filter(|_| cfg!(not(feature = "tested"))).and_then(|admin| admin.keep);
        let Some(setting) = declared else { return Ok(None) };
        let declared = setting.at(params).to_owned();
        if !is_file(&declared) {
            let name = setting.param().and_then(|number| program.params.get(usize::from(number)));
            let name = name.map(|param| param.name).unwrap_or_default();
            let found = given.iter().find(|text| text.name == name).map_or(&*declared, |text| &*text.text);
            return Err(format!(
                "`{name}` must be the absolute path of a file, since live values are kept there, found {found:?}"
            ));
        }
        let path = watched::moved(&declared, moved);
        // What a link leads to is the file, and the link stays.
        let path = fs::canonicalize(&path).unwrap_or(path);
        let kept = Self { path, declared };
        let said = |why: &dyn std::fmt::Display, help: &str| {
            format!("live values cannot be kept in {}: {why}\n  = help: {help}", kept.declared)
        };
        let text = match watched::bytes(&kept.path, MOST) {
            Ok((_, bytes)) if bytes.len() as u64 > MOST => {
                return Err(said(&format!("it has more than {MOST} bytes"), FOREIGN));
            }
            Ok((_, bytes)) => String::from_utf8(bytes).map_err(|_| said(&"it is no text", FOREIGN))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(said(&error, "let this user read it")),
        };
        // Not to be found out by the first change.
        let probe = kept.beside(&format!(".{}", std::process::id()));
        new(&probe)
            .and_then(|_| fs::remove_file(&probe))
            .and_then(|()| kept.folder())
            .map_err(|error| said(&error, "make its folder, and let this user write there"))?;
        Ok(Some((kept, text)))
    }

    /// As it is declared.
    pub(crate) fn declared(&self) -> &str {
        &self.declared
    }

    /// Puts this text in the place of what stands there.
    pub(crate) fn write(&self, text: &str) -> io::Result<()> {
        let (beside, folder) = (self.beside(".new"), self.folder()?);
        let mut file = new(&beside)?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        // It stands there now, whatever becomes of this: the new name is to be there after a loss of power as well.
        let _ = folder.sync_all();
        Ok(())
    }

    fn folder(&self) -> io::Result<File> {
        File::open(self.path.parent().unwrap_or(Path::new("/")))
    }

    /// A file beside it. What only tries whether one can be made takes none away that is being written.
    fn beside(&self, end: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(end);
        name.into()
    }
}

impl Live {
    /// Takes what was kept before the last start, and keeps what is said from now on. `inherits` where the generation before hands over
    /// what holds: that comes later, and counts.
    ///
    /// # Errors
    ///
    /// What stands in the file is not what is kept there.
    pub(crate) fn keeps(&mut self, kept: Option<(Kept, String)>, inherits: bool) -> Result<(), String> {
        let Some((kept, text)) = kept else { return Ok(()) };
        let declared = kept.declared().to_owned();
        if !(text.is_empty() || matches!(json_tree::read(text.as_bytes(), DEEPEST), Ok(Json::Object(_)))) {
            return Err(format!(
                "live values cannot be kept in {declared}: it is no object of JSON\n  = help: {FOREIGN}"
            ));
        }
        self.kept = Some(kept);
        if inherits {
            // Until this generation serves, the one before is told.
            self.lock().is_handed = true;
        } else if !text.is_empty() {
            self.take_over(&text, &By::Kept(declared));
        }
        Ok(())
    }

    /// This generation serves in the place of the one before, which has handed over what holds: from now on changes are taken, and what
    /// holds is kept, whatever stands in the file.
    pub(crate) fn serves(&self) {
        let _changing = self.changing();
        let mut present = self.lock();
        if !std::mem::take(&mut present.is_handed) {
            return;
        }
        let (about, params) = (present.about.clone(), std::sync::Arc::clone(&present.params));
        drop(present);
        if let Err(Refusal { detail, .. }) = self.keep_said(&about, &params) {
            super::say(format_args!("error: live values are not kept: {detail}"));
        }
    }

    /// Whether what operators have said then is kept; if not, why.
    pub(super) fn keep_said(&self, about: &[About], params: &Params) -> Result<(), Refusal> {
        let Some(kept) = &self.kept else { return Ok(()) };
        let said = self.said(about, params);
        let said = if said.is_empty() { "{}" } else { &said };
        kept.write(said).map_err(|error| {
            Refusal::new("not_kept", format!("it cannot be written to {}: {error}", kept.declared()))
        })
    }
}

/// What to do where somebody else has written there.
const FOREIGN: &str = "write a JSON object of names and values there, or remove it";

/// A file that only this user may read, in the place of one that was left half written.
fn new(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}
