//! Misbehaviour in listings and trees.

use oxftp_testing::scripted::Script;

use super::{
    Action::{List, Tree},
    Expected::{Complete, Error, ErrorAfterTimeout},
    cases,
};

use crate::common::scripts::{mlst_dir, open_transfer, send_file};

fn listing(lines: impl Into<Vec<u8>>) -> Script {
    send_file(Script::new().type_image(), "MLSD", lines)
}

/// A tree whose only directory has this listing.
fn tree(lines: impl Into<Vec<u8>>) -> Script {
    send_file(Script::new().expect("MLST r").reply(mlst_dir()).type_image(), "MLSD r", lines)
}

/// A tree with one good file after the unacceptable entries.
fn tree_and_file(lines: &str) -> Script {
    let lines = format!("{lines}type=file;size=1; good\r\n");
    send_file(tree(lines), "RETR r/good", "x")
}

cases! {
    empty_listing: List, send_file(listing(""), "LIST", "") => Complete;
    listing_with_carriage_returns_only: List, listing("type=file; a\rtype=file; b\r") => Error(&["Name"]);
    listing_of_nul_bytes: List, send_file(listing(vec![0; 1000]), "LIST", "") => Complete;
    endless_listing_line: List, listing(vec![b'z'; 1 << 20]) => Error(&["Limit", "Listing"]);
    listing_line_with_too_many_facts: List,
        send_file(listing(format!("{} a\r\n", "x=1;".repeat(1000))), "LIST", "") => Complete;
    reset_listing: List,
        open_transfer(Script::new().type_image(), "MLSD").send("type=file; a\r\ntype").reset_data().reply("226 done")
        => Error(&["Data"]);
    truncated_listing_line: List, listing("type=file; a\r\ntype=fi") => Error(&["Data"]);
    listing_without_last_line_ending: List, listing("type=file; a\r\ntype=file; b") => Complete;
    listing_with_final_reply_451: List,
        open_transfer(Script::new().type_image(), "MLSD").data("type=file; a\r\n").reply("451 no") => Error(&["StatusCode"]);
    stalled_listing: List, open_transfer(Script::new().type_image(), "MLSD").send("type=file; a\r\n")
        => ErrorAfterTimeout(&["Data"]);
    listing_without_final_reply: List, open_transfer(Script::new().type_image(), "MLSD").data("type=file; a\r\n")
        => ErrorAfterTimeout(&["Timeout"]);

    path_traversal_name: Tree, tree_and_file("type=file;size=1; ../escaped\r\n") => Error(&["Name"]);
    dot_dot_directory: Tree, tree_and_file("type=dir; ..\r\n") => Complete;
    dot_directory: Tree, tree_and_file("type=dir; .\r\n") => Complete;
    dot_dot_file: Tree, tree_and_file("type=file;size=1; ..\r\n") => Error(&["Name"]);
    absolute_name: Tree, tree_and_file("type=file;size=1; /escaped-by-a-listing\r\n") => Error(&["Name"]);
    name_with_slash: Tree, tree_and_file("type=file;size=1; a/b\r\n") => Error(&["Name"]);
    name_with_nul: Tree, tree_and_file("type=file;size=1; a\0b\r\n") => Error(&["Name"]);
    name_with_command_injection: Tree, tree_and_file("type=file;size=1; a\rDELE b\r\n") => Error(&["Name"]);
    symlink_out_of_the_tree: Tree, tree_and_file("type=OS.unix=slink:/etc/passwd;size=1; passwd\r\n")
        => Error(&["Skipped"]);
    device_file: Tree, tree_and_file("type=OS.unix=chr-1/3;size=0; null\r\n") => Error(&["Skipped"]);
    duplicate_name: Tree, tree_and_file("type=file;size=1; good\r\n") => Error(&["Skipped"]);
    file_and_directory_of_one_name: Tree,
        send_file(tree("type=dir; x\r\ntype=file;size=1; x\r\n"), "MLSD r/x", "") => Error(&["Skipped"]);
    duplicate_directory: Tree,
        send_file(tree("type=dir; x\r\ntype=dir; x\r\n"), "MLSD r/x", "") => Error(&["Skipped"]);
}
