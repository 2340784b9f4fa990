//! The control connection: login, commands, replies and timeouts.

mod abort;
mod attributes;
mod command_pipeline;
mod commands;
mod keepalive;
mod login;
mod login_options;
mod metadata;
mod tentative_replies;
mod timeouts;
