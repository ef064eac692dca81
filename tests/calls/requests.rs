//! Requests: what they become when all goes well, and when not.

use std::borrow::Cow;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Instant;

use sockeye::framed;
use sockeye::middleware::{Middleware, Verdict};
use sockeye::{Client, ErrorKind, Limits, Server, Service, raw};

use crate::codec::lines;
use crate::common::{Design, LIMIT, SHORT, Setting, addr_of, bounded, eventually, serve};
use crate::scene::{Scene, answer, failure, failure_at_once, soon};
use crate::{on_all_streams, on_both_designs, on_streams_with_resets, on_tcp};

on_all_streams!(
    a_request_is_answered,
    answers_come_in_the_order_of_requests,
    requests_before_the_connection_fail_at_once,
    requests_behind_the_connection_fail_at_once_and_say_why,
    the_end_fails_all_that_wait_and_says_why,
    this_side_s_end_fails_all_that_wait_and_says_why,
    a_connection_that_came_back_begins_anew,
    requests_wait_for_the_first_connection_if_the_client_queues,
    requests_that_waited_for_a_connection_are_sent_once,
);

on_streams_with_resets!(a_reset_is_told);

on_tcp!(
    stopping_the_service_fails_what_waits,
    dropping_the_client_fails_what_waits,
    a_request_times_out,
    each_request_has_its_own_time,
    a_request_times_out_while_it_waits_for_a_connection,
    a_call_takes_its_own_time,
    a_canceled_request_s_answer_is_dropped,
    only_so_many_are_under_way,
    what_the_codec_cannot_send_fails,
    a_message_that_breaks_the_codec_s_rules_fails_what_waits,
    what_answers_nothing_is_counted,
    what_answers_nothing_is_handed_to_a_handler,
    a_request_that_the_end_overtakes_is_told_why,
    a_panic_in_the_handler_fails_what_waits,
    middleware_may_drop_a_request,
    middleware_sees_requests_and_answers,
    replies_are_awaited,
);

on_both_designs!(a_service_thread_asks_but_does_not_wait, text_is_asked_and_answered,);

fn a_request_is_answered(setting: Setting) {
    let Scene { requests, mut peer, client: _client, .. } = Scene::new(setting);
    let reply = requests.request("question");
    peer.expect("question\n");
    assert!(reply.try_take().is_none());
    assert_eq!(requests.under_way(), 1);
    peer.send("ans");
    peer.send("wer\n");
    assert_eq!(answer(&reply), "answer");
    assert_eq!(requests.under_way(), 0);
    let calling = thread::spawn(move || requests.call(b"", LIMIT));
    peer.expect("\n");
    peer.send("\n");
    assert_eq!(calling.join().unwrap().unwrap(), b"");
}

fn answers_come_in_the_order_of_requests(setting: Setting) {
    let Scene { requests, mut peer, client: _client, .. } = Scene::new(setting);
    let replies = ["a", "b", "c"].map(|request| requests.request(request));
    peer.expect("a\nb\nc\n");
    peer.send("1\n2\n3\n");
    assert_eq!(replies.each_ref().map(answer), ["1", "2", "3"]);
}

