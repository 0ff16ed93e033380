//! The files of `schemas/taxonomy/`, as they were when the program was built.

/// Name without extension, and text.
pub(super) const FILES: [(&str, &str); 24] = [
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
    ("perl", include_str!("../../../schemas/taxonomy/perl.toml")),
    ("lua", include_str!("../../../schemas/taxonomy/lua.toml")),
    ("sql", include_str!("../../../schemas/taxonomy/sql.toml")),
    ("haskell", include_str!("../../../schemas/taxonomy/haskell.toml")),
    ("ocaml", include_str!("../../../schemas/taxonomy/ocaml.toml")),
    ("erlang", include_str!("../../../schemas/taxonomy/erlang.toml")),
    ("pascal", include_str!("../../../schemas/taxonomy/pascal.toml")),
    ("fortran", include_str!("../../../schemas/taxonomy/fortran.toml")),
    ("octave", include_str!("../../../schemas/taxonomy/octave.toml")),
    ("lisp", include_str!("../../../schemas/taxonomy/lisp.toml")),
    ("any", include_str!("../../../schemas/taxonomy/any.toml")),
];
