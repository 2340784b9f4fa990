//! Addresses of data connections: `PASV`, `EPSV`, `PORT`, `EPRT`.
//!
//! This module does not decide whether an address is trusted. By default, the client connects to the peer of the
//! control connection.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

/// Parses the address in a reply to `PASV` (RFC 959, 4.1.2).
///
/// The first six numbers joined by commas are used, with or without parentheses (RFC 1123, 4.1.2.6) and
/// blanks after the commas, unless a letter, a digit or a sign is adjacent. The two numbers of the port may be signed
/// bytes.
///
/// If the address is a name, has dots, or is left out, as in `(ftp.example.org,4,51)` or `(,,,,4,51)`, only the port is
/// used: the address is `0.0.0.0`.
///
/// # Errors
///
/// [`AddressError`] when there are not six numbers, one is above 255, or the port is 0.
///
/// ```
/// let address = oxftp_proto::address::parse_pasv(b"Entering Passive Mode (127,0,0,1,4,51).")?;
/// assert_eq!(address, "127.0.0.1:1075".parse().unwrap());
/// # Ok::<(), oxftp_proto::address::AddressError>(())
/// ```
pub fn parse_pasv(line: &[u8]) -> Result<SocketAddrV4, AddressError> {
    let error = || AddressError { what: "PASV", line: String::from_utf8_lossy(line).into_owned() };
    let joined = without_blanks_around_commas(line);
    let numbers = joined
        .split(|byte| may_stand_around(*byte))
        .find_map(six_numbers)
        .or_else(|| port_alone(&joined))
        .ok_or_else(error)?;
    let [a, b, c, d, high, low] = numbers;
    let port = u16::from_be_bytes([high, low]);
    if port == 0 {
        return Err(error());
    }
    Ok(SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), port))
}

/// Parses the port in a reply to `EPSV`: `(|||port|)` with any delimiter (RFC 2428, 3).
///
/// The network and address fields must be empty. The last match in the line is used.
///
/// # Errors
///
/// [`AddressError`] when there is no match, or the port is 0 or above 65535.
///
/// ```
/// let port = oxftp_proto::address::parse_epsv(b"Entering Extended Passive Mode (|||6446|)")?;
/// assert_eq!(port, 6446);
/// # Ok::<(), oxftp_proto::address::AddressError>(())
/// ```
pub fn parse_epsv(line: &[u8]) -> Result<u16, AddressError> {
    (0..line.len())
        .rev()
        .filter(|start| {
            start.checked_sub(1).and_then(|before| line.get(before)).is_none_or(|it| is_edge(*it))
        })
        .find_map(|start| port_between_delimiters(line.get(start..)?))
        .ok_or_else(|| AddressError { what: "EPSV", line: String::from_utf8_lossy(line).into_owned() })
}

/// Formats the argument of `PORT` (RFC 959, 4.1.2).
#[must_use]
pub fn format_port(address: SocketAddrV4) -> String {
    let [a, b, c, d] = address.ip().octets();
    let [high, low] = address.port().to_be_bytes();
    format!("{a},{b},{c},{d},{high},{low}")
}

/// Formats the argument of `EPRT` (RFC 2428, 2).
#[must_use]
pub fn format_eprt(address: SocketAddr) -> String {
    let family = if address.is_ipv4() { 1 } else { 2 };
    format!("|{family}|{}|{}|", address.ip(), address.port())
}

/// A reply that contains no usable address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the reply to {what} contains no usable address: {line:?}")]
pub struct AddressError {
    /// The command.
    pub what: &'static str,
    /// The line of the reply.
    pub line: String,
}

