//! Tokens over a real SQLite file.

use super::*;
use crate::token::Issued;
use http::header::AUTHORIZATION;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::metrics::noop::NoopMeterProvider;

const SOON: Duration = Duration::from_secs(5);

struct Place {
    folder: tempfile::TempDir,
    state: State,
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(&folder.path().join("state.db").display().to_string()).await.unwrap();
        Self { folder, state }
    }

    async fn access(&self, stale_max: Duration) -> Access {
        let config = AccessConfig {
            refresh_interval: Duration::from_millis(200),
            stale_max,
            tokens_max: 100,
            pace: PaceConfig { items_per_second: 10, bytes_per_second: 0, burst: Duration::from_secs(1) },
        };
        let meter = NoopMeterProvider::new().meter("test");
        Access::start(self.state.clone(), config, &meter).await.unwrap()
    }

    async fn add(&self, roles: &[Role], change: impl FnOnce(&mut Token)) -> Issued {
        let issued = token::issue().unwrap();
        let mut token = Token {
            id: issued.id.clone(),
            name: "ada".to_owned(),
            secret_sha256: issued.secret_sha256.clone(),
            roles: Roles::new(roles).to_string(),
            acts_for_others: false,
            items_per_second: None,
            bytes_per_second: None,
            created_ms: now_ms(),
            expires_ms: None,
            revoked_ms: None,
            last_used_ms: None,
        };
        change(&mut token);
        self.state.add_token(&token, 100).await.unwrap();
        issued
    }
}

fn bearer(text: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {text}").parse().unwrap());
    headers
}

