//! Questions to name servers and their answers as bytes (RFC 1035), with hickory's codec. What an answer says is taken only
//! where it belongs to the question.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::IpAddr;

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

/// Names that lead to one another in one answer, at most.
const ALIASES: usize = 8;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    A,
    Aaaa,
    Srv,
}

/// What is said of a name, and for how many seconds that is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Found(Vec<Datum>, u32),
    /// There is no such name, or none with such records (RFC 2308). Without a time: the answer has none.
    Denied(Option<u32>),
}

/// One record of the kind that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Datum {
    Address(IpAddr),
    Service { priority: u16, weight: u16, port: u16, target: Name },
}

/// What a message is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// Nothing that answers the question: whoever sent it may have guessed.
    Other,
    /// It did not fit: it has to be asked for over TCP.
    Truncated,
    Said(Answer),
    /// The name server cannot or does not want to say it.
    Failed(String),
}

impl Kind {
    fn record(self) -> RecordType {
        match self {
            Self::A => RecordType::A,
            Self::Aaaa => RecordType::AAAA,
            Self::Srv => RecordType::SRV,
        }
    }
}

/// A name as it is asked for: from the root on, since no search list is applied.
pub(super) fn name(text: &str) -> Option<Name> {
    let mut name = Name::from_ascii(text).ok()?;
    name.set_fqdn(true);
    Some(name)
}

/// A question, and its number.
pub(super) fn question(name: &Name, kind: Kind) -> Option<(u16, Vec<u8>)> {
    let id = number();
    let mut message = Message::new(id, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(name.clone(), kind.record()));
    Some((id, message.to_vec().ok()?))
}

/// A number that nobody can foresee: keys of hashes are made of the system's randomness.
fn number() -> u16 {
    let [low, high, ..] = RandomState::new().build_hasher().finish().to_le_bytes();
    u16::from_le_bytes([low, high])
}

/// Reads what came back for a question.
pub(super) fn read(id: u16, name: &Name, kind: Kind, bytes: &[u8]) -> Read {
    // The number stands in front; a datagram of another is not looked at.
    if bytes.first_chunk::<2>() != Some(&id.to_be_bytes()) {
        return Read::Other;
    }
    let Ok(message) = Message::from_vec(bytes) else {
        return Read::Failed("an answer that cannot be read".to_owned());
    };
    let about = &message.metadata;
    let is_answer = about.message_type == MessageType::Response && about.op_code == OpCode::Query;
    let asks = |query: &Query| {
        query.name() == name && query.query_type() == kind.record() && query.query_class() == DNSClass::IN
    };
    if !is_answer || !matches!(message.queries.as_slice(), [only] if asks(only)) {
        return Read::Other;
    }
    if about.truncation {
        return Read::Truncated;
    }
    match about.response_code {
        ResponseCode::NoError => Read::Said(found(&message, name, kind)),
        ResponseCode::NXDomain => Read::Said(Answer::Denied(denied_for(&message))),
        ResponseCode::ServFail => Read::Failed("SERVFAIL".to_owned()),
        ResponseCode::Refused => Read::Failed("REFUSED".to_owned()),
        other => Read::Failed(format!("the code {}", u16::from(other))),
    }
}

fn found(message: &Message, name: &Name, kind: Kind) -> Answer {
    let (mut owner, mut ttl) = (name, u32::MAX);
    let of = |owner: &Name| {
        let owner = owner.clone();
        message.answers.iter().filter(move |it| it.name == owner && it.dns_class == DNSClass::IN)
    };
    for _ in 0..ALIASES {
        let alias = of(owner).find_map(|record| match &record.data {
            RData::CNAME(alias) => Some((record, &alias.0)),
            _ => None,
        });
        let Some((record, alias)) = alias else { break };
        ttl = ttl.min(lasts(record));
        owner = alias;
    }
    let mut data = Vec::new();
    for record in of(owner) {
        let datum = match (&record.data, kind) {
            (RData::A(address), Kind::A) => Datum::Address(address.0.into()),
            (RData::AAAA(address), Kind::Aaaa) => Datum::Address(IpAddr::from(address.0).to_canonical()),
            (RData::SRV(srv), Kind::Srv) => Datum::Service {
                priority: srv.priority,
                weight: srv.weight,
                port: srv.port,
                target: srv.target.clone(),
            },
            _ => continue,
        };
        ttl = ttl.min(lasts(record));
        data.push(datum);
    }
    if data.is_empty() { Answer::Denied(denied_for(message)) } else { Answer::Found(data, ttl) }
}

