//! What the administrator says, as guests hear it.

use sockeye::raw::Handle;
use sockeye::{Sent, Server, ws};

use crate::lobby::Voice;
use crate::said::Said;

/// He speaks JSON, to all who are in this group.
pub(crate) struct Json(pub(crate) ws::Group);

impl Voice for Json {
    fn tell_all(&self, _server: &Server, text: &str) -> Sent {
        self.0.text(Said::news(&format!("(admin) {text}")))
    }

    fn tell_room(&self, server: &Server, room: &str, text: &str) -> Sent {
        let Some(group) = server.rooms().get(room) else { return Sent::Queued };
        let said = Said::Chat { from: "(admin)", room, message: text };
        ws::Group::from(group).text(said.to_string())
    }

    fn kick(&self, guest: &Handle, why: String) -> sockeye::Result<()> {
        ws::Handle::from(guest.clone()).post(move |session| {
            session.text(Said::news(&format!("You have to go: {why}")));
            session.close(ws::Code::POLICY_VIOLATION.get(), format!("kicked, {why}"));
        })
    }
}
