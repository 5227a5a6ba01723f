//! Where a Python package registry keeps a file: the simple repository API, as JSON (PEP 691) or as HTML (PEP 503).

use super::catalogue::Package;
use super::download::{Client, Page, parse_url, shown};
use super::error::ModelError;
use reqwest::Url;
use serde::Deserialize;

/// The index of the Python Package Index.
pub const DEFAULT_INDEX: &str = "https://pypi.org/simple";

/// Mirrors often speak HTML alone.
const ACCEPT: &str =
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

#[derive(Deserialize)]
struct Project {
    files: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    filename: String,
    url: String,
}

/// The address of a package's file, asked of the index.
pub(super) async fn address(client: &Client, index: &str, package: &Package) -> Result<Url, ModelError> {
    let page = format!("{}/{}/", index.trim_end_matches('/'), package.project);
    let url = parse_url(&page)?;
    let page = client.page(&url, ACCEPT).await?;
    let link = if page.is_json {
        from_json(&page, package.file)?
    } else {
        from_html(&page.text, package.file)
    };
    let missing = || ModelError::NotInIndex {
        index: shown(&url),
        project: package.project,
        file: package.file,
    };
    let mut address = link
        .and_then(|link| page.url.join(&link).ok())
        .ok_or_else(missing)?;
    address.set_fragment(None);
    Ok(address)
}

fn from_json(page: &Page, file: &str) -> Result<Option<String>, ModelError> {
    let project: Project = serde_json::from_str(&page.text).map_err(|error| ModelError::Network {
        url: shown(&page.url),
        reason: error.to_string(),
    })?;
    Ok(project
        .files
        .into_iter()
        .find(|listed| listed.filename == file)
        .map(|listed| listed.url))
}

/// The target of the anchor that leads to the file; an index's page is nothing but anchors.
fn from_html(page: &str, file: &str) -> Option<String> {
    let targets = page.split("href=").skip(1).filter_map(|rest| {
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        rest[1..].split(quote).next()
    });
    let leads_there = |target: &&str| {
        let path = target.split(['#', '?']).next().unwrap_or_default();
        path.rsplit('/').next() == Some(file)
    };
    targets
        .into_iter()
        .find(leads_there)
        .map(|target| target.replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_is_found_by_its_files_name() {
        let page = r#"<a href="../../a/other-1.whl#sha256=1">other</a><a data-x='1' href='../../b/it-1.whl?a=1&amp;b=2#sha256=2'>it</a>"#;
        assert_eq!(
            from_html(page, "it-1.whl").as_deref(),
            Some("../../b/it-1.whl?a=1&b=2#sha256=2")
        );
        assert_eq!(from_html(page, "it-2.whl"), None);
        assert_eq!(from_html("href=", "it-2.whl"), None);
    }
}
