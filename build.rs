//! Compiles the protos without protoc and hands reflection their descriptors.

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut protos: Vec<PathBuf> =
        std::fs::read_dir("proto/consent/v1")?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    protos.sort();
    println!("cargo:rerun-if-changed=proto");
    let descriptors = protox::compile(&protos, ["proto"])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("consent_v1.bin"), prost::Message::encode_to_vec(&descriptors))?;
    // The same in every answer of a batch: shared there, and not copied for each of them.
    tonic_prost_build::configure().bytes(".consent.v1.Position.hash").compile_fds(descriptors)?;
    Ok(())
}
