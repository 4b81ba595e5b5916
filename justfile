# Everything that a change must pass, as CI runs it.
check:
    .ci/run

# The quick half: format, lints, tests.
quick:
    .ci/run fmt clippy test

# Rewrite the golden files of the integration suite; read the diff before committing.
golden:
    SNAPSHOTS=overwrite cargo test --release --test suite

# Plant defects in documents, change every digit and byte behind our own, and count what the audit finds.
mutate:
    cargo run --release --example mutate -- --all-bytes

# Licences, duplicates and sources of dependencies (needs cargo-deny).
deny:
    cargo deny --locked check bans licenses sources

# Our own documents from our own runs.
results:
    cargo run --release -- tables --write

# Kernels, blocks and the training step beside the machine's peaks.
bench:
    cargo bench --bench kernels

# The training kernels under the address sanitizer (needs a nightly toolchain; builds everything again).
sanitize:
    RUSTFLAGS=-Zsanitizer=address cargo +nightly test --release --lib \
        --target x86_64-unknown-linux-gnu -- kernels::
