//! What must not survive, and what must stay, as a list to add to.
//!
//! All secrets are made up. `{}` in a text stands for nothing: it keeps scanners of source code from taking a made-up
//! key for a real one.
#![expect(clippy::too_many_lines, reason = "lists of texts")]

use super::super::*;

fn plain(text: &str) -> String {
    text.replace("{}", "")
}

/// Each text, and what of it must not survive.
#[track_caller]
fn hides(cases: &[(&str, &str)]) {
    let leaks: Vec<String> = cases
        .iter()
        .filter_map(|(text, secret)| {
            let (text, secret) = (plain(text), plain(secret));
            assert!(text.contains(&secret), "{text} holds no {secret}");
            let masked = Masker::default().mask(&text).into_owned();
            let again = Masker::default().mask(&masked).into_owned();
            assert_eq!(again, masked, "{text}");
            masked.contains(&secret).then(|| format!("{text:?} became {masked:?}"))
        })
        .collect();
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

#[track_caller]
fn keeps(texts: &[&str]) {
    let changed: Vec<String> = texts
        .iter()
        .map(|text| plain(text))
        .filter_map(|text| {
            let masked = Masker::default().mask(&text).into_owned();
            (masked != text).then(|| format!("{text:?} became {masked:?}"))
        })
        .collect();
    assert!(changed.is_empty(), "{} changed:\n{}", changed.len(), changed.join("\n"));
}

#[test]
fn emails() {
    hides(&[
        ("jane.doe+tag@mail.example.com", "jane.doe"),
        ("mailto:jane@example.com?subject=x", "jane"),
        ("q=jane%40example.com&x", "jane"),
        ("q=jane%2540example.com&x", "jane"),
        ("{\"e\": \"jane\\u0040example.com\"}", "jane"),
        ("\"jane doe\"@example.com", "jane doe"),
        ("o'brien@example.com", "brien"),
        ("j\u{fc}rgen@example.com", "rgen@"),
        ("jane@b\u{fc}cher.example", "jane"),
        ("\u{7528}\u{6237}@\u{4f8b}\u{5b50}.\u{516c}\u{53f8}", "\u{7528}\u{6237}"),
        ("jane@xn--bcher-kva.example", "jane"),
        ("JANE@EXAMPLE.COM", "JANE"),
        ("jane@[10.1.2.3]", "jane"),
        ("jane\u{ff20}example.com", "jane"),
        ("jane@example\u{ff0e}com", "jane"),
        ("ja\u{200b}ne@example.com", "ne@"),
        ("jane\u{1b}[31m@\u{1b}[0mexample.com", "jane"),
        ("jan@firma.pl", "jan"),
        ("\u{1b}[1;31mjane@example.com\u{1b}[0m", "jane"),
        ("KeyError: 'jane@example.com'", "jane"),
        ("<jane@example.com>:", "jane"),
        ("\\njane@example.com\\n", "jane"),
        ("user#1@example.com", "user#1"),
        ("jane@example.com", "jane"),
        ("a=jane@example.com;b=x", "jane"),
    ]);
    keeps(&[
        "render@app.js:10:20",
        "icon@2x.png",
        "lodash@4.17.21",
        "@scope/pkg@1.2.3-beta.rc",
        "com.acme.Cart@1a2b3c4d.items",
        "@pytest.fixture",
        "git@github.com:org/repo.git",
        "memcpy@@GLIBC_2.14",
        "f@main.py:3",
        "java.base@21.0.1/java.util.ArrayList.get",
        "user@host",
        "a @ b",
        "x = m @ n.T",
        "printf@plt",
        "HEAD@{1}",
        "anonymous@http://localhost/x.js:1:2",
        "tls@libc.so",
    ]);
}

#[test]
fn colours_around_a_mask_stay() {
    let masked = Masker::default()
        .mask("\u{1b}[1;31mjane@example.com\u{1b}[0m \u{1b}[43mjane@example.com")
        .into_owned();
    assert_eq!(masked, "\u{1b}[1;31m<email>\u{1b}[0m \u{1b}[43m<email>");
}

#[test]
fn home_directories() {
    hides(&[
        ("/export/home/jsmith/x", "jsmith"),
        ("/var/home/jsmith", "jsmith"),
        ("file:///Users/jsmith/x.js", "jsmith"),
        ("file:///home/%EC%A0%95/x", "%EC%A0%95"),
        ("~jsmith/work/x.py", "jsmith"),
        ("\\\\fileserver\\Users\\jsmith\\x", "jsmith"),
        ("\\\\\\\\fileserver\\\\Users\\\\jsmith\\\\x", "jsmith"),
        ("/mnt/c/Users/jsmith/x", "jsmith"),
        ("/cygdrive/c/Users/jsmith/x", "jsmith"),
        ("/c/Users/jsmith/x", "jsmith"),
        ("/mnt/disk1/home/jsmith/x", "jsmith"),
        ("-I/home/jsmith/include", "jsmith"),
        ("gcc -L/home/jsmith/lib", "jsmith"),
        ("build@host:/home/jsmith/x", "jsmith"),
        ("C:\\Users\\John Smith\\x.py", "Smith"),
        ("'C:\\Users\\John Smith'", "Smith"),
        ("C:/Users/John Smith/x.py", "Smith"),
        ("C:\\\\Users\\\\JOHNSM~1\\\\AppData", "JOHNSM"),
        ("\\\\?\\C:\\Users\\jsmith\\x", "jsmith"),
        ("c:\\users\\jsmith\\x", "jsmith"),
        ("/home/j.smith-2/x", "j.smith"),
        ("/home/\u{674e}\u{660e}/x", "\u{674e}"),
        ("/home/local/CORP/jsmith/x", "jsmith"),
        ("/home/staff/jsmith/x", "jsmith"),
        ("/tmp/pytest-of-jsmith/pytest-0", "jsmith"),
        ("%2Fhome%2Fjsmith%2Fx", "jsmith"),
        ("\\/home\\/jsmith\\/x", "jsmith"),
        ("/ho\u{200b}me/jsmith/x", "jsmith"),
        ("File \"/home/jsmith/a.py\" jsmith@build-1", "jsmith"),
        ("/home/jsmith/a /tmp/jsmith/b", "jsmith"),
        ("/home/jsmith/a: chown jsmith:jsmith b", "jsmith"),
        ("/home/jsmith/a owner 'jsmith'", "jsmith"),
        ("/home/jsmith84/a: hello jsmith84!", "jsmith84"),
        ("cannot open /home/jsmith.", "jsmith"),
        ("USER=jsmith\nSHELL=/bin/sh", "jsmith"),
        ("vscode-notebook-cell:/Users/jsmith/x", "jsmith"),
    ]);
    keeps(&[
        "/home/runner/work/repo/x.js",
        "/root/.cache",
        "/home/$USER/x",
        "C:\\Users\\%USERNAME%\\x",
        "C:\\Users\\Public\\x",
        "https://example.com/home/news/x",
        "../home/page.js",
        "src/Users/list.js",
        "/api/users/12/home",
        "~~~~~^^^^^",
        "std::~Foo()",
        "a ~ b",
        "~/work",
        "/home/<user>/x",
        "webpack:///./home/index.js",
        "/django/x /home/runner/django/core",
        "org.home.Users",
    ]);
}

#[test]
fn addresses() {
    hides(&[
        ("10.1.2.3:8080", "10.1.2.3"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("fe80::1ff:fe23:4567:890a%eth0", "fe80::1ff"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("10.1.2.0/24", "10.1.2.0"),
        ("('10.1.2.3', 5432)", "10.1.2.3"),
        ("ip-10.1.2.3 10.1.2.4", "10.1.2.4"),
        ("\\n10.1.2.3", "10.1.2.3"),
        ("1\u{200b}0.1.2.3", "0.1.2.3"),
        ("\u{ff11}\u{ff10}.1.2.3", ".1.2.3"),
        ("10.\u{1b}[1m1.2.3", "1.2.3"),
        ("from 198.51.100.7", "198.51.100.7"),
        ("198.51.100.7 - - [26/Nov/2026", "198.51.100.7"),
        ("http%3A%2F%2F10.1.2.3%2Fx", "10.1.2.3"),
        ("2001:0db8:85a3:0000:0000:8a2e:0370:7334", "8a2e"),
    ]);
    keeps(&[
        "127.0.0.1:80",
        "0.0.0.0",
        "::1",
        "Chrome/120.0.6099.109",
        "v1.2.3.4",
        "version 10.1.2.3",
        "pkg==1.2.3.4",
        "12:34:56",
        "2026-11-26T10:11:12",
        "std::vec::Vec",
        "a[1:2]",
        "ffff:8880",
        "RIP: 0010:entry_SYSCALL_64",
        "std::fd::deadbeef",
        "0000:00:1f.2",
        "de:ad:be:ef:00:01",
        "Code: 48 8b 05 00 10 20 30",
        "x[::2]",
        "core::fmt::Write::write_fmt",
        "3.11.4",
        "255.255.255.0",
    ]);
}

#[test]
fn keys() {
    hides(&[
        ("gh{}p_0123456789abcdefghijABCDEFGHIJ012345", "0123456789abcdef"),
        ("github_pat{}_11ABCDEFG0123456789_abcdefghij", "0123456789"),
        ("gl{}pat-0123456789abcdefghij", "0123456789"),
        ("xox{}b-123456789012-123456789012-abcdefGHIJKL", "123456789012"),
        ("sk{}_live_0123456789abcdefghijABCD", "0123456789"),
        ("sk{}-proj-0123456789abcdef_ABCDEF-ghijklmnop", "0123456789"),
        ("sk{}-ant-api03-0123456789abcdefghij", "0123456789"),
        ("hf{}_0123456789abcdefghijABCDEFGHIJ", "0123456789"),
        ("npm{}_0123456789abcdefghijABCDEFGHIJ012345", "0123456789"),
        ("pypi{}-AgEIcHlwaS5vcmc0123456789abcdefghij", "0123456789"),
        ("SG{}.0123456789abcdefghij.0123456789abcdefghijABCDEFGHIJ", "0123456789"),
        ("SK{}0123456789abcdef0123456789abcdef", "0123456789"),
        ("dop{}_v1_0123456789abcdef0123456789abcdef", "0123456789"),
        ("dapi{}0123456789abcdef0123456789abcdef", "0123456789"),
        ("123456789{}:AAabcdefghijklmnopqrstuvwxyz0123456", "AAabcdef"),
        ("MTIzNDU2Nzg5MDEyMzQ1Njc4{}.G1abcd.abcdefghijklmnopqrstuvwxyz012345", "abcdefghijklmnop"),
        ("ya29{}.a0Abcdefghijklmnopqrstuvwxyz", "bcdefghij"),
        ("GOCSPX{}-0123456789abcdefghij", "0123456789"),
        ("AIza{}SyA0123456789abcdefghijABCDEFGHIJ", "0123456789"),
        ("AKIA{}0123456789ABCDEF", "0123456789ABCDEF"),
        ("aws_secret_access_key=abc{}DEF/ghi+JKL0123456789mnopqrstuvwxyz", "DEF/ghi"),
        ("eyJhbGciOiJIUzI1NiJ9{}.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl", "eyJzdWIi"),
        ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9{}", "eyJhbGci"),
        ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9{}.eyJz", "eyJhbGci"),
        ("token gh{}p_0123456789abcd\u{1b}[0mefghijABCDEFGHIJ012345", "efghij"),
        ("gh{}p_0123456789ab\u{200b}cdefghijABCDEFGHIJ012345", "cdefghij"),
        ("https://hooks.slack.com/services/T0123{}4567/B01234567/abcdefGHIJKL", "abcdefGHIJKL"),
        ("https://discord.com/api/webhooks/123456789012345678{}/abc-DEF_ghi", "abc-DEF"),
        ("-----BEGIN {}PRIVATE KEY-----\nMIIabc\nDEF=\n-----END {}PRIVATE KEY-----", "MIIabc"),
        (
            "\"-----BEGIN {}RSA PRIVATE KEY-----\\nMIIabc\\nDEF\\n-----END RSA {}PRIVATE KEY-----\\n\"",
            "MIIabc",
        ),
        ("-----BEGIN {}OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\nAAAA", "b3BlbnNz"),
        ("MIIabcDEF0123\nabcdef==\n-----END {}PRIVATE KEY-----\n", "MIIabcDEF"),
        ("Bearer abcDEF0123456789", "abcDEF"),
        ("authorization: bearer abcdef0123456789", "abcdef0123"),
        ("BEARER ABCDEF0123456789", "ABCDEF0123"),
        ("Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpw"),
        ("Authorization: Digest username=\"jane\", response=\"0123456789abcdef\"", "0123456789abcdef"),
        ("Authorization: token 0123456789abcdef", "0123456789abcdef"),
        ("'Authorization': 'Bearer abcdef'", "abcdef"),
        ("Cookie: sid=abcdef; theme=dark", "abcdef"),
        ("Set-Cookie: session=abcdef; HttpOnly", "abcdef"),
    ]);
    keeps(&[
        "Bearer authentication failed",
        "Basic usage of the tool",
        "-----BEGIN CERTIFICATE-----",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "550e8400-e29b-41d4-a716-446655440000",
        "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "sk-learn",
        "task-0123456789abcdefghijk",
        "hf_hub_download",
        "npm_config_registry",
        "pypi-server",
        "AKIA",
        "ASIAN",
        "eyJ",
        "SKIP",
        "AIza",
        "/usr/lib/python3/dist-packages/apt_pkg.cpython-311-x86_64-linux-gnu.so",
        "org.apache.catalina.core.StandardWrapperValve.invoke",
        "0x7ffd1234567812345678",
        "ghp_short",
        "T0123456789abcdef",
        "mypy_extensions-1.0.0.dist-info",
    ]);
}

#[test]
fn secrets_by_their_names() {
    hides(&[
        ("password=hunter2", "hunter2"),
        ("password='hunter2'", "hunter2"),
        ("password=b'hunter2'", "hunter2"),
        ("{'password': 'hunter2'}", "hunter2"),
        ("{\"password\":\"hunter2\"}", "hunter2"),
        ("{\\\"password\\\":\\\"hunter2\\\"}", "hunter2"),
        ("{\\\\\\\"password\\\\\\\":\\\\\\\"hunter2\\\\\\\"}", "hunter2"),
        ("password: hunter2", "hunter2"),
        ("\"password\" => \"hunter2\"", "hunter2"),
        ("[\"password\"]=> string(7) \"hunter2\"", "hunter2"),
        ("password := \"hunter2\"", "hunter2"),
        ("export DB_PASSWORD=hunter2", "hunter2"),
        ("DB_PASSWORD=a,b;c(d)e", "b;c(d)e"),
        ("DB_PASSWORD=correct.horse.battery", "horse"),
        ("PGPASSWORD=password psql", "=password"),
        ("API_TOKEN=abcdef0123456789", "abcdef0123456789"),
        ("('password', 'hunter2')", "hunter2"),
        ("(b'authorization', b'Basic abc123')", "abc123"),
        ("password=p@ss(word)!x", "(word)"),
        ("password=\"pa\\\"ss word\"", "ss word"),
        ("\"password\": \"correct horse battery staple\"", "horse"),
        ("Server=x;User Id=sa;Password=p@ss w0rd;Encrypt=no", "w0rd"),
        ("Driver={x};Pwd=hunter2;", "hunter2"),
        ("host=db user=app password=hunter2 dbname=x", "hunter2"),
        ("AccountName=x;AccountKey=abc/def+ghi==;EndpointSuffix=core", "abc/def"),
        ("SharedAccessKey=abc/def=", "abc/def"),
        ("https://x.example/?sv=1&sig=aBcDeFgHiJ%3D", "aBcDeFgHiJ"),
        ("https://x.example/?access_token=abcdef", "abcdef"),
        ("https://x.example/?key=abcdefgh01234567", "abcdefgh01234567"),
        ("https://x.example/?X-Amz-Signature=abcdef&x=1", "abcdef"),
        ("X-Api-Key: abcdef0123456789", "abcdef0123456789"),
        ("x-auth-token: abcdef0123456789", "abcdef0123456789"),
        ("client_secret='abcdef'", "abcdef"),
        ("\"private_key\": \"abcdef\"", "abcdef"),
        ("mysql.connector.connect(user='app', passwd='hunter2')", "hunter2"),
        ("jdbc:mysql://db/x?user=app&password=hunter2", "hunter2"),
        ("jdbc:oracle:thin:scott/tiger@//db:1521/x", "tiger"),
        ("app:hunter2@tcp(db:3306)/x", "hunter2"),
        ("postgres://app:hunter2@db/x", "hunter2"),
        ("postgres://app:pa/ss@db/x", "pa/ss"),
        ("redis://:hunter2@cache:6379/0", "hunter2"),
        ("mongodb+srv://app:hunter2@cluster.example.net/x", "hunter2"),
        ("amqp://app:p%40ss@mq:5672/", "p%40ss"),
        ("https://hunter2@github.example/org/repo", "hunter2"),
        ("mysql -u root -phunter2 db", "hunter2"),
        ("['mysql', '-u', 'root', '-phunter2']", "hunter2"),
        ("tool --password hunter2 x", "hunter2"),
        ("tool --api-key=abcdef0123", "abcdef0123"),
        ("['tool', '--token', 'abcdef']", "abcdef"),
        ("curl -u jane:hunter2 https://x.example", "hunter2"),
        ("curl --user jane:hunter2 https://x.example", "hunter2"),
        ("sshpass -p hunter2 ssh x", "hunter2"),
        ("<password>hunter2</password>", "hunter2"),
        ("<clientPassword>abc</clientPassword>", ">abc<"),
        ("pass\u{200b}word=hunter2", "hunter2"),
        ("password\u{ff1d}hunter2", "hunter2"),
        ("password%3Dhunter2", "hunter2"),
        ("\u{1b}[36mpassword\u{1b}[39m \u{1b}[38;5;241m=\u{1b}[39m \u{1b}[33m'hunter2'\u{1b}[39m", "hunter2"),
        ("assert password == 'hunter2'", "hunter2"),
        ("secret=\"\"\"abc", "abc"),
        ("password1=hunter2", "hunter2"),
    ]);
    keeps(&[
        "unexpected token: foo",
        "SyntaxError: Unexpected token '}'",
        "Unexpected token u in JSON at position 0",
        "token: Token { kind: Eof }",
        "expected ';' before token 'x1'",
        "password=None",
        "password = input()",
        "password = getpass.getpass('Password: ')",
        "password=os.environ['X']",
        "self.password = password",
        "def login(user, password=''):",
        "password: str",
        "password: required",
        "{\"password\": [\"This field is required.\"]}",
        "{\"password\": \"must be at least 8 characters\"}",
        "KeyError: 'api_key'",
        "['user', 'password', 'host']",
        "('password', 'username')",
        "max_tokens=4096",
        "num_tokens: 1234567890",
        "let first_token = RefCell::new(92);",
        "key=value",
        "cache_key=user-12345",
        "PWD=/usr/src/app",
        "OLDPWD=/usr/src",
        "secret = secrets.token_hex(16)",
        "token=$TOKEN",
        "password=${DB_PASSWORD}",
        "password={password}",
        "\"password\": \"{{ password }}\"",
        "password=%s",
        "password=****",
        "Access denied (using password: YES)",
        "FATAL: password authentication failed",
        "authorization: insufficient scope",
        "Authorization: header is missing",
        "cookie: ac",
        "git --author x --token",
        "use --password to set it",
        "--key-file /etc/x",
        "mkdir -p build",
        "docker run -u 1000:1000 -p 8080:80 x",
        "psql -p 5432",
        "http://localhost:8080/a@b",
        "https://registry.npmjs.org/@scope/pkg",
        "ssh://git@host.example/x",
        "node:internal/modules/cjs/loader:1137",
        "tokenizer=AutoTokenizer",
        "pass: 12 fail: 3",
        "passed=12",
        "pin = Pin(13)",
        "auth = HTTPBasicAuth",
        "x.signature = inspect.signature(f)",
        "sig: SIGSEGV",
        "session_id=0123456789abcdef",
        "secret: missing",
        "Key: a1b2c3d4e5f6a7b8",
    ]);
}

#[test]
fn numbers() {
    hides(&[
        ("+82-10-1234-5678", "1234-5678"),
        ("+1 (555) 010-0199", "010-0199"),
        ("+44 20 7946 0958", "7946"),
        ("+49 30 901820", "901820"),
        ("+491701234567", "1701234567"),
        ("0044 20 7946 0958", "7946 0958"),
        ("010-1234-5678", "1234-5678"),
        ("010 1234 5678", "1234 5678"),
        ("02-123-4567", "123-4567"),
        ("03-1234-5678", "1234-5678"),
        ("020 7946 0958", "7946"),
        ("07700 900123", "900123"),
        ("06 12 34 56 78", "12 34 56"),
        ("01.23.45.67.89", "23.45.67"),
        ("0412 345 678", "345 678"),
        ("(212) 555-0199", "555-0199"),
        ("212-555-0199", "555-0199"),
        ("212.555.0199", "555.0199"),
        ("1-800-555-0199", "555-0199"),
        ("tel:5550199123", "5550199123"),
        ("phone=5550199123", "5550199123"),
        ("\"phone\": \"555 0199\"", "555 0199"),
        ("\u{ff0b}\u{ff18}\u{ff12}-10-1234-5678", "1234-5678"),
        ("\u{661}-800-555-0199", "555-0199"),
        ("+82\u{2011}10\u{2011}1234\u{2011}5678", "1234"),
        ("4111111111111111", "4111111111111111"),
        ("4111 1111 1111 1111", "1111 1111"),
        ("4111-1111-1111-1111", "1111-1111"),
        ("5500000000000004", "5500000000000004"),
        ("378282246310005", "378282246310005"),
        ("3782 822463 10005", "822463"),
        ("6011000990139424", "6011000990139424"),
        ("3530111333300000", "3530111333300000"),
        ("2223003122003222", "2223003122003222"),
        ("card=4111111111111111;", "4111111111111111"),
        ("\u{ff14}111111111111111", "111111111111111"),
        ("4111\u{a0}1111\u{a0}1111\u{a0}1111", "1111"),
        ("4111 1111 \u{1b}[1m1111 1111", "1111 1111"),
    ]);
    keeps(&[
        "2026-11-26",
        "2026-11-26 10:11:12.123456",
        "20261126101112",
        "1732618272",
        "1732618272123",
        "1732618272123456789",
        "3.14159265358979",
        "line 12, column 345",
        "100-200-3000",
        "1234-5678-9012",
        "4111111111111112",
        "0x4111111111111111",
        "a4111111111111111",
        "v4.11.1111",
        "1.26.4",
        "01 02 03 04 05 06 07",
        "00 11 22 33 44 55",
        "12 34 56 78",
        "+0x1a/0x30",
        "@@ -12,7 +12345,9 @@",
        "x+1234567890",
        "1e+10",
        "f(271) x",
        "[1 2 3] [400 500 6000]",
        "127.0.0.1:54321",
        "13:37:00",
        "0.1.2-3",
        "port 5432",
        "pid 12345",
        "8000-8010",
        "1_000_000",
        "(12) 34",
        "550e8400-e29b-41d4-a716-446655440000",
        "ABC-123-4567",
        "memory 16384 of 32768",
        "shape (3, 224, 224)",
    ]);
}

#[test]
fn time_grows_with_the_length_only() {
    let pieces = [
        "@",
        "+",
        "1",
        ":",
        "/",
        "/home/",
        "eyJ",
        "password=",
        "password=\"",
        "a@",
        "a.",
        "1.",
        "1 ",
        "1-",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----\n",
        "-----END PRIVATE KEY-----",
        "://",
        "://a:",
        "~a/",
        "sk-",
        " --token ",
        "<token>",
        "\"@",
        "C:\\Users\\",
        "::",
        "a:",
        "%40",
        "\\u0040",
        "\u{1b}[",
        "\u{ff11}",
        "(1",
        "ghp_a",
        "Bearer ",
        "Cookie: ",
        ";Password=",
        "curl -u a:",
        "'password', ",
        "=",
        "/home/alice/ alice ",
        "AKIA",
        ".aaaaaa.",
    ];
    for piece in pieces {
        let measure = |bytes: usize| {
            let text = piece.repeat(bytes / piece.len());
            let started = std::time::Instant::now();
            let masked = Masker::default().mask(&text);
            assert!(masked.len() <= text.len() * 8 + 64, "{piece}");
            started.elapsed()
        };
        measure(1000);
        // A square would take ten seconds and more.
        let long = measure(100_000);
        assert!(long.as_secs() < 5, "{piece:?} took {long:?}");
    }
}

#[test]
fn secrets_at_the_cut_of_a_text() {
    let secrets = ["jane@example.com", "10.1.2.3", "/home/jsmith/x", "password=hunter2", "4111111111111111"];
    for secret in secrets {
        for padding in 0..140 {
            let text =
                format!("{}{secret}", "x ".repeat(padding / 2) + if padding % 2 == 1 { " " } else { "" });
            let masked = Masker::default().mask(&text);
            assert!(masked.contains('<') && masked.len() < text.len() + 8, "{text:?} became {masked:?}");
        }
    }
}

#[test]
fn each_of_many_flags_of_one_command_is_masked() {
    let flags = |n: usize| (0..n).map(|n| format!(" -pSecret{n}")).collect::<String>();
    let masked = Masker::default().mask(&format!("mysql{}", flags(20))).into_owned();
    assert_eq!(masked, format!("mysql{}", " -p<token>".repeat(20)));
}
