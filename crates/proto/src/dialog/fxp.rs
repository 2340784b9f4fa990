//! FXP: data connections between two servers. One listens, and the other connects to it.

use std::{
    net::{IpAddr, SocketAddr},
    vec,
};

use super::{Dialog, DialogError, Event, PassiveAddress, PassiveMode, SUCCESS, Step};
use crate::{
    Code, Command,
    address::{format_eprt, format_port, parse_pasv},
};

/// Makes a server listen for another one: `EPSV`, `PASV`, or `CPSV` if it has to start the TLS handshake of
/// the data connection (RFC 2428, 3; RFC 959, 4.1.2).
///
/// The next mode is tried when one is refused or its reply contains no address.
#[derive(Debug)]
pub struct FxpListen {
    cpsv: bool,
    modes: vec::IntoIter<PassiveMode>,
    current: Option<PassiveMode>,
}

impl FxpListen {
    /// Creates the dialog; `modes` must not be empty.
    #[must_use]
    pub fn new(modes: Vec<PassiveMode>) -> Self {
        Self { cpsv: false, modes: modes.into_iter(), current: None }
    }

    /// Creates the dialog for `CPSV`, whose reply has the form of that to `PASV`.
    #[must_use]
    pub fn with_cpsv() -> Self {
        Self { cpsv: true, modes: vec![PassiveMode::Pasv].into_iter(), current: None }
    }

    fn next_mode(&mut self, failure: DialogError) -> Result<Step<PassiveAddress>, DialogError> {
        self.current = self.modes.next();
        match self.current {
            Some(_) if self.cpsv => Ok(Step::Send(Command::new("CPSV"))),
            Some(mode) => Ok(Step::Send(mode.command())),
            None => Err(failure),
        }
    }
}

impl Dialog for FxpListen {
    type Output = PassiveAddress;

    fn step(&mut self, event: Event) -> Result<Step<PassiveAddress>, DialogError> {
        match (event, self.current) {
            (Event::Start, None) => self.next_mode(DialogError::OutOfTurn),
            (Event::Reply(reply), _) if reply.code() == Code::SERVICE_CLOSING => {
                Err(reply.unexpected(&["227", "229"]).into())
            }
            // Some servers reply to CPSV with another code, but with the address as for PASV.
            (Event::Reply(reply), Some(_)) if self.cpsv => {
                let address = parse_pasv(reply.expect(SUCCESS)?.last_line())?;
                Ok(Step::Done(PassiveAddress { port: address.port(), advertised: Some(*address.ip()) }))
            }
            (Event::Reply(reply), Some(mode)) => match mode.read(reply) {
                Ok(address) => Ok(Step::Done(address)),
                Err(failure) => self.next_mode(failure),
            },
            _ => Err(DialogError::OutOfTurn),
        }
    }
}

/// Sends a server the address where another one listens: `PORT`, then `EPRT` if that is unknown (RFC 959,
/// 4.1.2; RFC 2428, 2). `PORT` supports IPv4 only, so IPv6 starts with `EPRT`.
#[derive(Debug)]
pub struct FxpConnect {
    address: SocketAddr,
    eprt_tried: bool,
}

impl FxpConnect {
    /// Creates the dialog for the address at which the other server listens.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        let address = SocketAddr::new(address.ip().to_canonical(), address.port());
        Self { address, eprt_tried: false }
    }

    fn eprt(&mut self) -> Result<Step<()>, DialogError> {
        self.eprt_tried = true;
        Ok(Step::Send(Command::with_argument("EPRT", format_eprt(self.address))?))
    }
}

impl Dialog for FxpConnect {
    type Output = ();

