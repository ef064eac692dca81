//! Every answer in the table, to a client.

use sockeye::ErrorKind;
use sockeye::http::{ClientResponse, Method};

use crate::common::{LIMIT, Setting};
use crate::on_tcp;
use crate::scene::Scene;
use crate::table::responses::{Answer, Outcome, answers};

on_tcp!(each_answer_has_its_outcome, each_answer_has_it_byte_by_byte);

fn each_answer_has_its_outcome(setting: Setting) {
    let scene = Scene::new(setting);
    let count = asked().map(|answer| ask(&scene, &answer, answer.bytes.len().max(1))).count();
    assert!(count > 100, "{count} answers");
}

fn each_answer_has_it_byte_by_byte(setting: Setting) {
    let scene = Scene::new(setting);
    asked().filter(|answer| answer.bytes.len() < 2000).for_each(|answer| ask(&scene, &answer, 1));
}

/// Clients don't ask for a tunnel.
fn asked() -> impl Iterator<Item = Answer> {
    answers().into_iter().filter(|answer| answer.request != "CONNECT")
}

/// Answers in pieces, and says no more: what can be told before the end is told then.
fn ask(scene: &Scene, answer: &Answer, piece: usize) {
    let method: Method = answer.request.parse().unwrap();
    let reply = scene.client.request(method, scene.url("/")).start();
    let mut wire = scene.accept();
    wire.head();
    for piece in answer.bytes.chunks(piece) {
        // Who has been refused need not listen to the rest.
        if wire.0.send_at_once(piece).is_err() {
            break;
        }
    }
    if answer.outcome == Outcome::Cut || answer.name.starts_with("to the end") {
        wire.0.finish();
    }
    let told = reply.wait(LIMIT);
    check(answer, told);
    if let Outcome::Whole { stays_open: true, status: 102.., .. } = answer.outcome {
        let call = scene.client.get(scene.url("/next")).header("Connection", "close").start();
        assert!(wire.answer("next").starts_with("GET /next "), "{}", answer.name);
        assert_eq!(call.wait(LIMIT).unwrap().text().unwrap(), "next", "{}", answer.name);
    }
    let more = wire.0.receive_what_comes();
    assert!(more.is_empty(), "{}: {}", answer.name, String::from_utf8_lossy(&more));
}

fn check(answer: &Answer, told: sockeye::Result<ClientResponse>) {
    let name = &answer.name;
    match (answer.outcome, told) {
        // Another protocol, unasked.
        (Outcome::Whole { status: 101, .. }, Err(error)) => {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{name}: {error}");
        }
        (Outcome::Whole { status, body, .. }, Ok(told)) => {
            assert_eq!((told.status().code(), told.text().unwrap()), (status, body), "{name}");
        }
        (Outcome::Cut, Err(error)) => {
            assert_eq!(error.kind(), ErrorKind::Closed, "{name}: {error}");
        }
        (Outcome::Refused, Err(error)) => {
            let large = name == "a body that is too large";
            let kind = if large { ErrorKind::LimitReached } else { ErrorKind::Invalid };
            assert_eq!(error.kind(), kind, "{name}: {error}");
        }
        (outcome, told) => panic!("{name}: {told:?} instead of {outcome:?}"),
    }
}
