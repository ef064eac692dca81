//! Answers that find their requests by an id, in whatever order.

use std::sync::mpsc::channel;

use sockeye::ErrorKind;
use sockeye::framed::{self, Delimiter, RequestsBuilder};

use crate::common::{SHORT, Setting, eventually};
use crate::on_tcp;
use crate::scene::{Scene, answer, failure, soon};

on_tcp!(
    answers_come_in_any_order,
    a_request_needs_an_id_of_its_own,
    an_id_can_be_used_again_when_its_answer_has_come,
    what_has_no_id_is_no_answer,
    a_late_answer_is_nobody_s,
    a_canceled_request_s_answer_is_nobody_s,
    requests_that_timed_out_are_not_under_way,
    a_new_connection_knows_no_ids_of_the_last,
);

/// The number that a message begins with, up to a colon.
pub(crate) fn number(message: &[u8]) -> Option<u64> {
    let (id, _) = std::str::from_utf8(message).ok()?.split_once(':')?;
    id.parse().ok()
}

fn by_number(requests: RequestsBuilder<Delimiter>) -> RequestsBuilder<Delimiter> {
    requests.matched_by(number)
}

fn answers_come_in_any_order(setting: Setting) {
    let Scene { requests, mut peer, client: _client, .. } =
        Scene::with(setting, by_number, |client| client);
    let replies = ["1:a", "2:b", "3:c"].map(|request| requests.request(request));
    peer.expect("1:a\n2:b\n3:c\n");
    peer.send("3:third\n1:first\n");
    assert_eq!(answer(&replies[2]), "3:third");
    assert_eq!(answer(&replies[0]), "1:first");
    assert!(replies[1].try_take().is_none());
    assert_eq!(requests.under_way(), 1);
    peer.send("2:second\n");
    assert_eq!(answer(&replies[1]), "2:second");
}

fn a_request_needs_an_id_of_its_own(setting: Setting) {
    let Scene { requests, mut peer, client: _client, .. } =
        Scene::with(setting, by_number, |client| client);
    let first = requests.request("1:a");
    let error = failure(&requests.request("1:b"), ErrorKind::Invalid);
    assert!(error.to_string().contains("another request with its id is under way"), "{error}");
    let error = failure(&requests.request("no id"), ErrorKind::Invalid);
    assert!(error.to_string().contains("the request has no id"), "{error}");
    assert_eq!(requests.under_way(), 1);
    peer.expect("1:a\n");
    peer.send("1:x\n");
    assert_eq!(answer(&first), "1:x");
}

fn an_id_can_be_used_again_when_its_answer_has_come(setting: Setting) {
    let Scene { requests, mut peer, client: _client, .. } =
        Scene::with(setting, by_number, |client| client);
    for round in 0..3 {
        let reply = requests.request("7:ask");
        peer.expect("7:ask\n");
        peer.send(format!("7:{round}\n"));
        assert_eq!(answer(&reply), format!("7:{round}"));
    }
}

fn what_has_no_id_is_no_answer(setting: Setting) {
    let (news, told) = channel();
    let otherwise = move |_: &mut framed::Session<'_>, message: &[u8]| {
        news.send(String::from_utf8(message.to_vec()).unwrap()).unwrap();
    };
    let set = |requests| by_number(requests).otherwise(otherwise);
    let Scene { requests, mut peer, client: _client, .. } =
        Scene::with(setting, set, |client| client);
    let reply = requests.request("1:a");
    peer.expect("1:a\n");
    peer.send("news\n2:an answer to nothing\n1:x\n");
    assert_eq!(answer(&reply), "1:x");
    assert_eq!(told.try_iter().collect::<Vec<_>>(), ["news", "2:an answer to nothing"]);
}

fn a_late_answer_is_nobody_s(setting: Setting) {
    let set = |requests| by_number(requests).time_limit(SHORT);
    let Scene { requests, mut peer, client: _client, .. } =
        Scene::with(setting, set, |client| client);
    failure(&requests.request("1:a"), ErrorKind::TimedOut);
    let next = requests.request("2:b");
    peer.expect("1:a\n2:b\n");
    peer.send("1:late\n2:in time\n2:again\n");
    assert_eq!(answer(&next), "2:in time");
    eventually("the last one is no answer", || requests.unmatched() == 1);
}

fn a_canceled_request_s_answer_is_nobody_s(setting: Setting) {
    let Scene { requests, mut peer, client: _client, .. } =
        Scene::with(setting, by_number, |client| client);
    let (canceled, other) = (requests.request("1:a"), requests.request("2:b"));
    peer.expect("1:a\n2:b\n");
    drop(canceled);
    peer.send("1:x\n2:y\n");
    assert_eq!(answer(&other), "2:y");
    assert_eq!((requests.under_way(), requests.unmatched()), (0, 0));
}

fn requests_that_timed_out_are_not_under_way(setting: Setting) {
    let set = |requests| by_number(requests).time_limit(SHORT).limit(2);
    let Scene { requests, mut peer, client: _client, .. } =
        Scene::with(setting, set, |client| client);
    for round in 0..3 {
        let replies = [0, 1].map(|id| requests.request(format!("{}:a", 2 * round + id)));
        peer.expect(format!("{}:a\n{}:a\n", 2 * round, 2 * round + 1));
        replies.iter().for_each(|reply| drop(failure(reply, ErrorKind::TimedOut)));
        assert_eq!(requests.under_way(), 0);
    }
    // Of six late ones two are remembered.
    peer.send("0:x\n1:x\n2:x\n3:x\n4:x\n5:x\n");
    eventually("they have come", || requests.unmatched() >= 4);
    let reply = requests.request("6:a");
    peer.expect("6:a\n");
    peer.send("6:x\n");
    assert_eq!(answer(&reply), "6:x");
    assert_eq!(requests.unmatched(), 4);
}

fn a_new_connection_knows_no_ids_of_the_last(setting: Setting) {
    let mut scene = Scene::with(setting, by_number, |client| client.reconnect(soon()));
    let lost = scene.requests.request("1:a");
    scene.peer.expect("1:a\n");
    scene.peer.finish();
    failure(&lost, ErrorKind::Closed);
    scene.reconnected();
    let reply = scene.requests.request("1:b");
    scene.peer.expect("1:b\n");
    scene.peer.send("1:y\n");
    assert_eq!(answer(&reply), "1:y");
}
