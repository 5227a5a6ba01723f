//! Arguments that would rather be something else.

use crate::reception::Desk;
use serde_json::json;
use sim::service::Reply;
use tools::Trouble;

#[tokio::test]
async fn an_argument_is_one_segment_of_the_path_whatever_it_is() {
    let desk = Desk::with([("/", Reply::json("{}"))]).await;
    let tool = desk.tool(
        "url = \"AT/customers/{id}.json/open\"\nquery = { q = \"{id}\" }\n\
         arguments = { required = [\"id\"], properties = { id = {} } }\n",
    );
    for (id, sent) in [
        ("12.345.678/0001-90", "12.345.678%2F0001-90"),
        ("a?admin=1", "a%3Fadmin%3D1"),
        ("a#b", "a%23b"),
        ("a&b=c", "a%26b%3Dc"),
        ("a%2e%2e", "a%252e%252e"),
        ("%2e%2e", "%252e%252e"),
        ("@evil.example", "%40evil.example"),
        ("//evil.example", "%2F%2Fevil.example"),
        ("a\r\nX-Admin: 1", "a%0D%0AX-Admin%3A%201"),
        ("José", "Jos%C3%A9"),
        ("a\\b", "a%5Cb"),
        ("\u{0}", "%00"),
    ] {
        desk.make(&tool, json!({"id": id})).await.unwrap();
        let asked = desk.service.asked().pop().unwrap();
        let (path, query) = asked.target.split_once('?').unwrap();
        assert_eq!(path, format!("/customers/{sent}.json/open"), "{id:?}");
        assert!(
            !query.contains('&') && query.matches('=').count() == 1,
            "{id:?}: {query}"
        );
        assert!(!asked.headers.contains_key("x-admin"), "{id:?}");
    }
}

#[tokio::test]
async fn an_argument_that_would_lead_elsewhere_is_refused() {
    let desk = Desk::with([("/", Reply::json("{}"))]).await;
    let tool = desk.tool(
        "url = \"AT/customers/{id}{more}/open\"\n\
         arguments = { required = [\"id\", \"more\"], properties = { id = {}, more = {} } }\n",
    );
    for (id, more) in [
        ("..", "x"),
        (".", "."),
        ("../admin", "x"),
        ("a/../../admin", "x"),
        ("..\\admin", "x"),
        ("", "x"),
    ] {
        let error = desk
            .make(&tool, json!({"id": id, "more": more}))
            .await
            .unwrap_err();
        assert_eq!(error.trouble(), Trouble::Arguments, "{id:?}: {error}");
    }
    let error = desk
        .make(&tool, json!({"id": {"a": 1}, "more": "x"}))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("id must be a text or a number"),
        "{error}"
    );
    let error = desk
        .make(&tool, json!({"id": "9".repeat(9_000), "more": "x"}))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("too long"), "{error}");
    assert!(desk.lines().is_empty());
    desk.make(&tool, json!({"id": 7, "more": true})).await.unwrap();
    assert_eq!(desk.lines(), ["GET /customers/7true/open"]);
}
