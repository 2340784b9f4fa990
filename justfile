# What there is to do here: `just`, or read CONTRIBUTING.md.

_default:
    @just --list

# Runs all tests; servers that are not there are named as skipped
test *args:
    cargo test --workspace {{ args }}

# Checks the formatting, the lints and the dependencies
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo deny check bans licenses sources

# Builds the documentation, and fails on a broken link
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Runs the program's own trial: up, listed, down, compared
demo:
    cargo run --release -p oxftp-cli -- demo

# Fuzzes all that reads what servers send, each target for so many seconds
fuzz seconds="5" *targets:
    .ci/fuzz {{ seconds }} {{ targets }}

# Builds the Debian package, installs it, tries it and removes it
package:
    .ci/package

# Draws the picture of a transfer that README.md shows
picture:
    cargo build --release -p oxftp-cli
    cargo run -p oxftp-testing --example picture -- target/release/oxftp docs/transfer.svg

# Shows the guide as a book
book:
    mdbook serve docs

# Measures how fast listings are read, beside suppaftp
bench-listings *args:
    cargo bench -p oxftp-proto --bench listings -- {{ args }}

# Counts the instructions of pure work and compares them with those recorded (valgrind)
bench-instructions *args:
    bench/instructions {{ args }}

# Measures how fast replies are decoded
bench-replies *args:
    cargo bench -p oxftp-proto --bench replies -- {{ args }}

# Measures what the transfer loop costs
bench-transfers *args:
    cargo bench -p oxftp --bench transfers -- {{ args }}

# Measures the program beside other clients, which bench/peers installs; wants some GiB of RAM disk
bench *args:
    cargo build --release -p oxftp-cli -p oxftp-bench
    target/release/oxftp-bench --plot docs/performance.svg {{ args }}

# Fetches the real FTP servers that the tests run (Debian)
servers:
    .ci/servers

# Does all that must pass, from the servers to the demo
ci:
    .ci/run