fn six_numbers(word: &[u8]) -> Option<[u8; 6]> {
    // A full stop at the end of the sentence is not part of the last number.
    let word = word.strip_suffix(b".").unwrap_or(word);
    let mut numbers = word.split(|byte| *byte == b',');
    let mut six = [0; 6];
    for (at, number) in six.iter_mut().enumerate() {
        let digits = numbers.next()?;
        *number = match digits.strip_prefix(b"-") {
            Some(digits) if at >= 4 => negative_byte(digits)?,
            _ => u8::try_from(parse_number(digits, u8::MAX.into())?).ok()?,
        };
    }
    numbers.next().is_none().then_some(six)
}

/// Reads the two numbers of a port in parentheses that follow anything but the numbers of an address.
fn port_alone(line: &[u8]) -> Option<[u8; 6]> {
    let end = line.iter().rposition(|byte| *byte == b')')?;
    let start = line.get(..end)?.iter().rposition(|byte| *byte == b'(')?;
    let mut parts = line.get(start + 1..end)?.rsplitn(3, |byte| *byte == b',');
    let mut number = || u8::try_from(parse_number(parts.next()?, u8::MAX.into())?).ok();
    let (low, high) = (number()?, number()?);
    let address = parts.next()?;
    let is_left_out = address.iter().all(|byte| *byte == b',');
    let is_host =
        address.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
            && (address.contains(&b'.') || address.iter().any(u8::is_ascii_alphabetic));
    (is_left_out || is_host).then_some([0, 0, 0, 0, high, low])
}

/// Parses a byte of a port that a server shows as a signed number, after its sign.
fn negative_byte(digits: &[u8]) -> Option<u8> {
    let number = parse_number(digits, 128)?;
    u8::try_from(256 - number).ok()
}

/// Returns whether a byte may be adjacent to the numbers of an address without being part of one.
fn may_stand_around(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric() && !matches!(byte, b',' | b'.' | b'+' | b'-' | b'_')
}

/// Returns whether a byte may precede or follow the delimiters of a port.
fn is_edge(byte: u8) -> bool {
    matches!(byte, b' ' | b'(' | b')' | b'.')
}

fn without_blanks_around_commas(text: &[u8]) -> Vec<u8> {
    let mut joined: Vec<u8> = Vec::with_capacity(text.len());
    for byte in text {
        if *byte == b',' {
            joined.truncate(joined.trim_ascii_end().len());
        }
        if *byte != b' ' || joined.last() != Some(&b',') {
            joined.push(*byte);
        }
    }
    joined
}

fn port_between_delimiters(text: &[u8]) -> Option<u16> {
    let [delimiter, second, third, rest @ ..] = text else { return None };
    if delimiter.is_ascii_digit()
        || !delimiter.is_ascii_graphic()
        || second != delimiter
        || third != delimiter
    {
        return None;
    }
    let end = rest.iter().position(|byte| byte == delimiter)?;
    if rest.get(end + 1).is_some_and(|tail| !is_edge(*tail)) {
        return None;
    }
    let port = parse_number(rest.get(..end)?, u16::MAX.into())?;
    u16::try_from(port).ok().filter(|port| *port != 0)
}

