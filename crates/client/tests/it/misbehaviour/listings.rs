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
    a_listing_of_nothing: List, listing("") => Whole;
    a_listing_of_carriage_returns_alone: List, listing("type=file; a\rtype=file; b\r") => Whole;
    a_listing_of_nul: List, sending(listing(vec![0; 1000]), "LIST", "") => Whole;
    a_listing_of_one_line_without_end: List, listing(vec![b'z'; 1 << 20]) => Named(&["Limit", "Listing"]);
    a_listing_of_too_many_facts: List,
        sending(listing(format!("{} a\r\n", "x=1;".repeat(1000))), "LIST", "") => Whole;
    a_listing_that_is_cut: List,
        opening(Script::new().type_image(), "MLSD").send("type=file; a\r\ntype").reset_data().reply("226 done")
        => Named(&["Data"]);
    a_listing_that_ends_within_a_line: List, listing("type=file; a\r\ntype=fi") => Named(&["Data"]);
    a_listing_without_its_last_line_end: List, listing("type=file; a\r\ntype=file; b") => Whole;
    a_listing_that_fails_at_its_end: List,
        opening(Script::new().type_image(), "MLSD").data("type=file; a\r\n").reply("451 no") => Named(&["StatusCode"]);
    a_listing_that_stops: List, opening(Script::new().type_image(), "MLSD").send("type=file; a\r\n")
        => Late(&["Data"]);
    a_listing_that_never_ends: List, opening(Script::new().type_image(), "MLSD").data("type=file; a\r\n")
        => Late(&["Timeout"]);

    a_name_that_climbs: Tree, tree_and_file("type=file;size=1; ../escaped\r\n") => Named(&["Name"]);
    a_name_that_is_the_parent: Tree, tree_and_file("type=dir; ..\r\n") => Whole;
    a_name_that_is_the_directory: Tree, tree_and_file("type=dir; .\r\n") => Whole;
    a_file_that_is_the_parent: Tree, tree_and_file("type=file;size=1; ..\r\n") => Named(&["Name"]);
    a_name_that_is_absolute: Tree, tree_and_file("type=file;size=1; /escaped-by-a-listing\r\n") => Named(&["Name"]);
    a_name_that_goes_down: Tree, tree_and_file("type=file;size=1; a/b\r\n") => Named(&["Name"]);
    a_name_with_nul: Tree, tree_and_file("type=file;size=1; a\0b\r\n") => Named(&["Name"]);
    a_name_with_a_carriage_return: Tree, tree_and_file("type=file;size=1; a\rDELE b\r\n") => Named(&["Name"]);
    a_link_that_leads_out: Tree, tree_and_file("type=OS.unix=slink:/etc/passwd;size=1; passwd\r\n")
        => Named(&["Skipped"]);
    a_device: Tree, tree_and_file("type=OS.unix=chr-1/3;size=0; null\r\n") => Named(&["Skipped"]);
    a_name_that_comes_twice: Tree, tree_and_file("type=file;size=1; good\r\n") => Named(&["Skipped"]);
    a_file_of_the_name_of_a_directory: Tree,
        sending(tree("type=dir; x\r\ntype=file;size=1; x\r\n"), "MLSD r/x", "") => Named(&["Skipped"]);
    a_directory_that_comes_twice: Tree,
        sending(tree("type=dir; x\r\ntype=dir; x\r\n"), "MLSD r/x", "") => Named(&["Skipped"]);
}