fn requests_before_the_connection_fail_at_once(setting: Setting) {
    let service = setting.service();
    let nowhere = setting.nowhere(&service);
    let (protocol, requests) = framed::requests(&service, lines()).build();
    let error = failure_at_once(&requests.request("a"), ErrorKind::Closed);
    assert_eq!(
        error.to_string(),
        "cannot get an answer from a server: the connection is closed",
        "there is no client yet"
    );
    let client = nowhere.client(&service, protocol).connect(nowhere.endpoint()).unwrap();
    client.wait_disconnected(LIMIT).unwrap();
    failure_at_once(&requests.request("a"), ErrorKind::Closed);
    assert_eq!(requests.call("a", LIMIT).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(requests.under_way(), 0);
    drop(client);
    failure_at_once(&requests.request("a"), ErrorKind::Closed);
}

fn requests_behind_the_connection_fail_at_once_and_say_why(setting: Setting) {
    let Scene { requests, client, listener: _listener, peer, .. } = Scene::new(setting);
    client.disconnect();
    drop(peer);
    client.wait_disconnected(LIMIT).unwrap();
    let error = failure_at_once(&requests.request("a"), ErrorKind::Closed);
    assert!(error.to_string().contains("closed by this side"), "{error}");
    assert!(error.address().is_some());
}

fn the_end_fails_all_that_wait_and_says_why(setting: Setting) {
    let Scene { requests, mut peer, client: _client, .. } = Scene::new(setting);
    let replies = ["a", "b", "c"].map(|request| requests.request(request));
    peer.expect("a\nb\nc\n");
    peer.send("1\n");
    peer.finish();
    assert_eq!(answer(&replies[0]), "1");
    for reply in &replies[1..] {
        let error = failure(reply, ErrorKind::Closed);
        assert!(error.to_string().contains("closed by the peer"), "{error}");
    }
    assert_eq!(requests.under_way(), 0);
}

fn this_side_s_end_fails_all_that_wait_and_says_why(setting: Setting) {
    let Scene { requests, mut peer, client, .. } = Scene::new(setting);
    let reply = requests.request("a");
    peer.expect("a\n");
    client.handle().post(|session| session.close_because("bored")).unwrap();
    drop(peer);
    let error = failure(&reply, ErrorKind::Closed);
    assert!(error.to_string().contains("bored"), "{error}");
}

fn a_reset_is_told(setting: Setting) {
    let Scene { requests, mut peer, client: _client, .. } = Scene::new(setting);
    let reply = requests.request("a");
    peer.expect("a\n");
    peer.reset();
    let error = failure(&reply, ErrorKind::Closed);
    assert!(error.to_string().contains("reset"), "{error}");
}

fn stopping_the_service_fails_what_waits(setting: Setting) {
    let Scene { requests, mut peer, service, client: _client, .. } = Scene::new(setting);
    let reply = requests.request("a");
    peer.expect("a\n");
    bounded("stop", move || service.stop()).unwrap();
    let error = failure_at_once(&reply, ErrorKind::Closed);
    assert!(error.to_string().contains("shut down"), "{error}");
    failure_at_once(&requests.request("b"), ErrorKind::Closed);
}

fn dropping_the_client_fails_what_waits(setting: Setting) {
    let Scene { requests, mut peer, client, .. } = Scene::new(setting);
    let reply = requests.request("a");
    peer.expect("a\n");
    drop((client, peer));
    let error = failure(&reply, ErrorKind::Closed);
    assert!(error.to_string().contains("shut down"), "{error}");
}

fn a_connection_that_came_back_begins_anew(setting: Setting) {
    let mut scene = Scene::with(setting, |requests| requests, |client| client.reconnect(soon()));
    for round in 0..3 {
        let lost = scene.requests.request("lost");
        scene.peer.expect("lost\n");
        scene.peer.finish();
        failure(&lost, ErrorKind::Closed);
        scene.reconnected();
        let reply = scene.requests.request(format!("round {round}"));
        scene.peer.expect(format!("round {round}\n"));
        scene.peer.send("found\n");
        assert_eq!(answer(&reply), "found", "and not taken for the answer to the lost one");
    }
}

fn requests_wait_for_the_first_connection_if_the_client_queues(setting: Setting) {
    let service = setting.service();
    let nowhere = setting.nowhere(&service);
    let (protocol, requests) = framed::requests(&service, lines()).build();
    let client = nowhere.client(&service, protocol).queue_while_down(10).reconnect(soon());
    let client = client.connect(nowhere.endpoint()).unwrap();
    let replies = ["123", "456", "789"].map(|request| requests.request(request));
    failure_at_once(&requests.request("ab"), ErrorKind::LimitReached);
    let canceled = requests.request("x");
    drop(canceled);
    let listener = nowhere.listen();
    let mut peer = listener.accept();
    client.wait_connected(LIMIT).unwrap();
    peer.expect("123\n456\n789\n");
    let last = requests.request("last");
    peer.expect("last\n");
    peer.send("1\n2\n3\n4\n");
    assert_eq!(replies.each_ref().map(answer), ["1", "2", "3"]);
    assert_eq!(answer(&last), "4");
}

fn requests_that_waited_for_a_connection_are_sent_once(setting: Setting) {
    let queueing = |client: sockeye::client::Builder| client.queue_while_down(100);
    let mut scene = Scene::with(setting, |requests| requests, queueing);
    scene.client.disconnect();
    drop(scene.peer);
    scene.client.wait_disconnected(LIMIT).unwrap();
    let reply = scene.requests.request("later");
    assert!(reply.try_take().is_none());
    scene.client.connect();
    scene.peer = scene.listener.accept();
    scene.client.wait_connected(LIMIT).unwrap();
    scene.peer.expect("later\n");
    // What was sent may have been done: it is lost with the connection.
    scene.client.disconnect();
    drop(scene.peer);
    failure(&reply, ErrorKind::Closed);
    scene.client.wait_disconnected(LIMIT).unwrap();
    scene.client.connect();
    scene.peer = scene.listener.accept();
    scene.client.wait_connected(LIMIT).unwrap();
    drop(scene.requests.request("new"));
    scene.client.disconnect();
    let rest = scene.peer.receive_to_end();
    assert!(rest.is_empty() || rest == b"new\n", "{rest:?}");
}

fn a_request_times_out(setting: Setting) {
    let Scene { requests, mut peer, client: _client, .. } =
        Scene::with(setting, |requests| requests.time_limit(SHORT), |client| client);
    let began = Instant::now();
    let replies = ["a", "b"].map(|request| requests.request(request));
    for reply in &replies {
        let error = failure(reply, ErrorKind::TimedOut);
        assert!(error.to_string().starts_with("cannot get an answer from "), "{error}");
        assert!(began.elapsed() >= SHORT);
    }
    assert_eq!(requests.under_way(), 2, "their answers come first");
    let next = requests.request("c");
    peer.expect("a\nb\nc\n");
    peer.send("late a\nlate b\nin time\n");
    assert_eq!(answer(&next), "in time");
    assert_eq!((requests.under_way(), requests.unmatched()), (0, 0));
}

fn each_request_has_its_own_time(setting: Setting) {
    let Scene { requests, client: _client, peer: _peer, .. } =
        Scene::with(setting, |requests| requests.time_limit(SHORT), |client| client);
    let first = requests.request("a");
    assert!(first.wait(SHORT / 2).is_err());
    let (began, second) = (Instant::now(), requests.request("b"));
    failure(&first, ErrorKind::TimedOut);
    failure(&second, ErrorKind::TimedOut);
    assert!(began.elapsed() >= SHORT);
    failure(&requests.request("c"), ErrorKind::TimedOut);
}

fn a_request_times_out_while_it_waits_for_a_connection(setting: Setting) {
    let service = setting.service();
    let nowhere = setting.nowhere(&service);
    let (protocol, requests) =
        framed::requests(&service, lines()).time_limit(SHORT).limit(2).build();
    let client = nowhere.client(&service, protocol).queue_while_down(100).reconnect(soon());
    let client = client.connect(nowhere.endpoint()).unwrap();
    for _ in 0..2 {
        failure(&requests.request("late"), ErrorKind::TimedOut);
    }
    failure_at_once(&requests.request("too many"), ErrorKind::LimitReached);
    let listener = nowhere.listen();
    let mut peer = listener.accept();
    client.wait_connected(LIMIT).unwrap();
    eventually("the old ones are put away", || requests.under_way() == 0);
    let _reply = requests.request("new");
    peer.expect("new\n");
}

fn a_call_takes_its_own_time(setting: Setting) {
    let Scene { requests, mut peer, client: _client, .. } = Scene::new(setting);
    assert_eq!(requests.call("a", SHORT).unwrap_err().kind(), ErrorKind::TimedOut);
    let next = requests.request("b");
    peer.expect("a\nb\n");
    peer.send("late\nin time\n");
    assert_eq!(answer(&next), "in time");
}

fn a_canceled_request_s_answer_is_dropped(setting: Setting) {
    let Scene { requests, mut peer, client: _client, .. } = Scene::new(setting);
    let (first, canceled, last) =
        (requests.request("a"), requests.request("b"), requests.request("c"));
    peer.expect("a\nb\nc\n");
    drop(canceled);
    peer.send("1\n2\n3\n");
    assert_eq!((answer(&first), answer(&last)), ("1".into(), "3".into()));
    assert_eq!((requests.under_way(), requests.unmatched()), (0, 0));
}

#[test]
fn a_request_that_is_canceled_before_it_is_sent_is_not() {
    let service = Design::LoopPerThread.service();
    let by_hand = Service::builder().threads(0).start().unwrap();
    let server = echo(&service);
    let (protocol, requests) = framed::requests(&by_hand, lines()).build();
    let client = Client::builder(&by_hand, protocol).connect(addr_of(&server));
    let client = client.unwrap();
    client.wait_connected(LIMIT).unwrap();
    // Nothing is sent before the loop runs.
    let (canceled, reply) = (requests.request("canceled"), requests.request("wanted"));
    drop(canceled);
    assert_eq!(answer(&reply), "wanted");
    assert_eq!(client.metrics().stats.messages_sent, 1);
    assert_eq!(requests.under_way(), 0);
}

fn only_so_many_are_under_way(setting: Setting) {
    let Scene { requests, mut peer, client: _client, .. } =
        Scene::with(setting, |requests| requests.limit(3), |client| client);
    let replies = ["a", "b", "c"].map(|request| requests.request(request));
    let error = failure_at_once(&requests.request("d"), ErrorKind::LimitReached);
    assert!(error.to_string().contains("too many are under way"), "{error}");
    peer.expect("a\nb\nc\n");
    peer.send("1\n");
    assert_eq!(answer(&replies[0]), "1");
    let further = requests.request("e");
    failure_at_once(&requests.request("f"), ErrorKind::LimitReached);
    peer.expect("e\n");
    peer.send("2\n3\n4\n");
    assert_eq!(answer(&further), "4");
}

#[test]
fn a_full_queue_refuses_requests_and_no_more() {
    let service = Service::builder().threads(0).start().unwrap();
    let server_service = Design::LoopPerThread.service();
    let server = echo(&server_service);
    let (protocol, requests) = framed::requests(&service, lines()).build();
    let client = Client::builder(&service, protocol)
        .limits(Limits::default().marks(100, 500).queue(1000))
        .connect(addr_of(&server))
        .unwrap();
    client.wait_connected(LIMIT).unwrap();
    // Ten of 100 bytes fit, but for their line feeds; nothing is sent before the loop runs.
    let replies = (0..10).map(|_| requests.request([b'x'; 100])).collect::<Vec<_>>();
    failure_at_once(&requests.request("y"), ErrorKind::LimitReached);
    for reply in &replies[..9] {
        assert_eq!(reply.wait(LIMIT).unwrap(), [b'x'; 100]);
    }
    failure(&replies[9], ErrorKind::LimitReached);
    assert_eq!(requests.call("on it goes", LIMIT).unwrap(), b"on it goes");
}

fn what_the_codec_cannot_send_fails(setting: Setting) {
    let Scene { requests, mut peer, client: _client, .. } = Scene::new(setting);
    let before = requests.request("before");
    failure(&requests.request([b'x'; 1001]), ErrorKind::Invalid);
    let after = requests.request("after");
    peer.expect("before\nafter\n");
    peer.send("1\n2\n");
    assert_eq!((answer(&before), answer(&after)), ("1".into(), "2".into()));
}

fn a_message_that_breaks_the_codec_s_rules_fails_what_waits(setting: Setting) {
    let service = setting.service();
    let listener = setting.listener(&service);
    let (protocol, requests) = framed::requests(&service, framed::Lines::new()).build();
    let client = listener.client(&service, protocol).connect(listener.endpoint()).unwrap();
    let mut peer = listener.accept();
    client.wait_connected(LIMIT).unwrap();
    let reply = requests.request("a");
    peer.expect("a\n");
    peer.send(b"\xff\n");
    peer.finish();
    let error = reply.wait(LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert!(error.to_string().contains("text that is not UTF-8"), "{error}");
}

fn what_answers_nothing_is_counted(setting: Setting) {
    let Scene { requests, mut peer, client: _client, .. } = Scene::new(setting);
    peer.send("news\nmore news\n");
    eventually("it has come", || requests.unmatched() == 2);
    let reply = requests.request("a");
    peer.expect("a\n");
    peer.send("1\n2\n");
    assert_eq!(answer(&reply), "1");
    eventually("it has come", || requests.unmatched() == 3);
}

fn what_answers_nothing_is_handed_to_a_handler(setting: Setting) {
    let (news, told) = channel();
    let otherwise = move |session: &mut framed::Session<'_>, message: &[u8]| {
        news.send(message.to_vec()).unwrap();
        session.send("thanks");
    };
    let Scene { requests, mut peer, client: _client, .. } =
        Scene::with(setting, |requests| requests.otherwise(otherwise), |client| client);
    peer.send("news\n");
    assert_eq!(told.recv_timeout(LIMIT).unwrap(), b"news");
    peer.expect("thanks\n");
    assert_eq!(requests.unmatched(), 0);
}

/// It is in the mailbox when the session ends, and so never gets to be sent.
fn a_request_that_the_end_overtakes_is_told_why(setting: Setting) {
    let (itself, requests) = channel::<framed::Requests>();
    let (replies, told) = channel();
    let ask_and_go = move |session: &mut framed::Session<'_>, _: &[u8]| {
        let requests = requests.recv_timeout(LIMIT).unwrap();
        replies.send(requests.request("too late")).unwrap();
        session.abort();
    };
    let Scene { requests, mut peer, client: _client, .. } =
        Scene::with(setting, |requests| requests.otherwise(ask_and_go), |client| client);
    itself.send(requests.clone()).unwrap();
    peer.send("news\n");
    let error = failure(&told.recv_timeout(LIMIT).unwrap(), ErrorKind::Closed);
    assert!(error.to_string().contains("aborted by this side"), "{error}");
    assert_eq!(requests.under_way(), 0);
}

