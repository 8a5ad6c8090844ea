//! What a request is known by before anything else is done with it: its id, and the address of the client that it is from.

use super::client::Client;
use crate::exchange::Exchange;
use crate::http1::request::write_forwarding;
use crate::proxies::Said;
use crate::reason::Reason;
use crate::request_id;

/// Gives an exchange whose head has been read its id and its client.
pub(super) fn identify(client: &Client, x: &mut Exchange) -> Result<(), Reason> {
    let gateway = &client.worker.gateway;
    if let Some(name) = gateway.program.request_id {
        let received = client.trusted.then(|| request_id::received(&x.head, name)).flatten();
        match received {
            Some(id) => x.id.extend_from_slice(id),
            None => client.worker.ids.write(&mut x.id),
        }
        x.carry_id(name);
    }
    client.worker.tracer.begin(x, client.trusted);
    if let (true, Some(proxies)) = (client.trusted, &gateway.proxies) {
        let said = proxies.read(&x.head, client.ip)?;
        if said != (Said { client: client.ip, secure: false }) {
            x.client = said.client;
            write_forwarding(said.client, said.secure, &mut x.forwarding);
        }
    }
    // Its chain may run more than once; what it is known by is the same each time.
    x.edits.begin();
    Ok(())
}

/// The same for one whose head cannot be read: nothing in it is believed.
pub(super) fn identify_unread(client: &Client, x: &mut Exchange) {
    client.worker.tracer.begin_unread(x);
    if let Some(name) = client.worker.gateway.program.request_id {
        client.worker.ids.write(&mut x.id);
        x.carry_id(name);
    }
}
