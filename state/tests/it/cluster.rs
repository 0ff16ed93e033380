//! A PostgreSQL cluster of this test run's own: in a temporary folder, on a unix socket only, gone at the end.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the cluster may take to start.
const START_MAX: Duration = Duration::from_secs(60);

pub(crate) struct Cluster {
    folder: tempfile::TempDir,
    server: Child,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let programs = programs();
        let folder = tempfile::Builder::new().prefix("errata-pg-").tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let user = unprivileged();
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(&data, Some(uid), Some(gid)).unwrap();
        }
        let command = |program: &str| {
            let mut command = Command::new(programs.join(program));
            if let Some((uid, gid)) = user {
                command.uid(uid).gid(gid);
            }
            command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null());
            command
        };
        let made = command("initdb")
            .args(["--no-sync", "--auth=trust", "--username=errata", "--encoding=UTF8", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let server = command("postgres")
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-k"])
            .arg(&data)
            .arg("-D")
            .arg(&data)
            .stderr(log)
            .spawn()
            .unwrap();
        let mut cluster = Self { folder, server };
        cluster.await_ready();
        cluster
    }

    fn await_ready(&mut self) {
        let began = Instant::now();
        let socket = self.data().join(".s.PGSQL.5432");
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            let log = || std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(self.server.try_wait().unwrap().is_none(), "postgres ended: {}", log());
            assert!(began.elapsed() < START_MAX, "postgres does not start: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A database of its own for each test.
    pub(crate) async fn database(&self, name: &'static str) -> String {
        let url =
            |database: &str| format!("postgres://errata@localhost/{database}?host={}", self.data().display());
        sqlx::any::install_default_drivers();
        let began = Instant::now();
        // The socket is there a moment before the server answers.
        let pool = loop {
            match sqlx::AnyPool::connect(&url("postgres")).await {
                Ok(pool) => break pool,
                Err(error) => assert!(began.elapsed() < START_MAX, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create).execute(&pool).await.unwrap();
        pool.close().await;
        url(name)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGINT: a fast shutdown; the child's own processes end with it.
        let id = self.server.id().to_string();
        let asked = Command::new("kill").args(["-INT", &id]).status();
        if asked.is_ok_and(|status| status.success()) {
            drop(self.server.wait());
        }
    }
}

/// Where `initdb` and `postgres` are: Debian keeps them out of the path.
fn programs() -> PathBuf {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = debian.map(|entry| entry.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let both = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    folders.into_iter().find(both).expect("initdb and postgres are missing: apt-get install postgresql")
}

/// PostgreSQL does not run as root: then it is `postgres` or, where there is none, `nobody`.
fn unprivileged() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    if std::fs::metadata(Path::new("/proc/self")).unwrap().uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    Some(find("postgres").or_else(|| find("nobody")).expect("neither postgres nor nobody is a user"))
}