fn a_panic_in_the_handler_fails_what_waits(setting: Setting) {
    let panics = |_: &mut framed::Session<'_>, _: &[u8]| panic!("on purpose");
    let Scene { requests, mut peer, client: _client, .. } = Scene::with(
        setting,
        |requests| requests.matched_by(|_| Some(0)).otherwise(panics),
        |client| client,
    );
    let reply = requests.request("a");
    peer.expect("a\n");
    peer.send("1\n2\n");
    assert_eq!(answer(&reply), "1");
    let reply = requests.request("b");
    let error = failure(&reply, ErrorKind::Closed);
    let text = error.to_string();
    assert!(text.contains("on purpose") || text.ends_with("the connection is closed"), "{text}");
}

/// Drops what begins with a "d", and says the rest aloud.
struct Loud;

impl Middleware for Loud {
    fn on_sending(
        &mut self,
        _session: &mut raw::Session<'_>,
        message: &mut Cow<'_, [u8]>,
    ) -> Verdict {
        message.to_mut().make_ascii_uppercase();
        if message.starts_with(b"D") { Verdict::Drop } else { Verdict::Pass }
    }

    fn on_received(
        &mut self,
        _session: &mut raw::Session<'_>,
        message: &mut Cow<'_, [u8]>,
    ) -> Verdict {
        message.to_mut().make_ascii_lowercase();
        Verdict::Pass
    }
}

