use std::sync::mpsc;
use std::time::{Duration, Instant};

use sockeye::http::layers::Timing;
use sockeye::http::{Later, Request, Response, Router, Status};

use crate::answer::Answer;
use crate::asking::Asker;

#[test]
fn answers_say_how_long_they_took() {
    let (told, heard) = mpsc::channel();
    let timing =
        Timing::new().report(move |took, answer| told.send((took, answer.status())).unwrap());
    let (given, taken) = mpsc::channel::<Later>();
    let later = move |_: &mut Request<'_>| {
        let (response, later) = Response::later();
        given.send(later).unwrap();
        response
    };
    let mut site = Asker::new(Router::new().get("/", "x").get("/later", later).layer(timing));
    let before = Instant::now();
    let answer = site.ask("GET /");
    let (took, status) = heard.try_recv().unwrap();
    assert_eq!(status, Status::OK);
    assert!(took <= before.elapsed());
    let wanted = format!("app;dur={:.3}", took.as_secs_f64() * 1e3);
    assert_eq!(answer.field("server-timing"), Some(&*wanted));

    assert_eq!(site.0.feed("GET /later HTTP/1.1\r\nHost: x\r\n\r\n"), b"");
    let asked = Instant::now();
    while asked.elapsed() < Duration::from_millis(2) {
        std::hint::spin_loop();
    }
    taken.recv().unwrap().answer(Status::CREATED);
    assert!(Answer::only(site.0.take()).field("server-timing").is_some());
    let (took, status) = heard.try_recv().unwrap();
    assert_eq!(status, Status::CREATED);
    assert!(took >= Duration::from_millis(2));
}

#[test]
fn clients_need_not_be_told() {
    let (told, heard) = mpsc::channel();
    let timing =
        Timing::new().header(false).report(move |_, answer| told.send(answer.status()).unwrap());
    let mut site = Asker::new(Router::new().layer(timing));
    assert_eq!(site.ask_with("PUT /", &[], b"body").field("server-timing"), None);
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [Status::NOT_FOUND]);
}
