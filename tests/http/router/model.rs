//! Routers against the plainest way to match.

use std::collections::BTreeSet;

use proptest::prelude::*;
use sockeye::http::{Request, Router};

use crate::asking::Asker;

/// A segment of a route's path. What comes first counts first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Text(&'static str),
    Name,
    Rest,
}

type Shape = Vec<Segment>;

/// How the route matches: each segment, and what its names have.
fn matches(route: &Shape, path: &[String]) -> Option<Vec<String>> {
    let mut values = Vec::new();
    let mut rest = path;
    for segment in route {
        if *segment == Segment::Rest {
            values.push(rest.join("/"));
            return (!values[values.len() - 1].is_empty()).then_some(values);
        }
        let (first, behind) = rest.split_first()?;
        match segment {
            Segment::Name if !first.is_empty() => values.push(first.clone()),
            Segment::Text(text) if first == text => {}
            _ => return None,
        }
        rest = behind;
    }
    rest.is_empty().then_some(values)
}

fn text(route: &Shape) -> String {
    let segment = |(at, segment): (usize, &Segment)| match segment {
        Segment::Text(text) => format!("/{text}"),
        Segment::Name => format!("/{{{at}}}"),
        Segment::Rest => format!("/{{*{at}}}"),
    };
    route.iter().enumerate().map(segment).collect()
}

fn routes() -> impl Strategy<Value = BTreeSet<Shape>> {
    let segment = prop_oneof![
        3 => proptest::sample::select(&["a", "b", "ab", "aba", ""][..]).prop_map(Segment::Text),
        2 => Just(Segment::Name),
    ];
    let shape = (proptest::collection::vec(segment, 1..5), proptest::bool::weighted(0.2));
    let shape = shape.prop_map(|(mut shape, rest)| {
        if rest {
            shape.push(Segment::Rest);
        }
        shape
    });
    proptest::collection::btree_set(shape, 1..12).prop_map(without_conflicts)
}

/// `{name}` and `{*name}` are not allowed in one place.
fn without_conflicts(mut routes: BTreeSet<Shape>) -> BTreeSet<Shape> {
    let all = routes.clone();
    routes.retain(|route| match route.split_last() {
        Some((Segment::Rest, before)) => !all.iter().any(|other| {
            other.starts_with(before) && other.get(before.len()) == Some(&Segment::Name)
        }),
        _ => true,
    });
    routes
}

fn path() -> impl Strategy<Value = Vec<String>> {
    let segment = proptest::sample::select(&["a", "b", "ab", "aba", "abb", "c", ""][..]);
    proptest::collection::vec(segment.prop_map(String::from), 1..6)
}

proptest! {
    #[test]
    fn a_router_finds_what_the_model_finds(
        routes in routes(),
        paths in proptest::collection::vec(path(), 1..20),
    ) {
        let mut router = Router::new();
        for route in &routes {
            let (name, shape) = (text(route), route.clone());
            router = router.get(&name.clone(), move |request: &mut Request<'_>| {
                let names = (0..shape.len()).filter_map(|at| request.param(&at.to_string()));
                format!("{name} {:?}", names.collect::<Vec<_>>())
            });
        }
        let mut site = Asker::new(router);
        for path in paths {
            let matching = routes.iter().filter_map(|route| Some((route, matches(route, &path)?)));
            let wanted = matching.min_by_key(|(route, _)| *route);
            let wanted = wanted.map_or_else(|| "Not Found".into(), |(route, values)| {
                format!("{} {values:?}", text(route))
            });
            let answer = site.ask(&format!("GET /{}", path.join("/")));
            prop_assert_eq!(answer.text(), wanted, "{:?}", routes);
        }
    }
}