fn middleware_may_drop_a_request(setting: Setting) {
    let Scene { requests, mut peer, client: _client, .. } = Scene::layered(setting, Loud);
    let (dropped, passed) = (requests.request("dropped"), requests.request("passed"));
    failure(&dropped, ErrorKind::LimitReached);
    peer.expect("PASSED\n");
    peer.send("YES\n");
    assert_eq!(answer(&passed), "yes");
}

fn middleware_sees_requests_and_answers(setting: Setting) {
    let Scene { requests, mut peer, client: _client, .. } = Scene::layered(setting, Loud);
    for request in ["a", "b", "c"] {
        let reply = requests.request(request);
        peer.exchange(format!("{}\n", request.to_uppercase()));
        assert_eq!(answer(&reply), request);
    }
}

fn replies_are_awaited(setting: Setting) {
    let Scene { requests, mut peer, client: _client, .. } = Scene::new(setting);
    let replies = (0..100).map(|number| requests.request(number.to_string())).collect::<Vec<_>>();
    let serving = thread::spawn(move || {
        for number in 0..100 {
            peer.expect(format!("{number}\n"));
            peer.send(format!("answer to {number}\n"));
        }
        peer
    });
    let all = async move {
        for (number, reply) in replies.into_iter().enumerate() {
            assert_eq!(reply.await.unwrap(), format!("answer to {number}").as_bytes());
        }
    };
    bounded("await", move || pollster::block_on(all));
    drop(serving.join().unwrap());
}

