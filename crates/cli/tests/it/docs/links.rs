//! Links of the pages, and the contents of the book.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

#[test]
fn every_link_leads_to_an_existing_heading() {
    let pages: Vec<_> = pages(&repository()).chain(pages(&docs())).collect();
    let broken: Vec<_> = pages.iter().flat_map(|page| broken_links(page)).collect();

    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

/// Files outside `docs/` are not in the book.
#[test]
fn no_page_links_out_of_the_book() {
    for page in pages(&docs()) {
        let text = fs::read_to_string(&page).unwrap();
        let outside: Vec<_> = links(&text).into_iter().filter(|link| link.starts_with("../")).collect();

        assert!(outside.is_empty(), "{}: {outside:?}", page.display());
    }
}

#[test]
fn summary_lists_every_page_once() {
    let contents = fs::read_to_string(docs().join("SUMMARY.md")).unwrap();
    let named = links(&contents);

    let pages: BTreeSet<_> = pages(&docs()).map(|page| file_name(&page)).collect();
    let wanted: BTreeSet<_> = pages.into_iter().filter(|name| name != "SUMMARY.md").collect();

    assert_eq!(named.iter().cloned().collect::<BTreeSet<_>>(), wanted);
    assert_eq!(named.len(), wanted.len());
}

/// `just picture` draws it, and every view of the front page loads it.
#[test]
fn transfer_picture_is_shown_and_small() {
    let picture = fs::read_to_string(docs().join("transfer.svg")).unwrap();
    let shown = [repository().join("README.md"), docs().join("getting-started.md")]
        .map(|page| fs::read_to_string(page).unwrap().contains("transfer.svg)"));

    assert_eq!(shown, [true, true]);
    assert!(
        picture.len() < 60_000 && picture.contains("% of   2.33 MiB") && picture.contains("[==="),
        "{} bytes",
        picture.len()
    );
    assert!(!picture.contains("<script"));
}

#[test]
fn headings_become_markdown_anchors() {
    assert_eq!(anchor("Connecting, TLS, logging in, quitting"), "connecting-tls-logging-in-quitting");
    assert_eq!(anchor("`get` and `put`"), "get-and-put");
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn docs() -> PathBuf {
    repository().join("docs")
}

fn pages(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "md"))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn broken_links(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let inside = links(&text).into_iter().filter(|link| !link.contains("://"));
    let broken = inside.filter(|link| !leads_somewhere(page, link));
    broken.map(|link| format!("{}: {link}", page.display())).collect()
}

fn leads_somewhere(page: &Path, link: &str) -> bool {
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let target = if file.is_empty() { page.to_owned() } else { page.parent().unwrap().join(file) };
    match anchor {
        None => target.exists(),
        Some(anchor) => fs::read_to_string(target).is_ok_and(|text| anchors(&text).contains(anchor)),
    }
}

/// Returns the targets of `[text](target)` and `![text](target)` outside of code.
fn links(text: &str) -> Vec<String> {
    let prose = prose(text).collect::<Vec<_>>().join("\n");
    let without_code = prose.split('`').step_by(2).collect::<String>();
    let targets = without_code.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.map(ToOwned::to_owned).collect()
}

fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|&character| character.is_alphanumeric() || "-_ ".contains(character));
    kept.map(|character| if character == ' ' { '-' } else { character.to_ascii_lowercase() }).collect()
}

/// Returns the lines outside of code blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    })
}
