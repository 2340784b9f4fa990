//! HTTP `CONNECT` (RFC 9110, 9.3.6).

use std::io;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{Rules, read_until, refused};

/// Reads the head of the request and answers it.
pub(super) async fn open(inside: &mut TcpStream, rules: &Rules) -> io::Result<TcpStream> {
    let head = read_until(inside, b"\r\n\r\n").await?;
    if !let_in(&head, rules) {
        reply(inside, "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"")
            .await?;
        return Err(refused("wrong login"));
    }
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    let (Some("CONNECT"), Some(target)) = (words.next(), words.next()) else {
        reply(inside, "405 Method Not Allowed").await?;
        return Err(refused("not a CONNECT"));
    };
    let opened = rules.open(target).await;
    reply(inside, if opened.is_ok() { "200 Connection established" } else { "502 Bad Gateway" }).await?;
    opened
}

fn let_in(head: &str, rules: &Rules) -> bool {
    let Some((user, password)) = &rules.login else { return true };
    let wanted = format!("Basic {}", base64(format!("{user}:{password}").as_bytes()));
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.any(|(name, value)| name.eq_ignore_ascii_case("Proxy-Authorization") && value.trim() == wanted)
}

async fn reply(inside: &mut TcpStream, status: &str) -> io::Result<()> {
    inside.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()).await
}

fn base64(bytes: &[u8]) -> String {
    let digit = |value: u32| char::from(ALPHABET[(value & 63) as usize]);
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |index: usize| u32::from(group.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        text.push(digit(bits >> 18));
        text.push(digit(bits >> 12));
        text.push(if group.len() > 1 { digit(bits >> 6) } else { '=' });
        text.push(if group.len() > 2 { digit(bits) } else { '=' });
    }
    text
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_as_in_rfc_4648() {
        let known = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        for (plain, encoded) in known {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
