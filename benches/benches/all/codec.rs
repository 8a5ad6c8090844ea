//! Heads read into the model and written from it, and the chunked coding.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use gatewright_runtime::bench::{Decoder, Fields, Length, Request, Response};
use gatewright_runtime::head::{Head, Method};

/// What `curl` sends, without its name.
const MINIMAL: &[u8] = b"GET /orders/7 HTTP/1.1\r\nHost: shop.example\r\n\r\n";

const BROWSER: &[u8] = b"GET /orders/7?page=2&sort=date HTTP/1.1\r\n\
    Host: shop.example\r\n\
    Connection: keep-alive\r\n\
    sec-ch-ua: \"Chromium\";v=\"130\", \"Google Chrome\";v=\"130\", \"Not?A_Brand\";v=\"99\"\r\n\
    sec-ch-ua-mobile: ?0\r\n\
    sec-ch-ua-platform: \"Linux\"\r\n\
    Upgrade-Insecure-Requests: 1\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8\r\n\
    Sec-Fetch-Site: same-origin\r\n\
    Sec-Fetch-Mode: navigate\r\n\
    Sec-Fetch-User: ?1\r\n\
    Sec-Fetch-Dest: document\r\n\
    Referer: https://shop.example/orders\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-US,en;q=0.9,de;q=0.8\r\n\
    Cookie: session=8f14e45fceea167a5a36dedd4bea2543; theme=dark; consent=yes\r\n\r\n";

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Date: Fri, 20 Nov 2026 12:00:00 GMT\r\n\
    Server: app\r\n\
    Content-Type: application/json; charset=utf-8\r\n\
    Content-Length: 100\r\n\
    Connection: keep-alive\r\n\
    Cache-Control: private, max-age=0\r\n\
    ETag: \"33a64df551425fcc55e4d42a148795d9f25f89d4\"\r\n\
    Vary: Accept-Encoding\r\n\
    X-Request-Id: 6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10\r\n\r\n";

pub fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("codec");
    for (name, bytes) in [("minimal", MINIMAL), ("browser", BROWSER)] {
        let mut head = Head::default();
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(format!("read request {name}"), |b| {
            b.iter(|| Request::read(black_box(bytes), &mut head).unwrap().unwrap());
        });
        let request = Request::read(bytes, &mut head).unwrap().unwrap();
        let mut out = Vec::new();
        group.bench_function(format!("write request {name}"), |b| {
            b.iter(|| {
                out.clear();
                request.write(black_box(&head), &mut out);
                out.len()
            });
        });
    }
    let mut fields = Fields::default();
    group.throughput(Throughput::Bytes(ANSWER.len() as u64));
    group.bench_function("read answer", |b| {
        b.iter(|| Response::read(black_box(ANSWER), Method::Get, &mut fields).unwrap().unwrap());
    });
    let response = Response::read(ANSWER, Method::Get, &mut fields).unwrap().unwrap();
    let mut out = Vec::new();
    group.bench_function("write answer", |b| {
        b.iter(|| {
            out.clear();
            response.write(black_box(ANSWER), &fields, Length::Fixed(100), &mut out);
            out.len()
        });
    });
    for size in [100, 8_192, 65_536] {
        let body = chunked(65_536, size);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(format!("decode 64 KiB in chunks of {size}"), |b| {
            let decode = |body: &mut Vec<u8>| Decoder::default().decode(body).unwrap();
            b.iter_batched_ref(|| body.clone(), decode, BatchSize::SmallInput);
        });
    }
    group.finish();
}

/// A body of `total` bytes in chunks of `size`.
fn chunked(total: usize, size: usize) -> Vec<u8> {
    let mut body = Vec::new();
    for chunk in vec![b'x'; total].chunks(size) {
        body.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        body.extend_from_slice(chunk);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"0\r\n\r\n");
    body
}
