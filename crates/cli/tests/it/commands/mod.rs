//! Commands against the embedded server and scripted servers.

mod basics;
mod completions;
mod concurrent;
mod demo_and_serve;
mod du_head_rcat_raw;
mod fragile_servers;
mod locks;
mod mirror;
mod named_destinations;
mod odd_paths;
mod odd_servers;
mod parse_listing;
mod probe;
mod program_on_every_profile;
mod remote_changes;
mod resumed_files;
mod transfer_options;
mod unreliable_servers;