/// Parses a number that consists of digits only, up to `most`.
pub(crate) fn parse_number(digits: &[u8], most: u64) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let mut number: u64 = 0;
    for digit in digits {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number = number.checked_mul(10)?.checked_add(digit).filter(|number| *number <= most)?;
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasv_address_is_parsed_in_every_form() {
        let lines = [
            "Entering Passive Mode (127,0,0,1,4,51).",
            "Entering Passive Mode (127,0,0,1,4,51)",
            "Entering passive mode. 127,0,0,1,4,51",
            "Data transfer will passively listen to 127,0,0,1,4,51",
            "=127,0,0,1,4,51",
            "Entering Passive Mode (127, 0, 0, 1, 4, 51).",
            "2 ports, passive 127 ,0 ,0 ,1 ,4 ,51",
            "Session 42, passive: 127,0,0,1,4,51",
        ];
        for line in lines {
            assert_eq!(parse_pasv(line.as_bytes()), Ok("127.0.0.1:1075".parse().unwrap()), "{line}");
        }
    }

    #[test]
    fn pasv_with_host_name_has_port() {
        for line in
            ["(ftp.example.org,4,51)", "(,,,,4,51).", "ok (127.0.0.1,4,51)", "(nas, 4, 51)", "(,4,51)"]
        {
            assert_eq!(parse_pasv(line.as_bytes()), Ok("0.0.0.0:1075".parse().unwrap()), "{line}");
        }
        for line in
            ["(1,4,51)", "(a b,4,51)", "(a,4,256)", "(a,0,0)", "ftp.example.org,4,51", "(a,,4,51)", "(4,51)"]
        {
            assert!(parse_pasv(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn signed_bytes_of_pasv_port_are_parsed() {
        for (line, port) in [("(127,0,0,1,-61,80)", 195 << 8 | 80), ("(127,0,0,1,4,-1)", 4 << 8 | 255)] {
            assert_eq!(parse_pasv(line.as_bytes()).unwrap().port(), port, "{line}");
        }
        for line in ["(127,0,0,1,-129,80)", "(127,0,0,1,-0,80)", "(127,0,0,-1,4,80)", "(127,0,0,1,4,--1)"] {
            assert!(parse_pasv(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn pasv_numbers_out_of_range_are_refused() {
        for line in [
            "(256,0,0,1,4,51)",
            "(127,0,0,1,4)",
            "(127,0,0,1,0,0)",
            "(1,2,3,4,5,6,7)",
            "",
            "(,,,,,)",
            "(1 2 3 4 5 6)",
        ] {
            assert!(parse_pasv(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn pasv_numbers_touching_other_characters_are_refused() {
        for line in [
            "(-127,0,0,1,4,51)",
            "(+127,0,0,1,4,51)",
            "(x127,0,0,1,4,51)",
            "(1e0,0,0,1,4,51)",
            "(0x7f,0,0,1,4,51)",
            "(127,0,0,1,4,51x)",
            "(127,0,0,1,4,51-)",
            "(127,0,0,1,4,51.5)",
        ] {
            assert!(parse_pasv(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn epsv_port_is_parsed_with_any_delimiter() {
        assert_eq!(parse_epsv(b"Entering Extended Passive Mode (|||6446|)"), Ok(6446));
        assert_eq!(parse_epsv(b"ok (!!!65535!)."), Ok(65535));
        assert_eq!(parse_epsv(b"first (|||1|) then (|||2|)"), Ok(2));
        assert_eq!(parse_epsv(b"no parentheses |||21|"), Ok(21));
    }

    #[test]
    fn epsv_address_or_bad_port_is_refused() {
        for line in ["(|1|10.0.0.1|21|)", "(|||0|)", "(|||65536|)", "(||||)", "(|||21)", "", "|||"] {
            assert!(parse_epsv(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn epsv_ports_touching_other_characters_are_refused() {
        for line in ["(|1||||21|)", "(|1|10.0.0.1|||21|)", "(|||21||)", "(|||21|x)", "(|||-21|)", "(||| 21|)"]
        {
            assert!(parse_epsv(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn port_and_eprt_arguments_follow_the_rfcs() {
        assert_eq!(format_port("10.1.2.3:1075".parse().unwrap()), "10,1,2,3,4,51");
        assert_eq!(format_eprt("10.1.2.3:1075".parse().unwrap()), "|1|10.1.2.3|1075|");
        assert_eq!(format_eprt("[::1]:1075".parse().unwrap()), "|2|::1|1075|");
    }

    proptest::proptest! {
        #[test]
        fn address_parsers_never_panic(line: Vec<u8>) {
            let _ = (parse_pasv(&line), parse_epsv(&line));
        }

        #[test]
        fn formatted_port_argument_parses_back(ip: u32, port in 1u16..) {
            let address = SocketAddrV4::new(ip.into(), port);
            assert_eq!(parse_pasv(format_port(address).as_bytes()), Ok(address));
        }
    }
}