/// The first answer that is `expected`, within some time.
async fn until(access: &Access, text: &str, expected: impl Fn(&Result<Principal, Refusal>) -> bool) {
    let began = Instant::now();
    loop {
        let answer = access.authorize_token(text, Role::Read).await;
        if expected(&answer) {
            return;
        }
        assert!(began.elapsed() < SOON, "{answer:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn roles_decide() {
    let place = Place::new().await;
    let reader = place.add(&[Role::Read], |_| {}).await;
    let sender = place.add(&[Role::Ingest], |token| token.acts_for_others = true).await;
    let access = place.access(SOON).await;
    let principal = access.authorize(&bearer(&reader.text), Role::Read).await.unwrap();
    assert_eq!((principal.name(), principal.acts_for_others()), (Some("ada"), false));
    assert!(principal.may(Role::Read) && !principal.may(Role::Triage));
    let refused = access.authorize(&bearer(&reader.text), Role::Triage).await.unwrap_err();
    assert_eq!(refused.to_string(), "this needs role triage; token 'ada' has read");
    assert_eq!(refused.grpc_status().code(), tonic::Code::PermissionDenied);
    let sender_principal = access.authorize(&bearer(&sender.text), Role::Ingest).await.unwrap();
    assert!(sender_principal.acts_for_others());
    assert!(access.authorize(&bearer(&sender.text), Role::Read).await.is_err());
    assert_eq!(access.authorize(&HeaderMap::new(), Role::Read).await.unwrap_err(), Refusal::Missing);
}

#[tokio::test]
async fn secrets_must_be_right() {
    let place = Place::new().await;
    let (one, two) = (place.add(&[Role::Read], |_| {}).await, place.add(&[Role::Read], |_| {}).await);
    let access = place.access(SOON).await;
    let crossed = format!("errata_pat_{}_{}", one.id, two.text.rsplit('_').next().unwrap());
    assert_eq!(access.authorize_token(&crossed, Role::Read).await.unwrap_err(), Refusal::Unknown);
    let wrong = ["", "errata_pat_", "hunter2", &one.text[..one.text.len() - 1], &one.secret_sha256];
    for text in wrong {
        let refused = access.authorize_token(text, Role::Read).await.unwrap_err();
        assert!(matches!(refused, Refusal::Malformed(_)), "{text}: {refused:?}");
    }
    let unknown = token::issue().unwrap();
    assert_eq!(access.authorize_token(&unknown.text, Role::Read).await.unwrap_err(), Refusal::Unknown);
}

#[tokio::test]
async fn new_tokens_work_at_once_and_ended_ones_stop() {
    let place = Place::new().await;
    let access = place.access(SOON).await;
    let late = place.add(&[Role::Read], |_| {}).await;
    access.authorize_token(&late.text, Role::Read).await.unwrap();
    place.state.revoke_token(&late.id, now_ms()).await.unwrap();
    until(&access, &late.text, |answer| matches!(answer, Err(Refusal::Unknown))).await;

    let short = place.add(&[Role::Read], |token| token.expires_ms = Some(now_ms() + 300)).await;
    access.authorize_token(&short.text, Role::Read).await.unwrap();
    until(&access, &short.text, |answer| matches!(answer, Err(Refusal::Expired { .. }))).await;
}

#[tokio::test]
async fn rates_of_tokens_are_their_own_and_go_on() {
    let place = Place::new().await;
    let slow = place.add(&[Role::Ingest], |_| {}).await;
    let fast = place.add(&[Role::Ingest], |token| token.items_per_second = Some(1_000_000)).await;
    let access = place.access(SOON).await;
    let principal = access.authorize_token(&slow.text, Role::Ingest).await.unwrap();
    principal.take(10, 0).unwrap();
    assert!(principal.take(10, 0).is_err());
    // Another reading of the tokens makes no new buckets.
    access.inner.as_ref().unwrap().refresh().await;
    let again = access.authorize_token(&slow.text, Role::Ingest).await.unwrap();
    assert!(again.take(10, 0).is_err());
    let other = access.authorize_token(&fast.text, Role::Ingest).await.unwrap();
    other.take(900_000, 0).unwrap();
}

#[tokio::test]
async fn without_the_database_known_tokens_work_for_a_while() {
    let place = Place::new().await;
    let known = place.add(&[Role::Read], |_| {}).await;
    let access = place.access(Duration::from_secs(1)).await;
    access.authorize_token(&known.text, Role::Read).await.unwrap();
    place.state.close().await;
    drop(place.folder);
    let unknown = token::issue().unwrap();
    until(&access, &unknown.text, |answer| matches!(answer, Err(Refusal::Unavailable { .. }))).await;
    access.authorize_token(&known.text, Role::Read).await.unwrap();
    until(&access, &known.text, |answer| matches!(answer, Err(Refusal::Unavailable { .. }))).await;
    let status = Refusal::Unavailable { retry_after: RETRY_AFTER }.grpc_status();
    assert_eq!(status.code(), tonic::Code::Unavailable);
}

#[tokio::test]
async fn the_last_use_is_kept() {
    let place = Place::new().await;
    let used = place.add(&[Role::Read], |_| {}).await;
    let access = place.access(SOON).await;
    access.authorize_token(&used.text, Role::Read).await.unwrap();
    access.inner.as_ref().unwrap().refresh().await;
    let stored = place.state.tokens(1).await.unwrap();
    assert!(stored[0].last_used_ms.is_some());
}

#[tokio::test]
async fn open_to_all_asks_nobody() {
    let principal = Access::open_to_all().authorize(&HeaderMap::new(), Role::Admin).await.unwrap();
    assert!(principal.name().is_none() && principal.acts_for_others() && principal.may(Role::Admin));
    principal.take(u64::MAX, u64::MAX).unwrap();
}

#[tokio::test]
async fn grpc_services_stand_behind_their_roles() {
    use tonic::codegen::Service;
    use tower_layer::Layer;

    #[derive(Clone)]
    struct Named;
    impl Service<http::Request<()>> for Named {
        type Response = http::Response<tonic::body::Body>;
        type Error = std::convert::Infallible;
        type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
            std::task::Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: http::Request<()>) -> Self::Future {
            let name = request.extensions().get::<Principal>().unwrap().name().unwrap().to_owned();
            std::future::ready(Ok(tonic::Status::ok(name).into_http()))
        }
    }

    let place = Place::new().await;
    let reader = place.add(&[Role::Read], |_| {}).await;
    let access = place.access(SOON).await;
    let role_of = |path: &str| if path == "/reads/It" { Role::Read } else { Role::Admin };
    let mut service = crate::GrpcGuard::new(access, role_of).layer(Named);
    let mut ask = async |path: &str, token: Option<&str>| {
        let mut request = http::Request::builder().uri(path).body(()).unwrap();
        *request.headers_mut() = token.map(bearer).unwrap_or_default();
        let response = service.call(request).await.unwrap();
        let status = tonic::Status::from_header_map(response.headers()).unwrap();
        (status.code(), status.message().to_owned())
    };
    assert_eq!(ask("/reads/It", Some(&reader.text)).await, (tonic::Code::Ok, "ada".to_owned()));
    assert_eq!(ask("/reads/It", None).await.0, tonic::Code::Unauthenticated);
    assert_eq!(ask("/writes/It", Some(&reader.text)).await.0, tonic::Code::PermissionDenied);
}
