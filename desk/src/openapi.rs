//! The description of the desk's APIs at `/openapi.json`: OpenAPI 3.1, written by hand and held to the routes by a test.

use axum::{
    Router,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};

use crate::server::App;

const DOCUMENT: &str = include_str!("openapi.json");

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/openapi.json", get(async || document()))
}

fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        io::{Read as _, Write as _},
        net::{SocketAddr, TcpStream},
        sync::Arc,
    };

    use fixtures::platform::SteppedClock;
    use serde_json::Value;
    use wallet_core::counter::DeskId;

    use super::*;
    use crate::{Config, Desk, DeskIdentity, server::routes};

    /// First segments of what is for people.
    const PAGES: [&str; 12] = [
        "", "admin", "clerk", "counter", "issuer", "language", "operator", "password", "portal", "sign-in",
        "sign-out", "static",
    ];

    /// The answer to a request without a body, head and all.
    fn ask(address: SocketAddr, method: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// What may be done with a path: the desk says so to whoever asks for something else.
    fn methods(address: SocketAddr, path: &str) -> Vec<String> {
        let answer = ask(address, "PROPFIND", &path.replace("{id}", "x").replace("{number}", "0"));
        let allowed = answer.lines().find_map(|line| line.strip_prefix("allow: "));
        let methods = allowed.unwrap_or_else(|| panic!("{path}: {answer}")).split(',');
        methods.filter(|method| *method != "HEAD").map(str::to_lowercase).collect()
    }

    fn described(document: &Value) -> BTreeSet<(String, String)> {
        let paths = document["paths"].as_object().unwrap();
        let of_path = |(path, item): (&String, &Value)| {
            let methods = item.as_object().unwrap().keys().map(|method| (path.clone(), method.clone()));
            methods.collect::<Vec<_>>()
        };
        paths.iter().flat_map(of_path).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_route_of_the_api_is_described_and_everything_described_answers() {
        let folder = std::env::temp_dir().join(format!("desk-openapi-{}", std::process::id()));
        let identity = DeskIdentity {
            id: DeskId::parse("centre.1").unwrap(),
            name_ko: "가온".into(),
            name_en: "Gaon".into(),
        };
        let clock = Arc::new(SteppedClock::new(1_795_489_200));
        let desk = Desk::start(Config::new(folder.clone(), identity, clock)).await.unwrap();
        let address = desk.listens_at();

        // A router tells its paths to whoever debugs it, and to nobody else.
        let told = format!("{:?}", routes(&desk.app));
        // The router keeps its own fallback among them.
        let is_path = |text: &&str| text.starts_with('/') && !text.contains("__private");
        let paths: BTreeSet<&str> = told.split('"').filter(is_path).collect();
        for known in ["/health", "/openid/token", "/telecom/suspend", "/clerk/people/{handle}"] {
            assert!(paths.contains(known), "{known} is not in {told}");
        }
        // The one page whose path is the protocol's.
        let of_api =
            |path: &&&str| !PAGES.contains(&path.split('/').nth(1).unwrap()) && **path != "/openid/authorize";
        let served = paths
            .iter()
            .filter(of_api)
            .flat_map(|path| methods(address, path).into_iter().map(|method| ((*path).to_owned(), method)));
        let document = ask(address, "GET", "/openapi.json");
        let document: Value = serde_json::from_str(document.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(described(&document), served.collect::<BTreeSet<_>>());

        for (path, method) in described(&document) {
            if method == "get" && !path.contains('{') {
                let answer = ask(address, "GET", &path);
                assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
            }
        }
        desk.shutdown().await.unwrap();
        std::fs::remove_dir_all(folder).ok();
    }

    #[test]
    fn what_the_description_refers_to_is_there() {
        fn walk(document: &Value, value: &Value, ids: &mut Vec<String>) {
            match value {
                Value::Object(members) => {
                    if let Some(place) = members.get("$ref") {
                        let place = place.as_str().unwrap().strip_prefix('#').unwrap();
                        assert!(document.pointer(place).is_some(), "{place}");
                    }
                    ids.extend(members.get("operationId").and_then(|id| id.as_str().map(str::to_owned)));
                    members.values().for_each(|value| walk(document, value, ids));
                }
                Value::Array(values) => values.iter().for_each(|value| walk(document, value, ids)),
                _ => {}
            }
        }
        let document: Value = serde_json::from_str(DOCUMENT).unwrap();
        let mut ids = Vec::new();
        walk(&document, &document, &mut ids);
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "names of operations are unique");
        assert_eq!(ids.len(), described(&document).len());
    }
}
