//! Destinations that the user names are never replaced by a new file: devices, FIFOs, links and names.

use std::fs;

use crate::common::{Site, content, run, run_with_input};

#[cfg(unix)]
#[test]
fn fifo_is_written_into_and_stays() {
    use std::{os::unix::fs::FileTypeExt, process::Command};

    let site = Site::plain();
    site.write_remote("x", content(300_000));
    assert!(Command::new("mkfifo").arg(site.here("fifo")).status().unwrap().success());
    for words in [&["get"][..], &["get", "--range", "0-299999"]] {
        let path = site.here("fifo");
        let reader = std::thread::spawn(move || fs::read(path).unwrap());

        site.succeed(&[words, &["-o", "fifo", &site.url("x")]].concat());

        assert!(reader.join().unwrap() == content(300_000));
        assert!(fs::metadata(site.here("fifo")).unwrap().file_type().is_fifo());
    }
}

#[cfg(unix)]
#[test]
fn device_is_written_into_and_stays() {
    use std::os::unix::fs::FileTypeExt;

    let site = Site::plain();
    site.write_remote("x", content(300_000));
    std::os::unix::fs::symlink("/dev/null", site.here("null")).unwrap();

    site.succeed(&["get", "-o", "/dev/null", &site.url("x")]);
    site.succeed(&["get", "-o", "null", &site.url("x")]);

    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    assert!(site.here("null").is_symlink());
    let run = site.run(&["get", "-c", "-o", "/dev/null", &site.url("x")]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn stdout_may_be_named_by_its_device() {
    let site = Site::plain();
    site.write_remote("x", "abc");

    for name in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        assert_eq!(site.succeed(&["get", "-o", name, &site.url("x")]), "abc", "{name}");
    }
}

#[cfg(unix)]
#[test]
fn symlink_named_by_the_user_is_followed() {
    let site = Site::plain();
    site.write_remote("x", "new");
    fs::create_dir(site.here("other")).unwrap();
    fs::write(site.here("other/target"), "old").unwrap();
    for (link, target) in [("link", "other/target"), ("dangling", "other/missing")] {
        std::os::unix::fs::symlink(target, site.here(link)).unwrap();

        site.succeed(&["get", "-o", link, &site.url("x")]);

        assert!(site.here(link).is_symlink());
        assert_eq!(fs::read(site.here(target)).unwrap(), b"new");
    }
}

#[test]
fn two_sources_with_one_name_are_refused() {
    let site = Site::plain();
    for path in ["a/same", "b/same"] {
        site.write_remote(path, path);
        fs::create_dir_all(site.here(path).parent().unwrap()).unwrap();
        fs::write(site.here(path), path).unwrap();
    }

    let get = site.run(&["get", "-d", "flat", &site.url("a/same"), &site.url("b/same")]);
    let put = site.run(&["put", "a/same", "b/same", &site.url("up/")]);

    for (run, target) in [(get, "flat/same"), (put, "up/same")] {
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        for word in ["a/same", "b/same", target] {
            assert!(run.stderr.contains(word), "{}", run.stderr);
        }
    }
    assert!(!site.here("flat").exists() && !site.there("up").exists());
    // The same source twice is no conflict.
    site.succeed(&["get", "-d", "flat", &site.url("a/same"), &site.url("a/same")]);
    site.succeed(&["put", "a/same", "./a/same", &site.url("up/")]);
}

#[test]
fn stdin_is_uploaded_into_new_directories() {
    let site = Site::plain();
    for (words, path) in [(&["rcat"][..], "new/1/x"), (&["put", "-"], "new/2/x")] {
        let url = site.url(path);
        let mut command = site.command(&[words, &[&*url]].concat());

        let run = run_with_input(&mut command, b"abc");

        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(fs::read(site.there(path)).unwrap(), b"abc");
    }
}

#[test]
fn shell_put_and_get_take_a_new_name() {
    let site = Site::plain();
    site.write_remote("d/there", "there");
    fs::write(site.here("1.txt"), "one").unwrap();
    fs::write(site.here("2.txt"), "two").unwrap();
    let shell = |commands: &str| run(&mut site.command(&["shell", "-c", commands, &site.url("d/")]));

    let run = shell("put 1.txt renamed.txt; put 1.txt 2.txt; get there here.txt; get 1.txt 2.txt");

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(fs::read(site.there("d/renamed.txt")).unwrap(), b"one");
    assert_eq!(fs::read(site.there("d/2.txt")).unwrap(), b"two");
    assert_eq!(fs::read(site.here("here.txt")).unwrap(), b"there");
    assert!(!site.here("there").exists());
}
