//! `body TYPE max SIZE`: a request whose body is JSON of a type. It is read as a whole, and sent on as it came.

use super::{Document, Shape, Unread};
use crate::exchange::{Exchange, Flow};
use crate::params::Setting;
use crate::reason::Reason;

/// The body of one route.
#[derive(Debug)]
pub struct Config {
    /// Its type.
    pub kind: &'static Shape,
    /// Largest body, in bytes.
    pub max: Setting<u64>,
}

impl Config {
    /// Asks for the body.
    pub fn request(&'static self, x: &mut Exchange) -> Flow {
        x.body_max = self.max.of(x);
        if is_plain_json(x) { Flow::Body(x.body_max) } else { Flow::Refuse(Reason::WRONG_MEDIA_TYPE) }
    }

    /// Reads the body, which is there.
    pub fn body(&'static self, x: &mut Exchange) -> Flow {
        // The text is read, and sent on too.
        if !x.room.take(x.onward.len() as u64) {
            return Flow::Refuse(Reason::BODIES_FULL);
        }
        match Document::read_in(x.onward.clone(), self.kind, &mut x.room) {
            Err(Unread::Wrong(wrongs)) => {
                x.wrongs = wrongs;
                Flow::Refuse(Reason::WRONG_BODY)
            }
            Err(Unread::Full) => Flow::Refuse(Reason::BODIES_FULL),
            Ok(document) => {
                // The body is the first of all documents.
                x.documents.clear();
                x.documents.push(Some(document));
                Flow::Next
            }
        }
    }
}

/// `application/json`, or a type that is written in it (RFC 6839 section 3.1), in no coding (RFC 9110 section 8.4).
fn is_plain_json(x: &Exchange) -> bool {
    let mut types = x.head.field("content-type");
    let (Some(ty), None) = (types.next(), types.next()) else { return false };
    let name = ty.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
    let is_json =
        name == b"application/json" || name.starts_with(b"application/") && name.ends_with(b"+json");
    let is_plain = |coding: &[u8]| coding.trim_ascii().eq_ignore_ascii_case(b"identity");
    is_json && x.head.field("content-encoding").all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Form;
    use crate::serve::room::Room;

    static NUMBER: Shape = Shape { expected: "int", form: Form::Int { min: 0, max: 9 } };
    static BODY: Config = Config { kind: &NUMBER, max: Setting::Is(16) };

    #[test]
    fn only_plain_json_is_read() {
        for (fields, is_read) in [
            ("Content-Type: application/json", true),
            ("Content-Type: Application/JSON; charset=utf-8", true),
            ("Content-Type: application/merge-patch+json", true),
            ("Content-Type: application/json\nContent-Encoding: identity", true),
            ("X: y", false),
            ("Content-Type: text/json", false),
            ("Content-Type: application/jsonp", false),
            ("Content-Type: application/json\nContent-Type: text/plain", false),
            ("Content-Type: application/json\nContent-Encoding: gzip", false),
        ] {
            let mut x = Exchange::reading(&format!("POST / HTTP/1.1\nHost: a\n{fields}"));
            let flow = BODY.request(&mut x);
            assert_eq!(matches!(flow, Flow::Body(16)), is_read, "{fields}");
            assert_eq!(matches!(flow, Flow::Refuse(Reason::WRONG_MEDIA_TYPE)), !is_read, "{fields}");
        }
    }

    static NUMBERS: Shape =
        Shape { expected: "list<int>", form: Form::List { item: &NUMBER, min: 0, max: u32::MAX } };
    static MANY: Config = Config { kind: &NUMBERS, max: Setting::Is(1 << 20) };

    #[test]
    fn what_there_is_no_room_for_is_not_read_to_its_end_and_takes_nothing() {
        let room = Room::new(64 * 1024);
        let body = |text: &str| {
            let mut x = Exchange::reading("POST / HTTP/1.1\nHost: a");
            x.room = room.enter();
            x.onward = text.as_bytes().to_vec();
            (MANY.body(&mut x), x)
        };
        let many = "1,".repeat(10_000);
        // Were it read to its end, that would be seen to be wrong.
        assert!(matches!(body(&format!("[{many}")).0, Flow::Refuse(Reason::BODIES_FULL)));
        assert!(matches!(body(&format!("[{}", &many[..2_000])).0, Flow::Refuse(Reason::WRONG_BODY)));
        let (flow, x) = body(&format!("[{}1]", &many[..2_000]));
        let held = x.documents.iter().flatten().map(Document::size).sum::<usize>() as u64;
        assert!(matches!(flow, Flow::Next));
        assert!(room.enter().take(64 * 1024 - held) && !room.enter().take(64 * 1024 - held + 1));
    }

    #[test]
    fn a_body_is_read_or_refused_and_stays_what_is_sent() {
        let mut x = Exchange::reading("POST / HTTP/1.1\nHost: a");
        x.onward = b" 7 ".to_vec();
        assert!(matches!(BODY.body(&mut x), Flow::Next));
        assert_eq!((crate::json::known(&x, 0).int(), x.onward.as_slice()), (7, &b" 7 "[..]));
        x.onward = b"77".to_vec();
        assert!(matches!(BODY.body(&mut x), Flow::Refuse(Reason::WRONG_BODY)));
        assert_eq!(x.wrongs.len(), 1);
    }
}
