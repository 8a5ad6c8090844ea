//! A name server that says what a test tells it, over UDP and TCP at one free port, and counts what it is asked.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};

use hickory_proto::op::{Message, MessageType, ResponseCode};
use hickory_proto::rr::rdata::{CNAME, SOA, SRV};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use crate::PATIENCE;

/// How many seconds it denies a name for.
pub const DENIES: u32 = 5;
/// RFC 1035 section 4.2.1: what fits a datagram.
const DATAGRAM: usize = 512;

/// A name server.
#[derive(Clone, Debug)]
pub struct NameServer {
    /// Where it listens.
    pub address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
}

/// How it behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// It says what it knows.
    #[default]
    Right,
    /// SERVFAIL to everything.
    Fails,
    /// SERVFAIL to questions for AAAA records.
    FailsForSix,
    /// Nothing at all.
    Silent,
    /// Before each answer comes one with another number, which somebody else could have sent.
    Forged,
    /// What is no message.
    Garbage,
}

#[derive(Debug, Default)]
struct Zone {
    records: BTreeMap<String, Vec<Record>>,
    every: Option<RData>,
    mood: Mood,
    asked: BTreeMap<(String, RecordType), usize>,
    over_tcp: usize,
}

fn name(text: &str) -> Name {
    let mut name = Name::from_ascii(text).unwrap();
    name.set_fqdn(true);
    name
}

/// `A 10.0.0.1`, `AAAA ::1`, `CNAME b.internal`, `SRV 10 5 9001 b.internal`.
fn data(text: &str) -> RData {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["A", address] => RData::A(address.parse::<std::net::Ipv4Addr>().unwrap().into()),
        ["AAAA", address] => RData::AAAA(address.parse::<std::net::Ipv6Addr>().unwrap().into()),
        ["CNAME", to] => RData::CNAME(CNAME(name(to))),
        ["SRV", priority, weight, port, target] => RData::SRV(SRV::new(
            priority.parse().unwrap(),
            weight.parse().unwrap(),
            port.parse().unwrap(),
            name(target),
        )),
        _ => panic!("{text} is no record"),
    }
}

impl NameServer {
    /// One that knows no name.
    pub fn new() -> Self {
        // The same port has to be free for both.
        let (listener, socket) = loop {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            if let Ok(socket) = UdpSocket::bind(listener.local_addr().unwrap()) {
                break (listener, socket);
            }
        };
        let server = Self { address: listener.local_addr().unwrap(), zone: Arc::default() };
        let (over_udp, over_tcp) = (server.clone(), server.clone());
        std::thread::spawn(move || over_udp.datagrams(&socket));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                // Whoever asks may go away at any time.
                let _ = over_tcp.stream(stream);
            }
        });
        server
    }

    /// One that knows every name: the same address for all.
    pub fn of_all(address: &str) -> Self {
        let server = Self::new();
        server.zone.lock().unwrap().every = Some(data(address));
        server
    }

    /// Puts records in the place of those that a name has.
    pub fn set(&self, of: &str, ttl: u32, records: &[&str]) {
        let records = records.iter().map(|text| Record::from_rdata(name(of), ttl, data(text))).collect();
        self.zone.lock().unwrap().records.insert(of.to_owned(), records);
    }

    /// Forgets a name.
    pub fn forget(&self, of: &str) {
        self.zone.lock().unwrap().records.remove(of);
    }

    /// Changes its behaviour.
    pub fn be(&self, mood: Mood) {
        self.zone.lock().unwrap().mood = mood;
    }

    /// How often it was asked for the A records of a name.
    pub fn asked(&self, of: &str) -> usize {
        let zone = self.zone.lock().unwrap();
        zone.asked.get(&(of.to_owned(), RecordType::A)).copied().unwrap_or_default()
    }

    /// How often it was asked over TCP.
    pub fn over_tcp(&self) -> usize {
        self.zone.lock().unwrap().over_tcp
    }

    fn datagrams(&self, socket: &UdpSocket) {
        let mut room = [0; 4096];
        while let Ok((count, from)) = socket.recv_from(&mut room) {
            let (mood, answer) = self.answer(&room[..count]);
            let Some(answer) = answer else { continue };
            let mut bytes = answer.to_vec().unwrap();
            if mood == Mood::Forged {
                let mut forged = bytes.clone();
                forged[0] ^= 1;
                let _ = socket.send_to(&forged, from);
            }
            if bytes.len() > DATAGRAM {
                bytes = answer.truncate().to_vec().unwrap();
            }
            if mood == Mood::Garbage {
                bytes.truncate(14);
            }
            let _ = socket.send_to(&bytes, from);
        }
    }

    fn stream(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut asked = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut asked)?;
        self.zone.lock().unwrap().over_tcp += 1;
        let Some(answer) = self.answer(&asked).1 else { return Ok(()) };
        let bytes = answer.to_vec().unwrap();
        stream.write_all(&u16::try_from(bytes.len()).unwrap().to_be_bytes())?;
        stream.write_all(&bytes)
    }

    fn answer(&self, asked: &[u8]) -> (Mood, Option<Message>) {
        let mut zone = self.zone.lock().unwrap();
        let mood = zone.mood;
        let mut message = Message::from_vec(asked).expect("the gateway's question can be read");
        assert!(message.metadata.recursion_desired, "a stub resolver asks for recursion");
        let query = message.queries[0].clone();
        let of = query.name().to_ascii().trim_end_matches('.').to_lowercase();
        *zone.asked.entry((of.clone(), query.query_type())).or_default() += 1;
        message.metadata.message_type = MessageType::Response;
        message.metadata.recursion_available = true;
        let fails =
            mood == Mood::Fails || mood == Mood::FailsForSix && query.query_type() == RecordType::AAAA;
        if mood == Mood::Silent {
            return (mood, None);
        }
        if fails {
            message.metadata.response_code = ResponseCode::ServFail;
            return (mood, Some(message));
        }
        let is_known = zone.records.contains_key(&of) || zone.every.is_some() && !of.starts_with("nowhere.");
        let mut owner = of;
        // Aliases are few in these tests; a circle would be endless.
        for _ in 0..8 {
            let alias = zone
                .records
                .get(&owner)
                .into_iter()
                .flatten()
                .find(|record| matches!(record.data, RData::CNAME(_)));
            let Some(alias) = alias else { break };
            message.add_answer(alias.clone());
            let RData::CNAME(CNAME(to)) = &alias.data else { break };
            to.to_ascii().trim_end_matches('.').clone_into(&mut owner);
        }
        let own = zone.records.get(&owner).into_iter().flatten();
        for record in own.filter(|record| record.record_type() == query.query_type()) {
            message.add_answer(record.clone());
        }
        if is_known
            && let Some(data) = zone.every.clone().filter(|data| data.record_type() == query.query_type())
        {
            message.add_answer(Record::from_rdata(query.name().clone(), 60, data));
        }
        if message.answers.is_empty() {
            let soa = SOA::new(name("ns.internal"), name("admin.internal"), 1, 60, 60, 60, DENIES);
            message.add_authority(Record::from_rdata(name("internal"), 3_600, RData::SOA(soa)));
            if !is_known {
                message.metadata.response_code = ResponseCode::NXDomain;
            }
        }
        (mood, Some(message))
    }
}

impl Default for NameServer {
    fn default() -> Self {
        Self::new()
    }
}
