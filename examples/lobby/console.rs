//! What the administrator may ask for, on standard input.

use std::io;
use std::time::Instant;

use sockeye::middleware::RateLimit;
use sockeye::raw::Handle;
use sockeye::{Sent, Server};

use super::{NAME, Names, Settings, THREADS, names};

const HELP: &str = "\
/sessions             who is here, from where, in which rooms
/kick NAME|ID [WHY]   have somebody go
/broadcast TEXT       say it to all
/rooms                which rooms there are, and who is in them
/room ROOM TEXT       say it to a room
/info                 what the server is
/stats                what it has done
/quit                 stop it, as the end of input does
/help                 see this";

/// How guests are told what the administrator says, in what the server speaks.
pub(crate) trait Voice {
    fn tell_all(&self, server: &Server, text: &str) -> Sent;

    fn tell_room(&self, server: &Server, room: &str, text: &str) -> Sent;

    /// Says why, and closes.
    fn kick(&self, guest: &Handle, why: String) -> sockeye::Result<()>;
}

pub(crate) struct Console {
    voice: Box<dyn Voice>,
    server: Server,
    names: Names,
    limit: RateLimit,
    settings: Settings,
    started: Instant,
}

impl Console {
    pub(crate) fn new(
        voice: impl Voice + 'static,
        server: Server,
        names: Names,
        limit: RateLimit,
        settings: Settings,
    ) -> Self {
        let (voice, started) = (Box::new(voice), Instant::now());
        Self { voice, server, names, limit, settings, started }
    }

    /// Does what the lines say, until one says to stop or there are no more.
    pub(crate) fn run(
        &self,
        mut lines: impl Iterator<Item = io::Result<String>>,
    ) -> io::Result<()> {
        while let Some(line) = lines.next().transpose()? {
            match line.trim() {
                "/quit" => break,
                line => self.obey(line),
            }
        }
        Ok(())
    }

    fn obey(&self, line: &str) {
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        match command {
            "" => {}
            "/kick" | "/broadcast" if rest.is_empty() => println!("Say /help"),
            "/sessions" => self.sessions(),
            "/kick" => self.kick(rest),
            "/broadcast" => report(self.voice.tell_all(&self.server, rest)),
            "/rooms" => self.rooms(),
            "/room" => self.tell_room(rest),
            "/info" => self.info(),
            "/stats" => self.stats(),
            "/help" => println!("{HELP}"),
            _ => println!("There is no command {command}: say /help"),
        }
    }

    fn sessions(&self) {
        let sessions = self.server.sessions();
        println!("Sessions: {}", sessions.len());
        for session in sessions {
            let peer = session.peer_addr().map_or_else(String::new, |peer| peer.to_string());
            let name = session.get(&NAME).unwrap_or_default();
            let rooms = session.rooms().join(", ");
            let stats = session.stats();
            let since = session.connected_at().map_or(0, |at| at.elapsed().as_secs());
            println!(
                "{} {peer}, {name}, in [{rooms}], {} bytes received, {} sent, for {since} s",
                session.id(),
                stats.bytes_received,
                stats.bytes_sent,
            );
        }
    }

    fn kick(&self, rest: &str) {
        let (who, why) = rest.split_once(' ').unwrap_or((rest, "the administrator wants it"));
        let Some(session) = self.find(who) else { return println!("Nobody is called {who}") };
        match self.voice.kick(&session, why.trim().to_string()) {
            Ok(()) => println!("Kicked {who}"),
            Err(error) => println!("{error}"),
        }
    }

    fn find(&self, who: &str) -> Option<Handle> {
        self.names.find(who).or_else(|| self.server.find(who.parse().ok()?))
    }

    fn rooms(&self) {
        let rooms = self.server.rooms();
        println!("Rooms: {}", rooms.len());
        for room in rooms.names() {
            let members = rooms.get(&room).map_or_else(Vec::new, |group| group.members());
            println!("{room} ({}): {}", members.len(), names(&members).join(", "));
        }
    }

    fn tell_room(&self, rest: &str) {
        match rest.split_once(' ') {
            Some((room, text)) if self.server.rooms().get(room).is_some() => {
                report(self.voice.tell_room(&self.server, room, text.trim_start()));
            }
            Some((room, _)) => println!("There is no room {room}"),
            None => println!("Say /help"),
        }
    }

    fn info(&self) {
        let Settings { pool, rate, connections, .. } = self.settings;
        let design = if pool { "thread pool" } else { "loop per thread" };
        let addresses = self.server.local_addrs();
        let addresses = addresses.iter().map(ToString::to_string).collect::<Vec<_>>();
        println!("Design: {design}, {THREADS} threads");
        println!("Addresses: {}", addresses.join(", "));
        println!("Running for {} s", self.started.elapsed().as_secs());
        println!("Lines per second and address: {rate}");
        println!("Connections at most: {connections}");
    }

    fn stats(&self) {
        let metrics = self.server.metrics();
        let stats = metrics.stats;
        println!("Messages: {} received, {} sent", stats.messages_received, stats.messages_sent);
        println!("Bytes: {} received, {} sent", stats.bytes_received, stats.bytes_sent);
        println!(
            "Connections: {} now, {} so far, {} refused",
            metrics.active(),
            metrics.opened,
            metrics.refused
        );
        println!(
            "Dropped: {} for want of room, {} that came too fast",
            stats.dropped,
            self.limit.exceeded()
        );
    }
}

fn report(sent: Sent) {
    match sent {
        Sent::Queued | Sent::Congested => println!("Sent"),
        _ => println!("Not sent: {sent:?}"),
    }
}