    fn step(&mut self, event: Event) -> Result<Step<()>, DialogError> {
        match (event, self.address) {
            (Event::Start, SocketAddr::V4(address)) => {
                Ok(Step::Send(Command::with_argument("PORT", format_port(address))?))
            }
            (Event::Start, SocketAddr::V6(_)) => self.eprt(),
            (Event::Reply(reply), _) if reply.code().is_success() => Ok(Step::Done(())),
            // A server that knows the command rejected the address. Sending it in another form does not help.
            (Event::Reply(reply), _) if reply.code().is_unsupported() && !self.eprt_tried => self.eprt(),
            (Event::Reply(reply), _) => Err(reply.unexpected(SUCCESS).into()),
            _ => Err(DialogError::OutOfTurn),
        }
    }
}

impl PassiveAddress {
    /// Returns the address for another server to connect to: that of the listening server's control
    /// connection, or the advertised one if it is trusted. `None` when neither is known.
    #[must_use]
    pub fn for_peer(self, control: Option<IpAddr>, trust_advertised: bool) -> Option<SocketAddr> {
        let named = self.advertised.filter(|address| !address.is_unspecified()).map(IpAddr::V4);
        let address = named.filter(|_| trust_advertised).or(control)?;
        Some(SocketAddr::new(address.to_canonical(), self.port))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::dialog::replay::replay;

    fn listen(script: &str) -> Result<PassiveAddress, DialogError> {
        replay(FxpListen::new(vec![PassiveMode::Epsv, PassiveMode::Pasv]), script)
    }

    fn connect(address: &str, script: &str) -> Result<(), DialogError> {
        replay(FxpConnect::new(address.parse().unwrap()), script)
    }

    #[test]
    fn fxp_listen_falls_back_to_pasv() {
        assert_eq!(listen("> EPSV\n< 229 ok (|||21|)").unwrap().port, 21);
        let address = listen("> EPSV\n< 500 what?\n> PASV\n< 227 (10,0,0,1,0,22)").unwrap();
        assert_eq!((address.port, address.advertised), (22, Some(Ipv4Addr::new(10, 0, 0, 1))));
        assert!(listen("> EPSV\n< 500 what?\n> PASV\n< 502 no").is_err());
        assert!(listen("> EPSV\n< 421 bye").is_err());
    }

    #[test]
    fn cpsv_reply_is_parsed_without_fallback() {
        let address = replay(FxpListen::with_cpsv(), "> CPSV\n< 227 (10,0,0,1,0,22)").unwrap();
        assert_eq!(address.port, 22);
        assert!(replay(FxpListen::with_cpsv(), "> CPSV\n< 500 what?").is_err());
        assert!(replay(FxpListen::with_cpsv(), "> CPSV\n< 227 somewhere").is_err());
    }

    #[test]
    fn refused_fxp_address_is_not_sent_by_eprt() {
        connect("10.0.0.1:1075", "> PORT 10,0,0,1,4,51\n< 200 ok").unwrap();
        connect("10.0.0.1:1075", "> PORT 10,0,0,1,4,51\n< 502 what?\n> EPRT |1|10.0.0.1|1075|\n< 200 ok")
            .unwrap();
        assert!(connect("10.0.0.1:1075", "> PORT 10,0,0,1,4,51\n< 530 not your address").is_err());
        connect("[2001:db8::1]:1075", "> EPRT |2|2001:db8::1|1075|\n< 200 ok").unwrap();
        assert!(connect("[2001:db8::1]:1075", "> EPRT |2|2001:db8::1|1075|\n< 500 what?").is_err());
    }

    #[test]
    fn fxp_uses_control_address_unless_advertised_trusted() {
        let control = Some(IpAddr::from([192, 0, 2, 1]));
        let address = PassiveAddress { port: 22, advertised: Some(Ipv4Addr::new(10, 0, 0, 1)) };

        assert_eq!(address.for_peer(control, false), Some("192.0.2.1:22".parse().unwrap()));
        assert_eq!(address.for_peer(control, true), Some("10.0.0.1:22".parse().unwrap()));
        assert_eq!(address.for_peer(None, false), None);
        let unspecified = PassiveAddress { advertised: Some(Ipv4Addr::UNSPECIFIED), ..address };
        assert_eq!(unspecified.for_peer(control, true), Some("192.0.2.1:22".parse().unwrap()));
    }
}
