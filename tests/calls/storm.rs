//! Many threads ask at once, and the server answers as it likes: every request ends, and no answer
//! goes to another's.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use sockeye::framed::{self, Delimiter, Requests, RequestsBuilder};
use sockeye::{Client, ErrorKind, Service};

use crate::codec::lines;
use crate::common::{Design, LIMIT, Random, addr_of, bounded, eventually, serve};
use crate::matching::number;
use crate::on_both_designs;
use crate::scene::soon;

on_both_designs!(
    in_order,
    shuffled,
    never,
    closing_in_the_middle,
    closing_in_the_middle_while_the_client_queues,
    canceled_at_any_time,
);

const THREADS: usize = 8;

/// Requests of each thread.
const EACH: usize = 300;

fn in_order(design: Design) {
    let ended = run(design, Server::Answers, |requests| requests, 0, ask);
    assert_eq!(ended, Ended { answered: THREADS * EACH, ..Ended::default() });
}

fn shuffled(design: Design) {
    let by_number = |requests: RequestsBuilder<Delimiter>| requests.matched_by(number);
    let ended = run(design, Server::Shuffles, by_number, 0, ask);
    assert_eq!(ended, Ended { answered: THREADS * EACH, ..Ended::default() });
}

fn never(design: Design) {
    let impatient = |requests: RequestsBuilder<Delimiter>| {
        requests.matched_by(number).limit(THREADS / 2).time_limit(Duration::from_millis(2))
    };
    let ended = run(design, Server::Listens, impatient, 0, ask);
    assert!(ended.late > 0 && ended.refused > 0, "{ended:?}");
    assert_eq!(ended.late + ended.refused, THREADS * EACH);
}

fn closing_in_the_middle(design: Design) {
    let ended = run(design, Server::Closes, |requests| requests, 0, ask);
    assert!(ended.answered > 0 && ended.closed > 0, "{ended:?}");
    assert_eq!((ended.late, ended.refused), (0, 0));
}

fn closing_in_the_middle_while_the_client_queues(design: Design) {
    let ended = run(design, Server::Closes, |requests| requests, 1 << 20, ask);
    assert!(ended.answered > 0 && ended.closed > 0, "{ended:?}");
    assert_eq!((ended.late, ended.refused), (0, 0));
}

fn canceled_at_any_time(design: Design) {
    let ended = run(
        design,
        Server::Answers,
        |requests| requests,
        0,
        |requests, text, random| {
            let reply = requests.request(text);
            match random.below(3) {
                0 => return None,
                1 => (0..random.below(500)).for_each(|_| std::hint::spin_loop()),
                _ => return Some(reply.wait(LIMIT)),
            }
            None
        },
    );
    assert!(ended.answered > 0);
    assert_eq!(ended, Ended { answered: ended.answered, ..Ended::default() });
}

/// How requests ended.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ended {
    answered: usize,
    late: usize,
    closed: usize,
    /// Too many were under way.
    refused: usize,
}

#[derive(Clone, Copy)]
enum Server {
    /// Each request in its turn.
    Answers,
    /// Those of one turn in another order.
    Shuffles,
    Listens,
    /// After some answers.
    Closes,
}

type Outcome = sockeye::Result<Vec<u8>>;

fn ask(requests: &Requests, text: &str, _random: &mut Random) -> Option<Outcome> {
    Some(requests.call(text, LIMIT))
}

/// Has threads ask, and counts how that ended. Each answer must be the request itself.
fn run(
    design: Design,
    server: Server,
    set: fn(RequestsBuilder<Delimiter>) -> RequestsBuilder<Delimiter>,
    queue: usize,
    ask: fn(&Requests, &str, &mut Random) -> Option<Outcome>,
) -> Ended {
    let mut random = Random::new();
    let service = design.service();
    let server = serve_as(&service, server, random.next());
    let (protocol, requests) = set(framed::requests(&service, lines())).build();
    let client = Client::builder(&service, protocol).reconnect(soon()).queue_while_down(queue);
    let client = Arc::new(client.connect(addr_of(&server)).unwrap());
    client.wait_connected(LIMIT).unwrap();
    let threads = (0..THREADS).map(|thread| {
        let (requests, client) = (requests.clone(), Arc::clone(&client));
        let mut random = random.fork();
        thread::spawn(move || {
            let mut ended = Ended::default();
            for round in 0..EACH {
                let text = format!("{}:x", thread * EACH + round);
                if let Some(outcome) = ask(&requests, &text, &mut random) {
                    ended.count(&text, outcome, &client);
                }
            }
            ended
        })
    });
    let threads = threads.collect::<Vec<_>>();
    let all = move || threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>();
    let ended = bounded("all of them", all).into_iter().fold(Ended::default(), Ended::and);
    // What was canceled is answered before this.
    if requests.under_way() > 0 && client.is_connected() {
        let _ = requests.call(format!("{}:last", THREADS * EACH), LIMIT);
    }
    // One whose time was up while it waited in the mailbox is under way until it is taken out.
    eventually("none is under way", || requests.under_way() == 0);
    ended
}

impl Ended {
    fn count(&mut self, text: &str, outcome: Outcome, client: &Client) {
        match outcome {
            Ok(answer) => {
                assert_eq!(answer, text.as_bytes());
                self.answered += 1;
            }
            Err(error) => match error.kind() {
                ErrorKind::TimedOut => self.late += 1,
                ErrorKind::LimitReached => self.refused += 1,
                ErrorKind::Closed => {
                    self.closed += 1;
                    let _ = client.wait_connected(LIMIT);
                }
                _ => panic!("{error}"),
            },
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            answered: self.answered + other.answered,
            late: self.late + other.late,
            closed: self.closed + other.closed,
            refused: self.refused + other.refused,
        }
    }
}

fn serve_as(service: &Service, server: Server, seed: u64) -> sockeye::Server {
    let protocol =
        framed::server(lines(), move |_| Serving { server, random: seed, held: Arc::default() });
    serve(service, protocol)
}

struct Serving {
    server: Server,
    random: u64,
    held: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Serving {
    fn below(&mut self, bound: u64) -> usize {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from((self.random >> 33) % bound).unwrap()
    }

    fn answer_later(&mut self, session: &framed::Session<'_>, message: &[u8]) {
        let mut held = self.held.lock().unwrap();
        held.push(message.to_vec());
        let len = held.len();
        drop(held);
        let place = self.below(len as u64);
        self.held.lock().unwrap().swap(place, len - 1);
        if len == 1 {
            let held = Arc::clone(&self.held);
            let answer = move |session: &mut framed::Session<'_>| {
                for message in held.lock().unwrap().drain(..) {
                    session.send(message);
                }
            };
            session.handle().post(answer).unwrap();
        }
    }
}

impl framed::Handler for Serving {
    fn on_message(&mut self, session: &mut framed::Session<'_>, message: &[u8]) {
        match self.server {
            Server::Listens => {}
            Server::Answers => drop(session.send(message)),
            Server::Closes => {
                session.send(message);
                if self.below(50) == 0 {
                    session.close();
                }
            }
            Server::Shuffles => self.answer_later(session, message),
        }
    }
}
