//! How Grafana and this program find each other: go-plugin's handshake over the environment and one line on the
//! output, then gRPC on a Unix socket that only this user may open.

use std::env::VarError;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::net::UnixListener;

/// What Grafana sets so that a person who starts the program by hand is told.
const COOKIE: (&str, &str) = ("grafana_plugin_type", "datasource");
/// Grafana's plugin protocol.
const PROTOCOL: &str = "2";
/// Where go-plugin wants the socket.
const SOCKET_DIR: &str = "PLUGIN_UNIX_SOCKET_DIR";
/// Set where go-plugin wants mutual TLS, which Grafana does not.
const CLIENT_CERT: &str = "PLUGIN_CLIENT_CERT";

/// Why no connection comes about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    #[error(
        "this program is a plugin that Grafana starts; put it into Grafana's plugin folder (see grafana-datasource/README.md)"
    )]
    NotGrafana,
    #[error(
        "Grafana speaks plugin protocols '{offered}', this plugin speaks {PROTOCOL}: it wants Grafana 12.3 or newer"
    )]
    Protocol { offered: String },
    #[error("the host wants mutual TLS on the plugin's socket, which this plugin does not speak")]
    MutualTls,
    #[error("cannot make the plugin's socket in {}", folder.display())]
    Socket { folder: PathBuf, source: io::Error },
    #[error("cannot tell Grafana where the plugin listens")]
    Announce(#[source] io::Error),
}

/// The socket; its file goes with it.
#[derive(Debug)]
pub(crate) struct Socket {
    path: PathBuf,
    /// A folder of our own, where Grafana named none.
    folder: Option<PathBuf>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        _ = std::fs::remove_file(&self.path);
        if let Some(folder) = &self.folder {
            _ = std::fs::remove_dir(folder);
        }
    }
}

/// Checks who starts us, and listens.
pub(crate) fn listen(
    variable: impl Fn(&str) -> Result<String, VarError>,
) -> Result<(UnixListener, Socket), HandshakeError> {
    if variable(COOKIE.0).as_deref() != Ok(COOKIE.1) {
        return Err(HandshakeError::NotGrafana);
    }
    let offered = variable("PLUGIN_PROTOCOL_VERSIONS").unwrap_or_default();
    if !offered.split(',').any(|version| version.trim() == PROTOCOL) {
        return Err(HandshakeError::Protocol { offered });
    }
    if variable(CLIENT_CERT).is_ok_and(|certificate| !certificate.is_empty()) {
        return Err(HandshakeError::MutualTls);
    }
    let pid = std::process::id();
    let named = variable(SOCKET_DIR).ok().filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let (folder, own) = match named {
        Some(folder) => (folder, None),
        None => {
            let folder = std::env::temp_dir().join(format!("gpx_errata-{pid}-{}", crate::clock::now_ms()));
            (folder.clone(), Some(folder))
        }
    };
    let failed = |source| HandshakeError::Socket { folder: folder.clone(), source };
    if let Some(own) = &own {
        std::fs::DirBuilder::new().mode(0o700).create(own).map_err(failed)?;
    }
    let socket = Socket { path: folder.join(format!("gpx_errata-{pid}.sock")), folder: own };
    let listener = UnixListener::bind(&socket.path).map_err(failed)?;
    std::fs::set_permissions(&socket.path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok((listener, socket))
}

/// Says where we listen: the one line that may ever be on the output.
pub(crate) fn announce(socket: &Socket) -> Result<(), HandshakeError> {
    let mut output = io::stdout().lock();
    output.write_all(line(&socket.path).as_bytes()).map_err(HandshakeError::Announce)?;
    output.flush().map_err(HandshakeError::Announce)
}

fn line(path: &Path) -> String {
    format!("1|{PROTOCOL}|unix|{}|grpc\n", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(variables: &[(&str, &str)]) -> String {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned()).ok_or(VarError::NotPresent)
        };
        listen(variable).unwrap_err().to_string()
    }

    #[test]
    fn only_grafana_is_answered() {
        assert!(refused(&[]).contains("Grafana starts"));
        assert!(refused(&[("grafana_plugin_type", "app")]).contains("Grafana starts"));
        let old = [("grafana_plugin_type", "datasource"), ("PLUGIN_PROTOCOL_VERSIONS", "1")];
        assert!(refused(&old).contains("protocols '1'"));
        let tls = [
            ("grafana_plugin_type", "datasource"),
            ("PLUGIN_PROTOCOL_VERSIONS", "2"),
            ("PLUGIN_CLIENT_CERT", "x"),
        ];
        assert!(refused(&tls).contains("mutual TLS"));
        let nowhere = [
            ("grafana_plugin_type", "datasource"),
            ("PLUGIN_PROTOCOL_VERSIONS", "1,2"),
            ("PLUGIN_UNIX_SOCKET_DIR", "/nonexistent"),
        ];
        assert!(refused(&nowhere).contains("/nonexistent"));
        assert_eq!(line(Path::new("/tmp/x.sock")), "1|2|unix|/tmp/x.sock|grpc\n");
    }
}
