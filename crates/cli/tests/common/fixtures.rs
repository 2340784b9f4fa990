//! Fixtures of a run: a directory on the server and a local one, with the same contents each time.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::{Run, Site, content, run};

/// Directories of a run.
pub(crate) struct Fixtures<'s> {
    pub(crate) site: &'s Site,
    name: String,
}

impl<'s> Fixtures<'s> {
    /// Creates the fixtures under this name, on both sides.
    pub(crate) fn make(site: &'s Site, name: impl ToString) -> Self {
        let fixtures = Self { site, name: name.to_string() };
        fixtures.create_remote_files();
        fixtures.create_local_files();
        fixtures
    }

    /// Returns the URL of the directory on the server.
    pub(crate) fn url(&self) -> String {
        self.site.url(&self.name)
    }

    /// Splits a line at blanks and replaces placeholders.
    pub(crate) fn words(&self, line: &str) -> Vec<String> {
        let server = &self.site.server;
        let place = format!("{}://{}:{}/{}", self.site.scheme(), server.host(), server.port(), self.name);
        let trust = if server.ca_pem().is_some() { "--tls-ca ca.pem" } else { "" };
        let line = line
            .replace("URL", &self.url())
            .replace("NOBODY", &place)
            .replace("PASSWORD", server.password())
            .replace("USER", server.user())
            .replace("PATH", &self.name)
            .replace("TRUST", trust);
        line.split_whitespace().map(str::to_owned).collect()
    }

    /// Runs the program in the local directory.
    pub(crate) fn run_here(&self, words: &[&str]) -> Run {
        run(self.site.command(words).current_dir(self.here("")))
    }

    pub(crate) fn there(&self, path: &str) -> PathBuf {
        self.site.there(&self.name).join(path)
    }

    pub(crate) fn here(&self, path: &str) -> PathBuf {
        self.site.here(&self.name).join(path)
    }

    fn create_remote_files(&self) {
        let add = |path: &str, bytes: &[u8]| write(&self.there(path), bytes);
        add("pub/a.txt", ALPHA.as_bytes());
        add("pub/b.log", &[b'b'; 3000]);
        add("pub/sub/a b.txt", BLANK.as_bytes());
        add("big", &big());
        // Half of the file to upload, for a resumed upload.
        add("half", &big()[..HALF]);
        add("dots/.hidden", b"");
        fs::create_dir(self.there("empty")).unwrap();
        self.site.server.hand_over().unwrap();
    }

    fn create_local_files(&self) {
        let add = |path: &str, bytes: &[u8]| write(&self.here(path), bytes);
        add("up.txt", UP.as_bytes());
        add("tree/one", b"1");
        add("tree/in/two", b"22");
        add("big.oxftp.part", &big()[..HALF]);
        add("whole", &big());
        self.create_secrets();
    }

    /// Creates password files and certificates.
    fn create_secrets(&self) {
        let server = &self.site.server;
        let (host, user, password) = (server.host(), server.user(), server.password());
        let netrc = format!("machine {host} login {user} password {password}\n");
        for (path, text) in
            [("password", format!("{password}\n")), ("netrc", netrc.clone()), (".netrc", netrc)]
        {
            write(&self.here(path), text.as_bytes());
            fs::set_permissions(self.here(path), fs::Permissions::from_mode(0o600)).unwrap();
        }
        if let (Some(ca), Some(client)) = (server.ca_pem(), server.client_identity()) {
            write(&self.here("ca.pem"), ca.as_bytes());
            write(&self.here("client.pem"), client.certificate_pem().as_bytes());
            write(&self.here("client.key"), client.key_pem().as_bytes());
        }
    }
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

pub(crate) const ALPHA: &str = "one\ntwo\nthree\n";
pub(crate) const BLANK: &str = "with a blank\n";
pub(crate) const UP: &str = "from here\n";
const HALF: usize = 150_000;

pub(crate) fn big() -> Vec<u8> {
    content(2 * HALF)
}
