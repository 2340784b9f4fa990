//! Listings, and trees made of them.

use oxftp_testing::scripted::Script;

use super::{
    Act::{List, Tree},
    End::{Late, Named, Whole},
    cases,
};

use crate::common::scripts::{mlst_dir, opening, sending};

fn listing(lines: impl Into<Vec<u8>>) -> Script {
    sending(Script::new().type_image(), "MLSD", lines)
}

/// A tree whose only directory lists so.
fn tree(lines: impl Into<Vec<u8>>) -> Script {
    sending(Script::new().expect("MLST r").reply(mlst_dir()).type_image(), "MLSD r", lines)
}

/// A tree with one file that comes whole after what cannot be taken.
fn tree_and_file(lines: &str) -> Script {
    let lines = format!("{lines}type=file;size=1; good\r\n");
    sending(tree(lines), "RETR r/good", "x")
}

cases! {
    empty_listing: List, listing("") => Whole;
    listing_with_carriage_returns_only: List, listing("type=file; a\rtype=file; b\r") => Whole;
    listing_of_nul_bytes: List, sending(listing(vec![0; 1000]), "LIST", "") => Whole;
    endless_listing_line: List, listing(vec![b'z'; 1 << 20]) => Named(&["Limit", "Listing"]);
    listing_line_with_too_many_facts: List,
        sending(listing(format!("{} a\r\n", "x=1;".repeat(1000))), "LIST", "") => Whole;
    reset_listing: List,
        opening(Script::new().type_image(), "MLSD").send("type=file; a\r\ntype").reset_data().reply("226 done")
        => Named(&["Data"]);
    truncated_listing_line: List, listing("type=file; a\r\ntype=fi") => Named(&["Data"]);
    listing_without_last_line_ending: List, listing("type=file; a\r\ntype=file; b") => Whole;
    listing_with_final_reply_451: List,
        opening(Script::new().type_image(), "MLSD").data("type=file; a\r\n").reply("451 no") => Named(&["StatusCode"]);
    stalled_listing: List, opening(Script::new().type_image(), "MLSD").send("type=file; a\r\n")
        => Late(&["Data"]);
    listing_without_final_reply: List, opening(Script::new().type_image(), "MLSD").data("type=file; a\r\n")
        => Late(&["Timeout"]);

    path_traversal_name: Tree, tree_and_file("type=file;size=1; ../escaped\r\n") => Named(&["Name"]);
    dot_dot_directory: Tree, tree_and_file("type=dir; ..\r\n") => Whole;
    dot_directory: Tree, tree_and_file("type=dir; .\r\n") => Whole;
    dot_dot_file: Tree, tree_and_file("type=file;size=1; ..\r\n") => Named(&["Name"]);
    absolute_name: Tree, tree_and_file("type=file;size=1; /escaped-by-a-listing\r\n") => Named(&["Name"]);
    name_with_slash: Tree, tree_and_file("type=file;size=1; a/b\r\n") => Named(&["Name"]);
    name_with_nul: Tree, tree_and_file("type=file;size=1; a\0b\r\n") => Named(&["Name"]);
    name_with_command_injection: Tree, tree_and_file("type=file;size=1; a\rDELE b\r\n") => Named(&["Name"]);
    symlink_out_of_the_tree: Tree, tree_and_file("type=OS.unix=slink:/etc/passwd;size=1; passwd\r\n")
        => Named(&["Skipped"]);
    device_file: Tree, tree_and_file("type=OS.unix=chr-1/3;size=0; null\r\n") => Named(&["Skipped"]);
    duplicate_name: Tree, tree_and_file("type=file;size=1; good\r\n") => Named(&["Skipped"]);
    file_and_directory_of_one_name: Tree,
        sending(tree("type=dir; x\r\ntype=file;size=1; x\r\n"), "MLSD r/x", "") => Named(&["Skipped"]);
    duplicate_directory: Tree,
        sending(tree("type=dir; x\r\ntype=dir; x\r\n"), "MLSD r/x", "") => Named(&["Skipped"]);
}
