//! The files of `schemas/taxonomy/`, as they were when the program was built.

/// Name without extension, and text.
pub(super) const FILES: [(&str, &str); 14] = [
    ("causes", include_str!("../../../schemas/taxonomy/causes.toml")),
    ("names", include_str!("../../../schemas/taxonomy/names.toml")),
    ("python", include_str!("../../../schemas/taxonomy/python.toml")),
    ("javascript", include_str!("../../../schemas/taxonomy/javascript.toml")),
    ("java", include_str!("../../../schemas/taxonomy/java.toml")),
    ("shell", include_str!("../../../schemas/taxonomy/shell.toml")),
    ("go", include_str!("../../../schemas/taxonomy/go.toml")),
    ("rust", include_str!("../../../schemas/taxonomy/rust.toml")),
    ("dotnet", include_str!("../../../schemas/taxonomy/dotnet.toml")),
    ("ruby", include_str!("../../../schemas/taxonomy/ruby.toml")),
    ("php", include_str!("../../../schemas/taxonomy/php.toml")),
    ("native", include_str!("../../../schemas/taxonomy/native.toml")),
    ("r", include_str!("../../../schemas/taxonomy/r.toml")),
    ("any", include_str!("../../../schemas/taxonomy/any.toml")),
];
