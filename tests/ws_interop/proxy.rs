//! nginx between the library's server and its clients.

use sockeye::Service;
use sockeye::ws::{self, Client};

use crate::common::{Design, Folder, Nginx, Setting, Stream, addr_of, tls_client};
use crate::diary::{Diary, Entry, Reader};
use crate::make::Make;
use crate::on_both_designs;
use crate::site::{RUN, Site};

on_both_designs!(clients_chat_through_a_proxy, others_talk_through_a_proxy);

struct Scene {
    site: Site,
    nginx: Nginx,
}

impl Scene {
    /// `None` where there is no nginx.
    fn new(design: Design) -> Option<Self> {
        let site = Site::new(Setting { design, stream: Stream::Tcp });
        let server = format!(
            "location / {{\n\
             proxy_pass http://{};\n\
             proxy_http_version 1.1;\n\
             proxy_set_header Connection upgrade;\n\
             proxy_set_header Upgrade $http_upgrade;\n\
             }}\n",
            addr_of(&site.server)
        );
        let nginx = Nginx::start(Folder::new(), &server, "")?;
        Some(Self { site, nginx })
    }

    /// Without TLS, and with it.
    fn origins(&self) -> [String; 2] {
        [format!("ws://{}", self.nginx.addr), format!("wss://{}", self.nginx.tls_addr)]
    }
}

fn clients_chat_through_a_proxy(design: Design) {
    let Some(scene) = Scene::new(design) else { return };
    let [one, two] = scene.origins().map(|origin| format!("{origin}/chat"));
    let (ann, to_ann) = client(&scene.site.service, &one);
    to_ann.expect_open();
    to_ann.expect_text("somebody has come");
    let (bob, to_bob) = client(&scene.site.service, &two);
    to_bob.expect_open();
    to_bob.expect_text("somebody has come");
    to_ann.expect_text("somebody has come");
    let long = "well, ".repeat(20_000);
    for (from, to) in [(&ann, &to_bob), (&bob, &to_ann)] {
        for text in ["hello", "", &long] {
            assert!(from.handle().text(text).is_queued());
            to.expect_text(text);
        }
    }
    for (client, reader) in [(&ann, &to_ann), (&bob, &to_bob)] {
        assert!(client.handle().ping("still there?").is_queued());
        assert_eq!(reader.next(), Entry::Pong(b"still there?".to_vec()));
    }
    ann.close(4003, "bye");
    to_ann.expect_close("4003 (private): closed by this side with 4003: bye");
    assert!(bob.handle().text("who is there?").is_queued());
    bob.close(1000, "");
    to_bob.expect_close("1000 (normal)");
}

fn client(service: &Service, url: &str) -> (Client, Reader) {
    let (diary, reader) = Diary::new();
    (ws::client(url, diary).tls(tls_client()).connect(service).unwrap(), reader)
}

fn others_talk_through_a_proxy(design: Design) {
    for make in Make::all() {
        let Some(scene) = Scene::new(design) else { return };
        for origin in scene.origins() {
            let client = scene.site.client_at(&origin, "", make, &["talks"]);
            assert_eq!(client.finish(Vec::new()).text(), RUN, "{make:?} {origin}");
            assert_eq!(scene.site.next(), "open /echo");
            let end = scene.site.next();
            assert_eq!(end, "4000 (private): closed by the peer with 4000: thank you");
        }
    }
}