fn a_service_thread_asks_but_does_not_wait(design: Design) {
    let service = design.service();
    let server = echo(&service);
    let (protocol, requests) = framed::requests(&service, lines()).build();
    let client = Client::builder(&service, protocol).connect(addr_of(&server));
    let client = client.unwrap();
    client.wait_connected(LIMIT).unwrap();
    let (asked, told) = channel();
    service
        .post(move || asked.send((requests.call("no", LIMIT), requests.request("yes"))).unwrap())
        .unwrap();
    let (refused, reply) = told.recv_timeout(LIMIT).unwrap();
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::WouldDeadlock);
    assert_eq!(answer(&reply), "yes");
    assert_eq!(client.metrics().stats.messages_sent, 1, "the one that could not wait was not sent");
}

fn text_is_asked_and_answered(design: Design) {
    let service = design.service();
    let echo = |session: &mut framed::Session<'_>, message: &str| {
        session.send(message);
    };
    let server = serve(&service, framed::server(framed::Lines::new(), move |_| echo));
    let (protocol, requests) = framed::requests(&service, framed::Lines::new()).build();
    let client = Client::builder(&service, protocol).connect(addr_of(&server));
    let client = client.unwrap();
    client.wait_connected(LIMIT).unwrap();
    assert_eq!(requests.call("grüße", LIMIT).unwrap(), "grüße");
}

fn echo(service: &Service) -> Server {
    let echo = |session: &mut framed::Session<'_>, message: &[u8]| {
        session.send(message);
    };
    serve(service, framed::server(lines(), move |_| echo))
}
