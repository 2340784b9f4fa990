//! The control connection.

use std::time::Duration;

use oxftp_testing::scripted::Script;

use super::{
    Act::{Ask, Login, Quit},
    End::{Late, Named, Whole},
    cases,
};

/// A server that says this in place of a greeting.
fn greeting(bytes: impl Into<Vec<u8>>) -> Script {
    Script::new().no_greeting().bytes(bytes)
}

/// A server that answers `PWD` so.
fn pwd(answer: impl Into<Vec<u8>>) -> Script {
    Script::new().expect("PWD").bytes(answer)
}

/// A server that greets so and logs in.
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
    endless_multiline_greeting: Login, greeting("220-more\r\n".repeat(100_000)) => Named(&["Protocol"]);
    endless_greeting_line: Login, greeting(vec![b'2'; 1 << 20]) => Named(&["Protocol"]);
    slow_greeting_hits_timeout: Login,
        Script::new().no_greeting().drip("220 ".to_owned() + &"z".repeat(100), Duration::from_millis(100))
        => Late(&["Timeout"]);
    missing_greeting: Login, Script::new().no_greeting() => Late(&["Timeout"]);
    delayed_greeting: Login, login_after("120 soon\r\n220 now\r\n") => Whole;
    endlessly_delayed_greeting: Login, greeting("120 soon\r\n".repeat(100)) => Named(&["Limit"]);
    multiline_greeting_with_other_codes: Login,
        login_after("220-a\r\n331 b\r\n421 c\r\n 220 d\r\n220 e\r\n") => Whole;
    temporarily_refused_greeting: Login, greeting("421 full\r\n") => Named(&["StatusCode"]);
    permanently_refused_greeting: Login, greeting("550 not you\r\n") => Named(&["StatusCode"]);
    greeting_with_230: Login, greeting("230 in already\r\n") => Named(&["StatusCode"]);
    greeting_with_331: Login, greeting("331 go on\r\n") => Named(&["StatusCode"]);
    greeting_with_invalid_code: Login, greeting("620 what\r\n") => Named(&["Protocol"]);
    greeting_with_bare_line_feeds: Login, login_after("220-a\n220 b\n") => Whole;
    greeting_with_bare_carriage_return: Login, login_after("220 a\rb\r\n") => Whole;
    greeting_with_carriage_returns_only: Login, greeting("220 a\r220 b\r") => Late(&["Timeout"]);
    greeting_with_nul: Login, login_after("220 a\0b\r\n") => Whole;
    greeting_with_terminal_escapes: Login, login_after("220 \x1b[2J\x1b]0;owned\x07\r\n") => Whole;
    greeting_with_telnet_prefix: Login, greeting(*b"\xff\xfb\x01220 a\r\n") => Named(&["Protocol"]);
    http_greeting: Login, greeting("HTTP/1.1 400 Bad Request\r\n\r\n") => Named(&["Protocol"]);
    truncated_greeting_line: Login, greeting("220 rea").close() => Named(&["Closed"]);
    truncated_multiline_greeting: Login, greeting("220-a\r\n").close() => Named(&["Closed"]);
    reset_before_greeting: Login, Script::new().no_greeting().reset() => Named(&["Control", "Closed", "Connect"]);
    repeated_greeting: Login, greeting("220 a\r\n220 b\r\n") => Named(&["Desynchronised"]);
    greeting_with_early_replies: Login, greeting("220 a\r\n331 b\r\n230 c\r\n") => Named(&["Desynchronised"]);
    empty_lines_around_greeting: Login, login_after("\r\n\r\n220 a\r\n\r\n") => Whole;
    endless_empty_lines: Login,
        Script::new().no_greeting().drip("\r\n".repeat(50), Duration::from_millis(50)) => Late(&["Timeout"]);

    user_accepted_without_password: Login, user("230 in") => Whole;
    user_reply_asks_for_account: Login, user("332 which?") => Named(&["StatusCode"]);
    refused_user: Login, user("530 no") => Named(&["StatusCode"]);
    user_reply_220: Login, user("220 hello") => Named(&["StatusCode"]);
    user_reply_350: Login, user("350 more") => Named(&["StatusCode"]);
    user_reply_421_and_close: Login, user("421 bye").close() => Named(&["StatusCode"]);
    user_reply_after_preliminary_reply: Login, user("150 soon").reply("230 in") => Whole;
    missing_user_reply: Login, Script::new().expect("USER anonymous") => Late(&["Timeout"]);
    password_requested_again: Login, pass("331 again\r\n") => Named(&["StatusCode"]);
    superfluous_password: Login, pass("202 no matter\r\n") => Whole;
    close_after_password: Login, pass("").close() => Named(&["Closed"]);
    truncated_password_reply: Login, pass("230 in").close() => Named(&["Closed"]);
    slow_password_reply_hits_timeout: Login,
        user("331 more").expect("PASS anon@").drip("230".to_owned() + &"-\r\n".repeat(50), Duration::from_millis(60))
        => Late(&["Timeout", "Protocol"]);
    flood_of_password_replies: Login, pass("150 soon\r\n".repeat(100)) => Named(&["Limit"]);
    password_reply_byte_by_byte: Login,
        user("331 more").expect("PASS anon@").reply_byte_by_byte("230 in") => Whole;
    account_requested_after_password: Login, pass("332 account\r\n") => Named(&["StatusCode"]);

    reply_with_leading_space: Ask, pwd(" 257 \"/\"\r\n") => Named(&["Protocol"]);
    reply_code_of_two_digits: Ask, pwd("25 \"/\"\r\n") => Named(&["Protocol"]);
    reply_code_of_four_digits: Ask, pwd("2570 \"/\"\r\n") => Named(&["Protocol"]);
    reply_code_with_sign: Ask, pwd("+257 \"/\"\r\n") => Named(&["Protocol"]);
    reply_of_nul_bytes: Ask, pwd(vec![0; 64]) => Late(&["Timeout"]);
    endless_reply_of_nul_bytes: Ask, pwd(vec![0; 1 << 20]) => Named(&["Protocol"]);
    reply_with_telnet_sequence: Ask, pwd(*b"257 \"/a\xff\xf4\xff\xf2b\"\r\n") => Whole;
    reply_with_unterminated_quotes: Ask, pwd("257 \"/a\r\n") => Named(&["UnusableReply"]);
    reply_of_quotes_only: Ask, pwd("257 \"\"\"\"\"\"\r\n") => Whole;
    reply_without_quotes: Ask, pwd("257 /a\r\n") => Named(&["UnusableReply"]);
    reply_without_text: Ask, pwd("257\r\n") => Named(&["UnusableReply"]);
    reply_with_tab_after_code: Ask, pwd("257\t\"/\"\r\n") => Whole;
    multiline_reply_ending_with_other_code: Ask, pwd("257-a\r\n250 b\r\n") => Late(&["Timeout"]);
    multiline_reply_ending_with_bare_code: Ask, pwd("257-a\r\n257\r\n") => Named(&["UnusableReply"]);
    reply_with_too_many_lines: Ask, pwd("257-a\r\n".repeat(5000)) => Named(&["Protocol"]);
    reply_with_too_many_bytes: Ask, pwd(format!("257-{}\r\n", "z".repeat(10_000)).repeat(100))
        => Named(&["Protocol"]);
    reply_421_instead_of_257: Ask, pwd("421 timeout\r\n").close() => Named(&["StatusCode", "Closed"]);
    unsolicited_reply_421: Ask, greeting("220 hi\r\n421 bye\r\n") => Named(&["Closed"]);
    other_success_code: Ask, pwd("200 \"/\"\r\n") => Whole;

    unanswered_quit: Quit, Script::new().expect("QUIT") => Late(&["Timeout"]);
    refused_quit: Quit, Script::new().expect("QUIT").reply("500 stay") => Named(&["StatusCode"]);
    close_after_quit: Quit, Script::new().expect("QUIT").close() => Named(&["Closed"]);
    slow_quit_reply_hits_timeout: Quit,
        Script::new().expect("QUIT").drip("221 ".to_owned() + &"z".repeat(100), Duration::from_millis(100))
        => Late(&["Timeout"]);
}
