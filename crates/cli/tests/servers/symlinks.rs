//! Symbolic links and permissions in trees that are downloaded and uploaded.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
};

use oxftp_testing::servers::{Protection, ServerKind};

use crate::common::Site;

/// Creates a tree with links to a file, to a directory, and to nothing, and a cycle.
fn create_tree(root: &std::path::Path) {
    fs::create_dir_all(root.join("sub")).unwrap();
    fs::write(root.join("sub/x"), "x").unwrap();
    fs::write(root.join("file"), "file").unwrap();
    symlink("file", root.join("to_file")).unwrap();
    symlink("sub", root.join("to_dir")).unwrap();
}

#[test]
fn get_skips_follows_or_copies_symlinks() {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd, ServerKind::PureFtpd] {
        let Some(site) = Site::on(kind, Protection::Plain) else { continue };
        create_tree(&site.there("tree"));

        let skipped = site.run(&["get", "-r", "-o", "skipped", &site.url("tree")]);
        assert_eq!(skipped.code, Some(0), "{kind:?}: {}", skipped.stderr);
        assert!(
            skipped.stderr.contains("2 symbolic links skipped; --links follow"),
            "{kind:?}: {}",
            skipped.stderr
        );
        assert!(fs::read(site.here("skipped/file")).unwrap() == b"file");
        assert!(!site.here("skipped/to_file").exists() && !site.here("skipped/to_dir").exists());

        site.succeed(&["get", "-r", "--links", "follow", "-o", "followed", &site.url("tree")]);
        assert_eq!(fs::read(site.here("followed/to_file")).unwrap(), b"file", "{kind:?}");
        assert_eq!(fs::read(site.here("followed/to_dir/x")).unwrap(), b"x", "{kind:?}");
        assert!(!site.here("followed/to_file").is_symlink());

        let words = ["get", "-r", "--links", "copy", "--list-by", "list", "-o", "copied", &site.url("tree")];
        site.succeed(&words);
        for (name, target) in [("to_file", "file"), ("to_dir", "sub")] {
            let path = site.here("copied").join(name);
            assert_eq!(fs::read_link(path).unwrap().to_str(), Some(target), "{kind:?}");
        }
        // Again, onto what is there.
        site.succeed(&words);
    }
}

#[test]
fn copied_symlink_traversal_is_refused() {
    let Some(site) = Site::on(ServerKind::Vsftpd, Protection::Plain) else { return };
    create_tree(&site.there("tree"));
    symlink("../../outside", site.there("tree/sub/out")).unwrap();

    let run = site.run(&["get", "-r", "--links", "copy", "-o", "copied", &site.url("tree")]);

    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains("may point outside the tree"), "{}", run.stderr);
    assert!(!site.here("copied/sub/out").is_symlink() && site.here("copied/to_file").is_symlink());
}

#[test]
fn cycle_of_followed_symlinks_ends() {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd] {
        let Some(site) = Site::on(kind, Protection::Plain) else { continue };
        for root in [site.there("tree"), site.here("tree")] {
            create_tree(&root);
            symlink(".", root.join("again")).unwrap();
            symlink("nowhere", root.join("dangling")).unwrap();
        }

        let down = site.run(&["get", "-r", "--links", "follow", "-o", "down", &site.url("tree")]);
        let up = site.run(&["put", "-r", "--links", "follow", "tree", &site.url("up/")]);

        // ProFTPD lists no dangling links.
        for (run, failed) in [(down, "tree/again"), (up, "dangling")] {
            assert_eq!(run.code, Some(1), "{kind:?}: {}", run.stderr);
            assert!(run.stderr.contains(failed), "{kind:?}: {}", run.stderr);
        }
        for root in [site.here("down"), site.there("up/tree")] {
            assert_eq!(fs::read(root.join("again/to_dir/x")).unwrap(), b"x", "{kind:?}");
            assert!(!root.join("again/again/again/again/again/again").exists(), "{kind:?}");
        }
    }
}

#[test]
fn put_skips_or_follows_symlinks() {
    let Some(site) = Site::on(ServerKind::ProFtpd, Protection::Plain) else { return };
    create_tree(&site.here("tree"));

    let skipped = site.run(&["put", "-r", "tree", &site.url("")]);
    assert_eq!(skipped.code, Some(0), "{}", skipped.stderr);
    assert!(skipped.stderr.contains("2 symbolic links skipped"), "{}", skipped.stderr);
    assert!(site.there("tree/file").exists() && !site.there("tree/to_file").exists());

    site.succeed(&["put", "-r", "--links", "follow", "--max-size", "10", "tree", &site.url("followed/")]);
    assert_eq!(fs::read(site.there("followed/tree/to_file")).unwrap(), b"file");
    assert_eq!(fs::read(site.there("followed/tree/to_dir/x")).unwrap(), b"x");

    let copied = site.run(&["put", "-r", "--links", "copy", "tree", &site.url("")]);
    assert_eq!(copied.code, Some(11), "{}", copied.stderr);
}

#[test]
fn chosen_permissions_apply_to_files_and_directories() {
    let Some(site) = Site::on(ServerKind::ProFtpd, Protection::Plain) else { return };
    let mode = |path: std::path::PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for root in [site.here("tree"), site.there("tree")] {
        fs::create_dir_all(root.join("sub")).unwrap();
        fs::write(root.join("sub/x"), "x").unwrap();
    }
    let modes = ["--file-mode", "604", "--dir-mode", "705"];
    let run = |words: &[&str]| site.succeed(&[words, &modes].concat());

    run(&["put", "-r", "tree", &site.url("put/")]);
    run(&["mirror", "tree", &site.url("mirrored")]);
    run(&["get", "-r", "-o", "got", &site.url("tree")]);
    run(&["mirror", &site.url("tree"), "mirrored"]);
    run(&["mirror", &site.url("tree"), &site.url("across")]);

    for root in [
        site.there("put/tree"),
        site.there("mirrored"),
        site.here("got"),
        site.here("mirrored"),
        site.there("across"),
    ] {
        let found = [mode(root.join("sub")), mode(root.join("sub/x"))];
        assert_eq!(found, [0o705, 0o604], "{}", root.display());
    }
    let both = site.run(&["put", "-p", "--file-mode", "604", "tree/sub/x", &site.url("x")]);
    assert_eq!(both.code, Some(2), "{}", both.stderr);
}
