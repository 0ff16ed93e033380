//! Start and end.

use crate::host::{Host, command, surround};
use prost::Message;
use serde_json::json;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tonic::codec::ProstCodec;
use tonic::codegen::http::uri::PathAndQuery;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

#[derive(Clone, PartialEq, Message)]
struct Empty {}

async fn shutdown(host: &Host) {
    let mut client = tonic::client::Grpc::new(host.channel.clone());
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/plugin.GRPCController/Shutdown");
    let codec = ProstCodec::<Empty, Empty>::default();
    client.unary(tonic::Request::new(Empty {}), path, codec).await.unwrap();
}

#[tokio::test]
async fn grafana_says_when_it_is_over() {
    let mut host = Host::start("http://127.0.0.1:1").await;
    let health = HealthCheckRequest { service: "plugin".to_owned() };
    let health = HealthClient::new(host.channel.clone()).check(health).await.unwrap().into_inner();
    assert_eq!(health.status, 1);
    let began = Instant::now();
    shutdown(&host).await;
    let status = host.child.wait().await.unwrap();
    assert!(status.success(), "{status}");
    assert!(began.elapsed() < Duration::from_secs(2), "Grafana kills after two seconds");
    assert!(!host.socket.exists());
    for line in host.log().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert!(line["@level"].is_string() && line["@message"].is_string() && line["@timestamp"].is_string());
    }
}

#[tokio::test]
async fn calls_under_way_hold_up_the_end_for_a_moment_only() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut host = Host::start(&format!("http://{}", silent.local_addr().unwrap())).await;
    let query = json!({ "rawSql": "SELECT 1" });
    {
        let asking = host.query(&query);
        let over = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            shutdown(&host).await;
            std::future::pending::<()>().await;
        };
        let late = tokio::time::sleep(Duration::from_millis(300));
        tokio::select! { _ = asking => panic!("nobody answers"), () = over => {}, () = late => {} }
    }
    let status =
        tokio::time::timeout(Duration::from_secs(2), host.child.wait()).await.expect("in time").unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn a_signal_ends_it() {
    let mut host = Host::start("http://127.0.0.1:1").await;
    let pid = host.child.id().unwrap().to_string();
    std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(host.health().await.status, 2, "Ctrl-C is for Grafana");
    std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    let status =
        tokio::time::timeout(Duration::from_secs(5), host.child.wait()).await.expect("in time").unwrap();
    assert!(status.success(), "{status}");
    assert!(!host.socket.exists());
}

/// Between the test and the plugin stands a shell that is killed, as Grafana may be.
#[tokio::test]
async fn it_ends_when_grafana_is_gone() {
    let folder = TempDir::new().unwrap();
    let mut shell = tokio::process::Command::new("/bin/sh");
    surround(&mut shell, &folder);
    shell.args(["-c", "\"$0\" & echo $! >&2; wait", env!("CARGO_BIN_EXE_gpx_errata")]).stderr(Stdio::null());
    let mut shell = shell.spawn().unwrap();
    let mut output = shell.stdout.take().unwrap();
    let mut line = [0; 4];
    output.read_exact(&mut line).await.unwrap();
    assert_eq!(&line, b"1|2|");
    shell.kill().await.unwrap();
    // The output ends when the last process that holds it does.
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(10), output.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the plugin stayed");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the socket stayed");
}

#[tokio::test]
async fn without_a_folder_for_the_socket_it_makes_one_of_its_own() {
    let folder = TempDir::new().unwrap();
    let mut command = command(&folder);
    let mut child =
        command.env_remove("PLUGIN_UNIX_SOCKET_DIR").env("TMPDIR", folder.path()).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    let mut line = [0; 4];
    output.read_exact(&mut line).await.unwrap();
    let own = |entry: std::fs::DirEntry| {
        entry.file_name().to_string_lossy().starts_with("gpx_errata-").then_some(entry)
    };
    let made = || std::fs::read_dir(folder.path()).unwrap().find_map(|entry| own(entry.unwrap()));
    let mode = std::os::unix::fs::PermissionsExt::mode(&made().unwrap().metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);
    let pid = child.id().unwrap().to_string();
    std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(child.wait().await.unwrap().success());
    assert!(made().is_none(), "the folder stayed");
}

#[tokio::test]
async fn people_are_told_that_it_is_a_plugin() {
    let folder = TempDir::new().unwrap();
    let mut by_hand = command(&folder);
    let status = by_hand.env_remove("grafana_plugin_type").status().await.unwrap();
    assert!(!status.success());
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(log.contains("Grafana starts"), "{log}");
}
