# Recipes for development; `just` lists them. See CONTRIBUTING.md.

_default:
    @just --list

# Run all tests; missing servers are reported as skipped
test *args:
    cargo test --workspace {{ args }}

# Check the formatting, the lints and the dependencies
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo deny check bans licenses sources

# Type-check the library and the program for Windows; needs `rustup target add x86_64-pc-windows-gnu` and gcc-mingw-w64-x86-64
check-windows:
    cargo check -p oxftp -p oxftp-cli --target x86_64-pc-windows-gnu

# Build the documentation; fails on a broken link
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Run the demo of the program: upload, list, download, compare
demo:
    cargo run --release -p oxftp-cli -- demo

# Fuzz everything that parses server input, each target for the given number of seconds
fuzz seconds="5" *targets:
    .ci/fuzz {{ seconds }} {{ targets }}

# Build the Debian package, install it, test it and remove it
package:
    .ci/package

# Draw the picture of a transfer that README.md shows
picture:
    cargo build --release -p oxftp-cli
    cargo run -p oxftp-testing --example picture -- target/release/oxftp docs/transfer.svg

# Show the guide as a book
book:
    mdbook serve docs

# Measure the parsing of listings, compared with suppaftp
bench-listings *args:
    cargo bench -p oxftp-proto --bench listings -- {{ args }}

# Count the instructions of parsers and decoders and compare them with the recorded counts (valgrind)
bench-instructions *args:
    bench/instructions {{ args }}

# Count the system calls and allocations of whole jobs and compare them with the recorded counts (strace, valgrind)
bench-counts *args:
    bench/counts {{ args }}

# Measure the decoding of replies
bench-replies *args:
    cargo bench -p oxftp-proto --bench replies -- {{ args }}

# Measure the overhead of the transfer loop
bench-transfers *args:
    cargo bench -p oxftp --bench transfers -- {{ args }}

# Measure the Python package (installed in target/python/venv by .ci/python) beside aioftp, ftplib and fsspec's own file system
bench-python *args:
    cargo build --release -p oxftp-cli
    cargo build -p oxftp-testing --example server
    target/python/venv/bin/python bench/python/compare.py {{ args }} target/release/oxftp target/debug/examples/server

# Measure the program and other clients (installed by bench/peers); needs some GiB of RAM disk
bench *args:
    cargo build --release -p oxftp-cli -p oxftp-bench
    target/release/oxftp-bench --plot docs/performance.svg {{ args }}

# Fetch the real FTP servers for the tests (Debian)
servers:
    .ci/servers

# Build and test the integrations with DataFusion, Ballista and OpenDAL; not a part of `ci`, since they take long to build
integrations:
    .ci/integrations

# Run the behaviour tests of OpenDAL's Python binding with the service of integrations/opendal; not a part of `ci`
opendal:
    .ci/opendal

# Run every check, from fetching the servers to the demo
ci:
    .ci/run
