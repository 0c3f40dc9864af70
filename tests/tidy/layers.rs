//! Which package may use which: the table of ARCHITECTURE.md, held against `cargo metadata`.

use std::process::Command;

use serde_json::Value;

use super::source::nothing;

/// What one of our packages may depend on. Development dependencies are free: they do not ship.
struct Layer {
    package: &'static str,
    /// Our own packages it may use; every other one is forbidden.
    ours: &'static [&'static str],
    /// Libraries it must never use.
    never: &'static [&'static str],
    because: &'static str,
}

const LAYERS: &[Layer] = &[
    Layer {
        package: "codecs",
        ours: &[],
        never: &["axum", "cryptoki", "reqwest", "rusqlite", "sqlx", "tokio", "tokio-util"],
        because: "it turns bytes into messages and back, and does not know who asks",
    },
    Layer {
        package: "switch-hsm",
        ours: &["codecs"],
        never: &["axum", "reqwest", "rusqlite", "sqlx", "tokio", "tokio-util"],
        because: "it loads a native library, and does nothing but keep keys",
    },
    Layer {
        package: "look",
        ours: &[],
        never: &[
            "aws-lc-rs",
            "cryptoki",
            "jiff",
            "reqwest",
            "rusqlite",
            "serde_json",
            "sqlx",
            "tokio",
            "tokio-util",
        ],
        because: "it draws what it is given, and knows no visitor, no store and no business",
    },
    Layer {
        package: "switch-core",
        ours: &[],
        never: &[
            "axum",
            "chrono",
            "cryptoki",
            "getrandom",
            "jiff",
            "rand",
            "reqwest",
            "rusqlite",
            "serde",
            "serde_json",
            "sqlx",
            "time",
            "tokio",
            "tokio-util",
        ],
        because: "it has no I/O, no clock, no runtime, no randomness and no serialised form",
    },
    Layer {
        package: "switch-store",
        ours: &["switch-core"],
        never: &["axum", "axum-server", "cryptoki", "reqwest", "tower-http"],
        because: "it keeps what the core says, and speaks to nobody but the database",
    },
    Layer {
        package: "switch-engine",
        ours: &["switch-core", "switch-store"],
        never: &["axum", "axum-server", "cryptoki", "reqwest", "rusqlite", "sqlx", "tower-http"],
        because: "it tells the stories: no HTTP, no SQL, no message formats, connectors only through the core's traits",
    },
    Layer {
        package: "connectors",
        ours: &["switch-core", "codecs"],
        never: &["cryptoki", "rusqlite", "sqlx"],
        because: "it translates and keeps nothing: the engine decides and the store remembers",
    },
    Layer {
        package: "switch-audit",
        ours: &[],
        never: &["axum", "axum-server", "cryptoki", "reqwest", "tower-http"],
        because: "an auditor that shares code with the audited repeats its mistakes",
    },
    Layer {
        package: "sso",
        ours: &["look", "switch-core", "switch-store"],
        never: &["axum-server", "cryptoki", "rusqlite", "sqlx"],
        because: "who is acting is no business of payments, and its SQL goes through the primitives of the store",
    },
    Layer {
        package: "switchd",
        ours: &[
            "codecs",
            "connectors",
            "sso",
            "switch-audit",
            "switch-core",
            "switch-engine",
            "switch-store",
        ],
        never: &["cryptoki", "rusqlite", "sqlx"],
        because: "the SQL of the switch is the store's, and its native libraries are switch-hsm's",
    },
    Layer {
        package: "switch-simulation",
        ours: &["switch-core", "switch-engine", "switch-store"],
        never: &["axum", "cryptoki", "getrandom", "rand", "reqwest", "rusqlite", "sqlx"],
        because: "every choice of a run follows from its seed: no chance, no network, no disk",
    },
];

/// A package and what it ships with.
struct Package {
    name: String,
    dependencies: Vec<String>,
}

fn packages() -> Vec<Package> {
    let said = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs: it has just built this test");
    assert!(said.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&said.stderr));
    let metadata: Value = serde_json::from_slice(&said.stdout).expect("cargo metadata prints JSON");
    let list = |value: &Value| value.as_array().cloned().expect("a list, by the format of cargo metadata");
    let name =
        |value: &Value| value["name"].as_str().expect("a name, by the format of cargo metadata").to_owned();
    list(&metadata["packages"])
        .iter()
        .map(|package| Package {
            name: name(package),
            dependencies: list(&package["dependencies"])
                .iter()
                .filter(|d| d["kind"] != "dev")
                .map(name)
                .collect(),
        })
        .collect()
}

fn forbidden_edges(packages: &[Package]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages {
        let Some(layer) = LAYERS.iter().find(|layer| layer.package == package.name) else {
            found.push(format!(
                "Cargo.toml: {} has no row in LAYERS: say what it must never use",
                package.name
            ));
            continue;
        };
        for dependency in &package.dependencies {
            let is_ours = packages.iter().any(|other| other.name == *dependency);
            let is_allowed =
                if is_ours { layer.ours } else { layer.never }.contains(&dependency.as_str()) == is_ours;
            if !is_allowed {
                found.push(format!("{} depends on {dependency}: {}", package.name, layer.because));
            }
        }
    }
    found
}

#[test]
fn packages_use_only_the_layers_below() {
    let package = |name: &str, dependencies: &[&str]| Package {
        name: name.to_owned(),
        dependencies: dependencies.iter().map(|d| d.to_string()).collect(),
    };
    let planted = [
        package("switch-core", &["aes", "tokio"]),
        package("switch-engine", &["switch-core", "connectors"]),
        package("codecs", &["switch-core", "cryptoki"]),
        package("switch-hsm", &["codecs", "cryptoki", "tokio"]),
        package("connectors", &["codecs", "switch-store"]),
        package("switch-store", &["switch-core", "sqlx", "axum"]),
        package("switch-audit", &["sqlx", "switch-core"]),
        package("portal", &[]),
    ];
    let found: Vec<_> =
        forbidden_edges(&planted).iter().map(|s| s.split(':').next().map(str::to_owned)).collect();
    let expected = [
        "switch-core depends on tokio",
        "switch-engine depends on connectors",
        "codecs depends on switch-core",
        "codecs depends on cryptoki",
        "switch-hsm depends on tokio",
        "connectors depends on switch-store",
        "switch-store depends on axum",
        "switch-audit depends on switch-core",
        "Cargo.toml",
    ];
    assert_eq!(found, expected.map(|s| Some(s.to_owned())));
    nothing(forbidden_edges(&packages()));
}
