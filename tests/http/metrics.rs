//! The end point for collectors of metrics.

use sockeye::Service;
use sockeye::http::{self, Router};
use sockeye::metrics::Registry;

use crate::asking::Asker;

#[test]
fn collectors_find_what_there_is_now() {
    let (service, registry) = (Service::builder().threads(0).start().unwrap(), Registry::new());
    let told = registry.clone();
    let mut site =
        Asker::new(Router::new().get("/metrics", http::metrics(move || told.openmetrics())));
    let answer = site.ask("GET /metrics");
    let media = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!((answer.field("content-type"), answer.text()), (Some(media), "# EOF\n"));
    registry.add_service("main", &service).unwrap();
    let answer = site.ask("GET /metrics");
    assert!(answer.text().contains("{name=\"main\"}"), "{}", answer.text());
    assert!(answer.text().ends_with("# EOF\n"));
}
