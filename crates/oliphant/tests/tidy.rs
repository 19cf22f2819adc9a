//! What ARCHITECTURE.md says must never be, as far as a test can tell.

use std::fs;
use std::path::{Path, PathBuf};

/// The floors, lowest first. A crate depends on its own floor or lower ones.
const FLOORS: [&str; 6] = ["base", "store", "data", "query", "server", "client"];

/// Crates that may contain `unsafe`, with the reason in each place.
const UNSAFE: [&str; 4] = ["sys", "shm", "types", "executor"];

struct Package {
    name: String,
    floor: usize,
    path: PathBuf,
    /// Crates of this workspace that it is built with; those of its tests do not count.
    dependencies: Vec<String>,
}

fn packages() -> Vec<Package> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut packages = Vec::new();
    for (floor, name) in FLOORS.iter().enumerate() {
        for entry in fs::read_dir(root.join(name)).expect("a floor").flatten() {
            let path = entry.path();
            let Ok(manifest) = fs::read_to_string(path.join("Cargo.toml")) else { continue };
            let section = manifest.split("\n[dependencies]").nth(1).unwrap_or_default();
            let section = section.split("\n[").next().unwrap_or_default();
            let dependencies = section
                .lines()
                .filter_map(|line| line.split(['.', ' ', '=']).next())
                .filter(|name| !name.is_empty() && !name.starts_with('#'))
                .map(str::to_string)
                .collect();
            let name = entry.file_name().to_string_lossy().into_owned();
            packages.push(Package { name, floor, path, dependencies });
        }
    }
    packages
}

#[test]
fn no_crate_depends_on_a_higher_floor() {
    let packages = packages();
    for package in &packages {
        for dependency in &package.dependencies {
            if let Some(other) = packages.iter().find(|other| other.name == *dependency) {
                assert!(other.floor <= package.floor, "{} depends on {dependency}, a floor above it", package.name);
            }
        }
    }
}

#[test]
fn the_parser_reads_no_catalog_and_psql_no_server() {
    let packages = packages();
    let of = |name: &str| {
        let package = packages.iter().find(|package| package.name == name);
        package.map(|package| package.dependencies.clone()).unwrap_or_default()
    };
    assert!(!of("parser").contains(&"catalog".to_string()));
    for crate_name in ["client", "psql"] {
        for dependency in of(crate_name) {
            let package = packages.iter().find(|package| package.name == dependency);
            let floor = package.map_or("base", |package| FLOORS[package.floor]);
            let allowed = matches!(floor, "base" | "client") || dependency == "wire";
            assert!(allowed, "{crate_name} depends on {dependency}");
        }
    }
}

#[test]
fn unsafe_code_is_forbidden_where_it_has_no_place() {
    for package in packages() {
        let root = fs::read_to_string(package.path.join("src/lib.rs")).expect("lib.rs");
        let forbids = root.contains("#![forbid(unsafe_code)]");
        assert!(forbids || UNSAFE.contains(&package.name.as_str()), "{} does not forbid unsafe code", package.name);
        assert!(root.starts_with("//!"), "{} does not say what it is for", package.name);
    }
}
