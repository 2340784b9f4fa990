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
    a_greeting_of_lines_without_end: Login, greeting("220-more\r\n".repeat(100_000)) => Named(&["Protocol"]);
    a_greeting_of_one_line_without_end: Login, greeting(vec![b'2'; 1 << 20]) => Named(&["Protocol"]);
    a_greeting_that_drips: Login,
        Script::new().no_greeting().drip("220 ".to_owned() + &"z".repeat(100), Duration::from_millis(100))
        => Late(&["Timeout"]);
    a_greeting_that_never_comes: Login, Script::new().no_greeting() => Late(&["Timeout"]);
    a_greeting_that_is_delayed_first: Login, login_after("120 soon\r\n220 now\r\n") => Whole;
    a_greeting_that_is_delayed_for_ever: Login, greeting("120 soon\r\n".repeat(100)) => Named(&["Limit"]);
    a_greeting_of_many_lines_of_other_codes: Login,
        login_after("220-a\r\n331 b\r\n421 c\r\n 220 d\r\n220 e\r\n") => Whole;
    a_greeting_that_refuses_for_now: Login, greeting("421 full\r\n") => Named(&["StatusCode"]);
    a_greeting_that_refuses_for_good: Login, greeting("550 not you\r\n") => Named(&["StatusCode"]);
    a_greeting_that_logs_in: Login, greeting("230 in already\r\n") => Named(&["StatusCode"]);
    a_greeting_that_asks_for_a_password: Login, greeting("331 go on\r\n") => Named(&["StatusCode"]);
    a_greeting_with_a_code_of_no_class: Login, greeting("620 what\r\n") => Named(&["Protocol"]);
    a_greeting_with_line_feeds_alone: Login, login_after("220-a\n220 b\n") => Whole;
    a_greeting_with_a_bare_carriage_return: Login, login_after("220 a\rb\r\n") => Whole;
    a_greeting_with_carriage_returns_alone: Login, greeting("220 a\r220 b\r") => Late(&["Timeout"]);
    a_greeting_with_nul: Login, login_after("220 a\0b\r\n") => Whole;
    a_greeting_with_escapes: Login, login_after("220 \x1b[2J\x1b]0;owned\x07\r\n") => Whole;
    a_greeting_that_begins_with_telnet: Login, greeting(*b"\xff\xfb\x01220 a\r\n") => Named(&["Protocol"]);
    a_greeting_of_another_protocol: Login, greeting("HTTP/1.1 400 Bad Request\r\n\r\n") => Named(&["Protocol"]);
    a_greeting_that_is_closed_in_its_line: Login, greeting("220 rea").close() => Named(&["Closed"]);
    a_greeting_that_is_closed_between_its_lines: Login, greeting("220-a\r\n").close() => Named(&["Closed"]);
    a_greeting_that_is_reset: Login, Script::new().no_greeting().reset() => Named(&["Control", "Closed", "Connect"]);
    a_greeting_that_comes_twice: Login, greeting("220 a\r\n220 b\r\n") => Named(&["Desynchronised"]);
    a_greeting_with_answers_ahead: Login, greeting("220 a\r\n331 b\r\n230 c\r\n") => Named(&["Desynchronised"]);
    empty_lines_around_a_greeting: Login, login_after("\r\n\r\n220 a\r\n\r\n") => Whole;
    empty_lines_without_end: Login,
        Script::new().no_greeting().drip("\r\n".repeat(50), Duration::from_millis(50)) => Late(&["Timeout"]);

    a_user_without_password: Login, user("230 in") => Whole;
    a_user_who_needs_an_account: Login, user("332 which?") => Named(&["StatusCode"]);
    a_user_who_is_refused: Login, user("530 no") => Named(&["StatusCode"]);
    a_user_who_is_greeted_again: Login, user("220 hello") => Named(&["StatusCode"]);
    a_user_who_is_sent_on: Login, user("350 more") => Named(&["StatusCode"]);
    a_user_after_whom_it_closes: Login, user("421 bye").close() => Named(&["StatusCode"]);
    a_user_who_is_answered_later: Login, user("150 soon").reply("230 in") => Whole;
    a_user_who_is_never_answered: Login, Script::new().expect("USER anonymous") => Late(&["Timeout"]);
    a_password_that_is_asked_for_again: Login, pass("331 again\r\n") => Named(&["StatusCode"]);
    a_password_that_is_superfluous: Login, pass("202 no matter\r\n") => Whole;
    a_password_that_is_closed_upon: Login, pass("").close() => Named(&["Closed"]);
    a_password_whose_answer_is_cut: Login, pass("230 in").close() => Named(&["Closed"]);
    a_password_whose_answer_drips: Login,
        user("331 more").expect("PASS anon@").drip("230".to_owned() + &"-\r\n".repeat(50), Duration::from_millis(60))
        => Late(&["Timeout", "Protocol"]);
    a_password_whose_answer_floods: Login, pass("150 soon\r\n".repeat(100)) => Named(&["Limit"]);
    a_password_whose_answer_comes_byte_by_byte: Login,
        user("331 more").expect("PASS anon@").reply_byte_by_byte("230 in") => Whole;
    a_password_with_an_account_without_end: Login, pass("332 account\r\n") => Named(&["StatusCode"]);

    an_answer_with_a_space_before_it: Ask, pwd(" 257 \"/\"\r\n") => Named(&["Protocol"]);
    an_answer_of_two_digits: Ask, pwd("25 \"/\"\r\n") => Named(&["Protocol"]);
    an_answer_of_four_digits: Ask, pwd("2570 \"/\"\r\n") => Named(&["Protocol"]);
    an_answer_with_a_sign: Ask, pwd("+257 \"/\"\r\n") => Named(&["Protocol"]);
    an_answer_of_nul: Ask, pwd(vec![0; 64]) => Late(&["Timeout"]);
    an_answer_of_nul_without_end: Ask, pwd(vec![0; 1 << 20]) => Named(&["Protocol"]);
    an_answer_with_telnet_in_it: Ask, pwd(*b"257 \"/a\xff\xf4\xff\xf2b\"\r\n") => Whole;
    an_answer_without_an_end_to_its_quotes: Ask, pwd("257 \"/a\r\n") => Named(&["UnusableReply"]);
    an_answer_of_quotes_alone: Ask, pwd("257 \"\"\"\"\"\"\r\n") => Whole;
    an_answer_without_quotes: Ask, pwd("257 /a\r\n") => Named(&["UnusableReply"]);
    an_answer_without_text: Ask, pwd("257\r\n") => Named(&["UnusableReply"]);
    an_answer_with_a_tab_after_its_code: Ask, pwd("257\t\"/\"\r\n") => Whole;
    an_answer_that_ends_with_another_code: Ask, pwd("257-a\r\n250 b\r\n") => Late(&["Timeout"]);
    an_answer_that_ends_with_its_code_alone: Ask, pwd("257-a\r\n257\r\n") => Named(&["UnusableReply"]);
    an_answer_of_too_many_lines: Ask, pwd("257-a\r\n".repeat(5000)) => Named(&["Protocol"]);
    an_answer_of_too_many_bytes: Ask, pwd(format!("257-{}\r\n", "z".repeat(10_000)).repeat(100))
        => Named(&["Protocol"]);
    a_goodbye_in_place_of_an_answer: Ask, pwd("421 timeout\r\n").close() => Named(&["StatusCode", "Closed"]);
    a_goodbye_before_any_question: Ask, greeting("220 hi\r\n421 bye\r\n") => Named(&["Closed"]);
    a_success_of_another_kind: Ask, pwd("200 \"/\"\r\n") => Whole;

    a_goodbye_that_is_not_returned: Quit, Script::new().expect("QUIT") => Late(&["Timeout"]);
    a_goodbye_that_is_refused: Quit, Script::new().expect("QUIT").reply("500 stay") => Named(&["StatusCode"]);
    a_goodbye_that_is_closed_upon: Quit, Script::new().expect("QUIT").close() => Named(&["Closed"]);
    a_goodbye_that_drips: Quit,
        Script::new().expect("QUIT").drip("221 ".to_owned() + &"z".repeat(100), Duration::from_millis(100))
        => Late(&["Timeout"]);
}
