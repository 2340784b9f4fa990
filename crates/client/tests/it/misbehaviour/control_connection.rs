//! Misbehaviour on the control connection.

use std::time::Duration;

use oxftp_testing::scripted::Script;

use super::{
    Action::{Login, Pwd, Quit},
    Expected::{Complete, Error, ErrorAfterTimeout},
    cases,
};

/// A server that sends these bytes instead of a greeting.
fn greeting(bytes: impl Into<Vec<u8>>) -> Script {
    Script::new().no_greeting().bytes(bytes)
}

/// A server with this reply to `PWD`.
fn pwd(answer: impl Into<Vec<u8>>) -> Script {
    Script::new().expect("PWD").bytes(answer)
}

/// A server that sends these bytes as its greeting and accepts the login.
fn login_after(bytes: impl Into<Vec<u8>>) -> Script {
    greeting(bytes).login()
}

fn user(answer: &str) -> Script {
    Script::new().expect("USER anonymous").reply(answer)
}

fn pass(answer: impl Into<Vec<u8>>) -> Script {
    user("331 more").expect("PASS anon@").bytes(answer)
}

cases! {
    endless_multiline_greeting: Login, greeting("220-more\r\n".repeat(100_000)) => Error(&["Protocol"]);
    endless_greeting_line: Login, greeting(vec![b'2'; 1 << 20]) => Error(&["Protocol"]);
    slow_greeting_hits_timeout: Login,
        Script::new().no_greeting().drip("220 ".to_owned() + &"z".repeat(100), Duration::from_millis(100))
        => ErrorAfterTimeout(&["Timeout"]);
    missing_greeting: Login, Script::new().no_greeting() => ErrorAfterTimeout(&["Timeout"]);
    delayed_greeting: Login, login_after("120 soon\r\n220 now\r\n") => Complete;
    endlessly_delayed_greeting: Login, greeting("120 soon\r\n".repeat(100)) => Error(&["Limit"]);
    multiline_greeting_with_other_codes: Login,
        login_after("220-a\r\n331 b\r\n421 c\r\n 220 d\r\n220 e\r\n") => Complete;
    temporarily_refused_greeting: Login, greeting("421 full\r\n") => Error(&["StatusCode"]);
    permanently_refused_greeting: Login, greeting("550 not you\r\n") => Error(&["StatusCode"]);
    greeting_with_230: Login, login_after("230 in already\r\n") => Complete;
    greeting_with_230_and_refused_password: Login,
        greeting("230 in already\r\n").expect("USER anonymous").reply("331 more").expect("PASS anon@").reply("530 no")
        => Error(&["StatusCode"]);
    greeting_with_331: Login, greeting("331 go on\r\n") => Error(&["StatusCode"]);
    greeting_with_invalid_code: Login, greeting("620 what\r\n") => Error(&["Protocol"]);
    greeting_with_bare_line_feeds: Login, login_after("220-a\n220 b\n") => Complete;
    greeting_with_bare_carriage_return: Login, login_after("220 a\rb\r\n") => Complete;
    greeting_with_carriage_returns_only: Login, greeting("220 a\r220 b\r") => Error(&["Desynchronised"]);
    greeting_with_nul: Login, login_after("220 a\0b\r\n") => Complete;
    greeting_with_terminal_escapes: Login, login_after("220 \x1b[2J\x1b]0;owned\x07\r\n") => Complete;
    greeting_with_telnet_prefix: Login, greeting(*b"\xff\xfb\x01220 a\r\n") => ErrorAfterTimeout(&["Timeout"]);
    http_greeting: Login, greeting("HTTP/1.1 400 Bad Request\r\n\r\n") => Error(&["Protocol"]);
    truncated_greeting_line: Login, greeting("220 rea").close() => Error(&["Closed"]);
    truncated_multiline_greeting: Login, greeting("220-a\r\n").close() => Error(&["Closed"]);
    reset_before_greeting: Login, Script::new().no_greeting().reset() => Error(&["Control", "Closed", "Connect"]);
    repeated_greeting: Login, greeting("220 a\r\n220 b\r\n") => Error(&["Desynchronised"]);
    greeting_with_early_replies: Login, greeting("220 a\r\n331 b\r\n230 c\r\n") => Error(&["Desynchronised"]);
    empty_lines_around_greeting: Login, login_after("\r\n\r\n220 a\r\n\r\n") => Complete;
    endless_empty_lines: Login,
        Script::new().no_greeting().drip("\r\n".repeat(50), Duration::from_millis(50)) => ErrorAfterTimeout(&["Timeout"]);

    user_accepted_without_password: Login, user("230 in") => Complete;
    user_reply_asks_for_account: Login, user("332 which?").expect("ACCT noaccount").reply("530 no") => Error(&["StatusCode"]);
    refused_user: Login, user("530 no") => Error(&["StatusCode"]);
    user_reply_220: Login, user("220 hello") => Complete;
    user_reply_350: Login, user("350 more") => Error(&["StatusCode"]);
    user_reply_421_and_close: Login, user("421 bye").close() => Error(&["StatusCode"]);
    user_reply_after_preliminary_reply: Login, user("150 soon").reply("230 in") => Complete;
    missing_user_reply: Login, Script::new().expect("USER anonymous") => ErrorAfterTimeout(&["Timeout"]);
    password_requested_again: Login, pass("331 again\r\n") => Error(&["StatusCode"]);
    superfluous_password: Login, pass("202 no matter\r\n") => Complete;
    close_after_password: Login, pass("").close() => Error(&["Closed"]);
    truncated_password_reply: Login, pass("230 in").close() => Error(&["Closed"]);
    slow_password_reply_hits_timeout: Login,
        user("331 more").expect("PASS anon@").drip("230".to_owned() + &"-\r\n".repeat(50), Duration::from_millis(60))
        => ErrorAfterTimeout(&["Timeout", "Protocol"]);
    flood_of_password_replies: Login, pass("150 soon\r\n".repeat(100)) => Error(&["Limit"]);
    password_reply_byte_by_byte: Login,
        user("331 more").expect("PASS anon@").reply_byte_by_byte("230 in") => Complete;
    account_requested_after_password: Login, pass("332 account\r\n").expect("ACCT noaccount").reply("530 no") => Error(&["StatusCode"]);

    reply_with_leading_space: Pwd, pwd(" 257 \"/\"\r\n") => Complete;
    reply_code_of_two_digits: Pwd, pwd("25 \"/\"\r\n") => Error(&["Protocol"]);
    reply_code_of_four_digits: Pwd, pwd("2570 \"/\"\r\n") => Error(&["Protocol"]);
    reply_code_with_sign: Pwd, pwd("+257 \"/\"\r\n") => Error(&["Protocol"]);
    reply_of_nul_bytes: Pwd, pwd(vec![0; 64]) => ErrorAfterTimeout(&["Timeout"]);
    endless_reply_of_nul_bytes: Pwd, pwd(vec![0; 1 << 20]) => Error(&["Protocol"]);
    reply_with_telnet_sequence: Pwd, pwd(*b"257 \"/a\xff\xf4\xff\xf2b\"\r\n") => Complete;
    reply_with_unterminated_quotes: Pwd, pwd("257 \"/a\r\n") => Error(&["UnusableReply"]);
    reply_of_quotes_only: Pwd, pwd("257 \"\"\"\"\"\"\r\n") => Complete;
    reply_without_quotes: Pwd, pwd("257 /a\r\n") => Complete;
    reply_without_text: Pwd, pwd("257\r\n") => Error(&["UnusableReply"]);
    reply_with_tab_after_code: Pwd, pwd("257\t\"/\"\r\n") => Complete;
    multiline_reply_ending_with_other_code: Pwd, pwd("257-a\r\n250 b\r\n") => Error(&["UnusableReply"]);
    multiline_reply_ending_with_bare_code: Pwd, pwd("257-a\r\n257\r\n") => Error(&["UnusableReply"]);
    reply_with_too_many_lines: Pwd, pwd("257-a\r\n".repeat(5000)) => Error(&["Protocol"]);
    reply_with_too_many_bytes: Pwd, pwd(format!("257-{}\r\n", "z".repeat(10_000)).repeat(100))
        => Error(&["Protocol"]);
    reply_421_instead_of_257: Pwd, pwd("421 timeout\r\n").close() => Error(&["StatusCode", "Closed"]);
    unsolicited_reply_421: Pwd, greeting("220 hi\r\n421 bye\r\n") => Error(&["Closed"]);
    other_success_code: Pwd, pwd("200 \"/\"\r\n") => Complete;

    unanswered_quit: Quit, Script::new().expect("QUIT") => ErrorAfterTimeout(&["Timeout"]);
    refused_quit: Quit, Script::new().expect("QUIT").reply("500 stay") => Error(&["StatusCode"]);
    close_after_quit: Quit, Script::new().expect("QUIT").close() => Error(&["Closed"]);
    slow_quit_reply_hits_timeout: Quit,
        Script::new().expect("QUIT").drip("221 ".to_owned() + &"z".repeat(100), Duration::from_millis(100))
        => ErrorAfterTimeout(&["Timeout"]);
}
