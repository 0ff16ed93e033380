//! The wire module by path, for the fuzz targets. `cargo test` here runs its tests without the rest of
//! the crate.

#[path = "../../src"]
mod product {
    pub mod wire;
}

pub use product::wire;