/// RFC 2181 section 8: what does not fit 31 bits is zero.
fn lasts(record: &Record) -> u32 {
    if record.ttl > i32::MAX.unsigned_abs() { 0 } else { record.ttl }
}

/// RFC 2308 section 5: the lesser of the SOA record's own time and the minimum that it states.
fn denied_for(message: &Message) -> Option<u32> {
    message.authorities.iter().find_map(|record| match &record.data {
        RData::SOA(soa) => Some(lasts(record).min(soa.minimum)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::rdata::{A, CNAME, SOA};

    fn answer(change: impl FnOnce(&mut Message)) -> Read {
        let asked = name("a.internal").unwrap();
        let (id, bytes) = question(&asked, Kind::A).unwrap();
        let mut message = Message::from_vec(&bytes).unwrap();
        message.metadata.message_type = MessageType::Response;
        change(&mut message);
        read(id, &asked, Kind::A, &message.to_vec().unwrap())
    }

    fn a(owner: &str, ttl: u32, last: u8) -> Record {
        Record::from_rdata(name(owner).unwrap(), ttl, RData::A(A::new(10, 0, 0, last)))
    }

    fn alias(owner: &str, ttl: u32, to: &str) -> Record {
        Record::from_rdata(name(owner).unwrap(), ttl, RData::CNAME(CNAME(name(to).unwrap())))
    }

    fn found(last: &[u8], ttl: u32) -> Read {
        let data = last.iter().map(|last| Datum::Address(IpAddr::from([10, 0, 0, *last])));
        Read::Said(Answer::Found(data.collect(), ttl))
    }

    #[test]
    fn the_shortest_time_of_all_records_on_the_way_counts() {
        let read = answer(|it| {
            it.add_answers([alias("A.internal", 40, "b.internal"), alias("b.internal", 30, "c.internal")]);
            it.add_answers([a("c.internal", 60, 1), a("c.INTERNAL", 50, 2)]);
        });
        assert_eq!(read, found(&[1, 2], 30));
        assert_eq!(answer(|it| _ = it.add_answer(a("a.internal", u32::MAX, 1))), found(&[1], 0));
    }

    #[test]
    fn records_of_other_names_are_not_taken() {
        let read = answer(|it| _ = it.add_answers([a("b.internal", 60, 1), a("a.internal", 60, 2)]));
        assert_eq!(read, found(&[2], 60));
        let none = Read::Said(Answer::Denied(None));
        assert_eq!(answer(|it| _ = it.add_answer(a("b.internal", 60, 1))), none);
        assert_eq!(answer(|it| _ = it.add_additional(a("a.internal", 60, 1))), none);
        let circle = answer(|it| {
            it.add_answers([alias("a.internal", 9, "b.internal"), alias("b.internal", 9, "a.internal")]);
        });
        assert_eq!(circle, none);
    }

    #[test]
    fn what_is_no_answer_to_the_question_is_passed_over() {
        assert_eq!(answer(|it| it.metadata.id ^= 1), Read::Other);
        assert_eq!(answer(|it| it.metadata.message_type = MessageType::Query), Read::Other);
        assert_eq!(answer(|it| it.queries.clear()), Read::Other);
        let other = Query::query(name("b.internal").unwrap(), RecordType::A);
        assert_eq!(answer(|it| it.queries = vec![other]), Read::Other);
        let asked = name("a.internal").unwrap();
        assert_eq!(
            read(0x0102, &asked, Kind::A, &[1, 2, 0x80]),
            Read::Failed("an answer that cannot be read".into())
        );
        assert_eq!(read(0x0102, &asked, Kind::A, &[1]), Read::Other);
    }

    #[test]
    fn a_denial_is_good_for_what_its_zone_says() {
        let soa = SOA::new(name("ns.internal").unwrap(), name("me.internal").unwrap(), 1, 2, 3, 4, 5);
        let soa = Record::from_rdata(name("internal").unwrap(), 60, RData::SOA(soa));
        let denied = answer(|it| {
            it.metadata.response_code = ResponseCode::NXDomain;
            it.add_authority(soa);
        });
        assert_eq!(denied, Read::Said(Answer::Denied(Some(5))));
        assert_eq!(
            answer(|it| it.metadata.response_code = ResponseCode::NotImp),
            Read::Failed("the code 4".into())
        );
        assert_eq!(answer(|it| it.metadata.truncation = true), Read::Truncated);
    }
}
