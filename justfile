# Short names for the commands everybody types. Each is one line; nothing lives only here.

# list the recipes
default:
    @just --list

# everything the change must pass: the same command as in README.md
check *ARGS:
    tests/run {{ARGS}}

# format the sources
fmt:
    cargo fmt --all

# the switch with its sandbox counterparties, on an embedded database
demo *ARGS:
    cargo run --release -- demo {{ARGS}}

# payments per second beside the yardsticks (cargo bench -p codecs --bench iso8583 for the codec)
bench *ARGS:
    tests/run pg cargo bench --bench pay {{ARGS}}

# what goes wrong with real processes, as often as before a release: just rig cuts
rig *ARGS:
    tests/rig/long {{ARGS}}

# the engine under every fault at once: just chaos --seed 7; --seeds 1000000 before a release
chaos *ARGS:
    cargo run --release -p switch-simulation -- {{ARGS}}

# libFuzzer on every target, 100 million executions each; --seconds 60 TARGET for some
fuzz *ARGS:
    tests/fuzz/run {{ARGS}}

# a command with the private PostgreSQL up: just pg cargo test --test main
pg +COMMAND:
    tests/run pg {{COMMAND}}

# licences, bans and sources of the dependencies; needs cargo-deny
deny:
    cargo deny --offline check licenses bans sources
