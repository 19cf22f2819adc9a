//! psql alone, without the server around it: quick to build while working on it.

fn main() {
    std::process::exit(psql::main(std::env::args_os().skip(1).collect()));
}
