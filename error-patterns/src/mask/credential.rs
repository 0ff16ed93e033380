//! Credentials that are known by their own shape: bearer and basic, JWT, keys with fixed prefixes, private
//! key blocks, user and password in a URL.

use super::scan::Text;
use super::value::{is_template, mixes_cases};
use super::{MaskKind, Span, command, home};

fn token(start: usize, end: usize) -> Span {
    Span { start, end, kind: MaskKind::Token }
}

fn is_key(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Length of the run of bytes at the start that fulfil a condition.
fn run(bytes: &[u8], inside: impl Fn(&u8) -> bool) -> usize {
    bytes.iter().take_while(|b| inside(b)).count()
}

/// Fewest letters of a key without a digit.
const LETTERS_MIN: usize = 32;

/// What follows the fixed part of a key.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// At least so many letters, digits, `_` and `-`, a digit among them.
    Key(usize),
    /// The same, with dots.
    Dotted(usize),
    /// The same, capitals and small letters among them.
    Mixed(usize),
    /// Letters and digits only at its beginning, so many, a digit among them: behind what names, too, begin with.
    Plain(usize),
}

/// What keys begin with, up to and with the last mark, as far as vendors tell. [Bits](super::bits) looks for the three bytes
/// before that mark.
const PREFIXES: [(&[u8], Shape); 118] = [
    // GitHub, GitLab
    (b"ghp_", Shape::Key(20)),
    (b"gho_", Shape::Key(20)),
    (b"ghu_", Shape::Key(20)),
    (b"ghs_", Shape::Key(20)),
    (b"ghr_", Shape::Key(20)),
    (b"github_pat_", Shape::Key(20)),
    (b"glpat-", Shape::Dotted(16)),
    (b"gldt-", Shape::Key(16)),
    (b"glrt-", Shape::Key(16)),
    (b"glcbt-", Shape::Key(16)),
    (b"glft-", Shape::Key(16)),
    (b"glptt-", Shape::Key(32)),
    (b"glsoat-", Shape::Key(16)),
    (b"gloas-", Shape::Key(32)),
    // Our own
    (b"errata_pat_", Shape::Key(40)),
    // Models and data: OpenAI, Anthropic and others; Hugging Face, Groq, NVIDIA, Replicate
    (b"sk-", Shape::Key(20)),
    (b"hf_", Shape::Key(24)),
    (b"gsk_", Shape::Key(32)),
    (b"nvapi-", Shape::Key(32)),
    (b"r8_", Shape::Key(32)),
    (b"xai-", Shape::Key(32)),
    (b"e2b_", Shape::Key(32)),
    (b"sk_", Shape::Plain(40)),
    (b"csk-", Shape::Plain(40)),
    (b"pplx-", Shape::Plain(32)),
    (b"tgp_v1_", Shape::Key(40)),
    (b"jina_", Shape::Plain(32)),
    (b"lsv2_pt_", Shape::Plain(32)),
    (b"lsv2_sk_", Shape::Plain(32)),
    (b"pcsk_", Shape::Mixed(40)),
    (b"tvly-", Shape::Plain(24)),
    (b"tvly-dev-", Shape::Plain(24)),
    (b"fc-", Shape::Plain(32)),
    // Payment: Stripe
    (b"sk_live_", Shape::Key(16)),
    (b"sk_test_", Shape::Key(16)),
    (b"rk_live_", Shape::Key(16)),
    (b"rk_test_", Shape::Key(16)),
    (b"whsec_", Shape::Key(16)),
    (b"sq0atp-", Shape::Key(22)),
    (b"sq0csp-", Shape::Key(22)),
    (b"FLWSECK-", Shape::Plain(12)),
    (b"FLWSECK_TEST-", Shape::Plain(12)),
    (b"duffel_live_", Shape::Key(40)),
    (b"duffel_test_", Shape::Key(40)),
    (b"shippo_live_", Shape::Plain(40)),
    (b"shippo_test_", Shape::Plain(40)),
    // Packages: npm, PyPI, RubyGems, Docker
    (b"npm_", Shape::Key(30)),
    (b"pypi-", Shape::Key(30)),
    (b"rubygems_", Shape::Key(32)),
    (b"dckr_pat_", Shape::Key(20)),
    (b"dckr_oat_", Shape::Key(20)),
    (b"CLOJARS_", Shape::Plain(60)),
    // Clouds: DigitalOcean, Google
    (b"dop_v1_", Shape::Key(32)),
    (b"doo_v1_", Shape::Key(32)),
    (b"dor_v1_", Shape::Key(32)),
    (b"GOCSPX-", Shape::Key(20)),
    (b"AGE-SECRET-KEY-", Shape::Key(50)),
    (b"HRKU-", Shape::Key(40)),
    (b"fo1_", Shape::Key(40)),
    (b"fm2_", Shape::Key(64)),
    (b"nfp_", Shape::Plain(36)),
    (b"vercel_blob_rw_", Shape::Mixed(32)),
    (b"pul-", Shape::Plain(40)),
    (b"pnu_", Shape::Plain(36)),
    // Vaults: HashiCorp's, Doppler, 1Password
    (b"hvs.", Shape::Mixed(20)),
    (b"hvb.", Shape::Mixed(20)),
    (b"hvr.", Shape::Mixed(20)),
    (b"dp.pt.", Shape::Plain(40)),
    (b"dp.st.", Shape::Plain(40)),
    (b"dp.ct.", Shape::Plain(40)),
    (b"dp.sa.", Shape::Plain(40)),
    // Databases: Supabase, PlanetScale, Neon, MongoDB
    (b"sbp_", Shape::Plain(40)),
    (b"sb_secret_", Shape::Key(24)),
    (b"pscale_tkn_", Shape::Key(32)),
    (b"pscale_oauth_", Shape::Key(32)),
    (b"pscale_pw_", Shape::Key(32)),
    (b"napi_", Shape::Plain(60)),
    (b"mdb_sa_sk_", Shape::Key(36)),
    // Services: New Relic, Dynatrace, Tailscale
    (b"NRAK-", Shape::Key(24)),
    (b"NRII-", Shape::Key(32)),
    (b"NRJS-", Shape::Plain(19)),
    (b"dt0c01.", Shape::Dotted(80)),
    (b"tskey-", Shape::Key(24)),
    // Linear, Postman, Grafana, Shopify, Sentry, Slack
    (b"lin_api_", Shape::Key(32)),
    (b"PMAK-", Shape::Key(50)),
    (b"glsa_", Shape::Key(24)),
    (b"glc_", Shape::Plain(32)),
    (b"shpat_", Shape::Key(24)),
    (b"shpss_", Shape::Key(24)),
    (b"shpca_", Shape::Key(24)),
    (b"shppa_", Shape::Key(24)),
    (b"sntrys_", Shape::Key(32)),
    (b"sntryu_", Shape::Plain(64)),
    (b"xoxb-", Shape::Key(10)),
    (b"xoxp-", Shape::Key(10)),
    (b"xoxa-", Shape::Key(10)),
    (b"xoxr-", Shape::Key(10)),
    (b"xoxs-", Shape::Key(10)),
    (b"xoxc-", Shape::Key(10)),
    (b"xoxd-", Shape::Key(10)),
    (b"xapp-", Shape::Key(10)),
    // CircleCI, Buildkite, Sourcegraph, Infracost; Notion, Figma, Typeform, Contentful, HubSpot, Brevo, ReadMe, Frame.io,
    // PostHog, Zuplo, Adobe
    (b"CCIPAT_", Shape::Plain(20)),
    (b"bkua_", Shape::Plain(40)),
    (b"sgp_", Shape::Plain(16)),
    (b"ico-", Shape::Plain(32)),
    (b"ntn_", Shape::Plain(40)),
    (b"secret_", Shape::Plain(30)),
    (b"figd_", Shape::Mixed(36)),
    (b"tfp_", Shape::Mixed(40)),
    // Stripe, and what others name so
    (b"tok_", Shape::Key(16)),
    (b"CFPAT-", Shape::Key(40)),
    (b"pat-na1-", Shape::Key(36)),
    (b"xkeysib-", Shape::Plain(64)),
    (b"rdme_", Shape::Plain(60)),
    (b"fio-u-", Shape::Key(60)),
    (b"phx_", Shape::Plain(40)),
    (b"zpka_", Shape::Plain(32)),
    (b"p8e-", Shape::Plain(32)),
];

/// Of each of [`PREFIXES`] the three bytes that it is looked up by, and its place there; ascending.
const LOOKUP: [(u32, u8); PREFIXES.len()] = lookup();

const fn lookup() -> [(u32, u8); PREFIXES.len()] {
    let mut sorted = [(0, 0); PREFIXES.len()];
    let mut count = 0;
    while count < PREFIXES.len() {
        let entry = (ending(PREFIXES[count].0), count as u8);
        let mut place = count;
        while place > 0 && sorted[place - 1].0 > entry.0 {
            sorted[place] = sorted[place - 1];
            place -= 1;
        }
        sorted[place] = entry;
        count += 1;
    }
    sorted
}

/// The last mark of a prefix and two bytes before it.
const fn ending(prefix: &[u8]) -> u32 {
    let end = prefix.len();
    u32::from_be_bytes([0, prefix[end - 3], prefix[end - 2], prefix[end - 1]])
}

/// A credential whose trigger among [keys](super::bits::Triggers) is at `at`.
pub(super) fn find(text: &Text<'_>, at: usize) -> Option<Span> {
    let back = |count: usize| at.checked_sub(count);
    match text.bytes[at] {
        b'_' => prefixed(text, at),
        b'-' => match text.bytes.get(at + 1)? {
            b'-' => command::flag(text, at).or_else(|| prefixed(text, at)),
            b'p' | b'u' | b'P' | b'a' | b'w' => command::short_flag(text, at).or_else(|| prefixed(text, at)),
            _ if text.before(at).ends_with(b"pytest-of") => home::folder_of(text, at + 1),
            _ => prefixed(text, at),
        },
        b'K' => access_key(text, back(1)?)
            .or_else(|| fixed(text, back(1)?, b"AKCp", Shape::Plain(50)))
            .or_else(|| fixed(text, back(3)?, b"EZAK", Shape::Plain(54))),
        b'3' => fixed(text, back(5)?, b"ATATT3xFf", Shape::Key(60))
            .or_else(|| fixed(text, back(5)?, b"ATCTT3xFf", Shape::Key(60))),
        b'S' if text.bytes.get(at + 1) == Some(&b'K') => twilio(text, at),
        b'S' => access_key(text, back(1)?),
        b'I' => fixed(text, back(1)?, b"AIza", Shape::Dotted(30))
            .or_else(|| fixed(text, back(3)?, b"LTAI", Shape::Plain(12))),
        b'J' => jwt(text, back(2)?),
        b'p' => databricks(text, back(2)?),
        b'r' | b'R' => scheme(text, back(5)?, b"bearer"),
        b'n' | b'N' => told(text, back(4)?),
        b'c' | b'C' => scheme(text, back(4)?, b"basic"),
        b'B' => private_key(text, back(5)?),
        b'E' => private_key_end(text, back(5)?),
        b':' => telegram(text, at),
        b'/' if text.bytes.get(at + 1) == Some(&b'/') => fixed(text, back(1)?, b"1//0", Shape::Key(40)),
        b'/' => slack_hook(text, at + 1),
        b'.' => fixed(text, back(2)?, b"SG.", Shape::Dotted(40))
            .or_else(|| fixed(text, back(4)?, b"ya29.", Shape::Dotted(20)))
            .or_else(|| prefixed(text, at))
            .or_else(|| discord(text, at)),
        _ => None,
    }
}

/// A key whose prefix ends with the mark at `at`.
fn prefixed(text: &Text<'_>, at: usize) -> Option<Span> {
    // Most marks are in names: a key goes on with at least ten letters and digits.
    let length = text.bytes[at + 1..].iter().take(10).take_while(|b| is_key(b)).count();
    text.look(at + 1 + length);
    if length < 10 {
        return None;
    }
    let before = &text.bytes[at - text.before(at).len()..=at];
    let last = ending(before.last_chunk::<3>()?);
    let alike = &LOOKUP[LOOKUP.partition_point(|(ending, _)| *ending < last)..];
    alike.iter().take_while(|(ending, _)| *ending == last).find_map(|(_, place)| {
        let (prefix, shape) = PREFIXES[usize::from(*place)];
        let start = (at + 1).checked_sub(prefix.len())?;
        fixed(text, start, prefix, shape)
    })
}

/// A key that begins with `prefix` at `start`.
fn fixed(text: &Text<'_>, start: usize, prefix: &[u8], shape: Shape) -> Option<Span> {
    let body = start + prefix.len();
    if !text.bytes[start..].starts_with(prefix) || !starts_word(text, start) {
        return None;
    }
    let (length, length_min) = match shape {
        Shape::Key(min) | Shape::Mixed(min) | Shape::Plain(min) => (run(&text.bytes[body..], is_key), min),
        Shape::Dotted(min) => (run(&text.bytes[body..], |b| is_key(b) || *b == b'.'), min),
    };
    text.look(body + length + 1);
    let key = &text.bytes[body..body + length];
    let length = length - key.iter().rev().take_while(|b| **b == b'.').count();
    // A key of letters alone is long, and changes their case.
    let telling = key.iter().any(u8::is_ascii_digit) || length >= LETTERS_MIN && mixes_cases(key);
    let has = |is: fn(&u8) -> bool| key.iter().any(is);
    let fits = match shape {
        Shape::Key(_) | Shape::Dotted(_) => true,
        Shape::Mixed(_) => has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase),
        Shape::Plain(min) => {
            let plain = &key[..min.min(key.len())];
            plain.iter().all(u8::is_ascii_alphanumeric) && plain.iter().any(u8::is_ascii_digit)
        }
    };
    (length >= length_min && telling && fits).then(|| token(start, body + length))
}

/// `dapi` and 32 hex digits.
fn databricks(text: &Text<'_>, start: usize) -> Option<Span> {
    let key = text.bytes[start..].strip_prefix(b"dapi").filter(|_| starts_word(text, start))?;
    let length = run(key, u8::is_ascii_hexdigit);
    text.look(start + 5 + length);
    (length >= 32).then(|| token(start, start + 4 + length))
}

/// What is behind `hooks.slack.com/services/`.
fn slack_hook(text: &Text<'_>, start: usize) -> Option<Span> {
    if !text.before(start).ends_with(b"hooks.slack.com/services/") {
        return None;
    }
    hook(text, start)
}

/// What is behind `/api/webhooks/` of Discord, which begins with a long number.
pub(super) fn hook(text: &Text<'_>, start: usize) -> Option<Span> {
    let length = run(&text.bytes[start..], |b| is_key(b) || *b == b'/');
    text.look(start + length + 1);
    (length >= 20).then(|| token(start, start + length))
}

fn starts_word(text: &Text<'_>, start: usize) -> bool {
    !text.last(start).is_some_and(|b| is_key(&b))
}

fn access_key(text: &Text<'_>, start: usize) -> Option<Span> {
    if !starts_word(text, start) {
        return None;
    }
    let length = run(&text.bytes[start..], |b| b.is_ascii_uppercase() || b.is_ascii_digit());
    text.look(start + length + 1);
    let known = text.bytes[start..].starts_with(b"AKIA") || text.bytes[start..].starts_with(b"ASIA");
    let follows = text.bytes.get(start + length).is_some_and(is_key);
    (length == 20 && known && !follows).then(|| token(start, start + length))
}

fn jwt(text: &Text<'_>, start: usize) -> Option<Span> {
    // `data:application/json;base64,eyJ...`
    if !starts_word(text, start) || text.before(start).ends_with(b"base64,") {
        return None;
    }
    let bytes = text.bytes;
    let header_end = wrapped(bytes, start);
    text.look(header_end + 1);
    let header = header_end - start;
    if header < 10 {
        return None;
    }
    let mut end = header_end;
    let mut parts = 1;
    while parts < 5 && bytes.get(end) == Some(&b'.') {
        let part = wrapped(bytes, end + 1);
        text.look(part + 1);
        if part == end + 1 {
            break;
        }
        parts += 1;
        end = part;
    }
    // One part alone must be long enough to be no word.
    let told = bytes[start..header_end].iter().any(u8::is_ascii_digit) && header >= 20;
    let payload = parts > 1 && (end - header_end > 10 || end == bytes.len());
    (payload || told).then(|| token(start, end))
}

/// Where the key that begins at `start` ends; one that is wrapped goes on in the next line.
fn wrapped(bytes: &[u8], start: usize) -> usize {
    let mut end = start + run(&bytes[start..], is_key);
    let mut line = end - start;
    while line >= 40 && bytes.get(end) == Some(&b'\n') {
        let next = run(&bytes[end + 1..], is_key);
        let telling = bytes[end + 1..end + 1 + next].iter().any(u8::is_ascii_digit) || next >= 40;
        if !telling {
            break;
        }
        end += 1 + next;
        line = next;
    }
    end
}

/// What follows `Bearer` or `Basic`, when it is no word.
fn scheme(text: &Text<'_>, word: usize, name: &[u8]) -> Option<Span> {
    let body = word + name.len();
    if !text.bytes[word..body].eq_ignore_ascii_case(name) || !starts_word(text, word) {
        return None;
    }
    let start = body + run(&text.bytes[body..], |b| *b == b' ');
    let body = &text.bytes[start..];
    let credential = run(body, |b| is_key(b) || matches!(b, b'.' | b'~' | b'+' | b'/' | b'='));
    text.look(start + credential + 1);
    let credential = credential - body[..credential].iter().rev().take_while(|b| **b == b'.').count();
    let body = &body[..credential];
    let upper = body.iter().skip(1).any(u8::is_ascii_uppercase);
    let telling = upper || body.iter().any(|b| b.is_ascii_digit() || *b == b'=');
    (credential >= 8 && telling).then(|| token(start, start + credential))
}

/// What follows `token`, when nobody would call anything so: `token 5c4a43eadf824f0c57a58e2e was rejected`.
fn told(text: &Text<'_>, word: usize) -> Option<Span> {
    let Span { start, end, .. } = scheme(text, word, b"token")?;
    let value = &text.bytes[start..end];
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let is_plain = value.iter().all(u8::is_ascii_alphanumeric);
    (is_plain && value.len() >= TOLD_BYTES_MIN && digits >= 4 && letters >= 4).then(|| token(start, end))
}

/// Letters and digits of a secret that only a word before it tells.
const TOLD_BYTES_MIN: usize = 20;

fn is_private(label: &[u8]) -> bool {
    label.ends_with(b"PRIVATE KEY") || label.ends_with(b"PRIVATE KEY BLOCK")
}

fn label(bytes: &[u8]) -> usize {
    run(bytes, |b| b.is_ascii_uppercase() || *b == b' ' || b.is_ascii_digit())
}

fn private_key(text: &Text<'_>, at: usize) -> Option<Span> {
    let bytes = text.bytes;
    let head = bytes[at..].strip_prefix(b"-----BEGIN ")?;
    let name = label(head);
    if !is_private(&head[..name]) {
        return None;
    }
    let body = bytes.len() - head.len() + name;
    let lines = body + key_lines(&bytes[body..]);
    let near = &bytes[body..bytes.len().min(body + PRIVATE_KEY_BYTES_MAX)];
    let end = memchr::memmem::find(near, b"-----END ").map(|offset| {
        let close = body + offset + b"-----END ".len();
        let name = label(&bytes[close..]);
        close + name + run(&bytes[close + name..], |b| *b == b'-')
    });
    // The next end line may belong to another block: a text that was cut and goes on with something else.
    let foreign = |end: usize| memchr::memmem::find(&bytes[body..end], b"-----BEGIN ").is_some();
    let end = end.filter(|end| !foreign(*end));
    // Words about a key: its first line, and no more.
    let told = bytes[body..lines].iter().any(u8::is_ascii_alphanumeric) || lines == bytes.len();
    text.look(lines + 1);
    (end.is_some() || told).then(|| token(at, end.unwrap_or(lines)))
}

/// Longest private key, with room for escapes and colours.
const PRIVATE_KEY_BYTES_MAX: usize = 32 * 1024;

/// Length of lines of base64, line breaks escaped or not.
fn key_lines(bytes: &[u8]) -> usize {
    run(bytes, |b| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'+' | b'/' | b'=' | b'-' | b'\\' | b'\n' | b'\r' | b',' | b':')
    })
}

fn private_key_end(text: &Text<'_>, at: usize) -> Option<Span> {
    let after = text.bytes[at..].strip_prefix(b"-----END ")?;
    let name = label(after);
    if !is_private(&after[..name]) {
        return None;
    }
    let inside =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'\\' | b'\n' | b'\r');
    let before = text.before(at);
    let length = before.iter().rev().take(PRIVATE_KEY_BYTES_MAX).take_while(|b| inside(b)).count();
    let end = at + b"-----END ".len() + name;
    Some(token(at - length, end + run(&text.bytes[end..], |b| *b == b'-')))
}

/// `user/password@` behind `jdbc:oracle:thin:`.
pub(super) fn oracle(text: &Text<'_>, start: usize) -> Option<Span> {
    let inside = |b: &u8| !b.is_ascii_whitespace() && !matches!(b, b'"' | b'\'' | b'`' | b'<' | b'@');
    let length = text.bytes[start..].iter().take(128).take_while(|b| inside(b)).count();
    let end = start + length;
    text.look(end + 1);
    (length > 0 && text.bytes.get(end) == Some(&b'@')).then(|| token(start, end))
}

/// `12345678:AA...`: a bot of Telegram, whose colon is at `at`.
fn telegram(text: &Text<'_>, at: usize) -> Option<Span> {
    let digits = text.before(at).iter().rev().take(12).take_while(|b| b.is_ascii_digit()).count();
    let start = at - digits;
    let length = run(&text.bytes[at + 1..], is_key);
    text.look(at + length + 2);
    let word = text.last(start).is_some_and(|b| b.is_ascii_digit() || b == b'_' || b == b'.');
    ((8..=10).contains(&digits) && (33..=40).contains(&length) && !word)
        .then(|| token(start, at + 1 + length))
}

/// `M....<six>.<rest>`: a bot of Discord, whose second dot is at `at`.
fn discord(text: &Text<'_>, at: usize) -> Option<Span> {
    let length = run(&text.bytes[at + 1..], is_key);
    text.look(at + length + 2);
    let before = text.before(at);
    let (head, time) = before.split_at(before.len().checked_sub(7)?);
    if !(27..=45).contains(&length) || !time[1..].iter().all(is_key) {
        return None;
    }
    let id = head.iter().rev().take(32).take_while(|b| is_key(b)).count();
    let start = at - 7 - id;
    let known = matches!(text.bytes[start], b'M' | b'N' | b'O');
    ((23..=28).contains(&id) && known).then(|| token(start, at + 1 + length))
}

/// `SK` and 32 hex digits: an API key of Twilio.
fn twilio(text: &Text<'_>, at: usize) -> Option<Span> {
    if !starts_word(text, at) {
        return None;
    }
    let length = run(&text.bytes[at + 2..], |b| b.is_ascii_digit() || (b'a'..=b'f').contains(b));
    text.look(at + length + 3);
    let follows = text.bytes.get(at + 2 + length).is_some_and(is_key);
    (length == 32 && !follows).then(|| token(at, at + 2 + length))
}

/// Longest user and password looked for in a URL.
const AUTHORITY_BYTES_MAX: usize = 512;

/// `user:password@` of a URL whose `://` begins at `at`.
pub(super) fn userinfo(text: &Text<'_>, at: usize) -> Option<Span> {
    let rest = text.bytes[at..].strip_prefix(b"://")?;
    let rest = &rest[..rest.len().min(AUTHORITY_BYTES_MAX)];
    let start = at + 3;
    let outside = |b: &u8| {
        b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\' | b',' | b')')
    };
    let url = &rest[..rest.iter().position(outside).unwrap_or(rest.len())];
    text.look(start + url.len() + 1);
    let last = memchr::memrchr(b'@', url)?;
    let authority = url.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(url.len());
    let length = match memchr::memrchr(b'@', &url[..authority]) {
        Some(length) => length,
        // A slash in the password: what is behind the first colon is no port, and a host follows.
        None => {
            let colon = memchr::memchr(b':', &url[..authority])?;
            let port = url[colon + 1..authority].iter().all(u8::is_ascii_digit);
            let host = url[last + 1..].first().is_some_and(u8::is_ascii_alphanumeric);
            (!port && host && colon > 0).then_some(last)?
        }
    };
    let user = &url[..length];
    // `user:***`, `user:${PASSWORD}`: no password is there any more, or yet.
    let hidden = memchr::memchr(b':', user).is_some_and(|colon| match &user[colon + 1..] {
        [] => false,
        [b'$', name @ ..] if !name.starts_with(b"{") => {
            name.iter().all(|b| b.is_ascii_uppercase() || *b == b'_')
        }
        password => password[0] != b':' && is_template(password) || password.iter().all(|b| *b == b'*'),
    });
    (length > 0 && user != b"git" && !hidden).then(|| token(start, start + length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::Masker;

    #[test]
    fn a_key_of_each_vendor_is_found_wherever_it_stands() {
        let masker = Masker::default();
        for (prefix, _) in PREFIXES {
            let prefix = std::str::from_utf8(prefix).unwrap();
            // `p` and `-` may begin flags, and 61 to 64 blanks lay the prefix across two blocks.
            for (body, blanks) in
                [("aB3dE5fG7h", 0), ("pB3dE5fG7h", 61), ("u7dE5fG7hA", 62), ("A7dE5fG7hw", 63)]
            {
                let text = format!("{}key {prefix}{} was refused", " ".repeat(blanks), body.repeat(11));
                let masked = masker.mask(&text);
                assert!(
                    masked.trim_start() == "key <token> was refused",
                    "{prefix} {body} {blanks}: {masked}"
                );
            }
        }
        for key in ["LTAI5tKz9Qw3xYp7", "ATATT3xFfGF0", "AKCp8", "EZAK"] {
            let text = format!("key {key}{} was refused", "aB3dE5fG7h".repeat(9));
            assert_eq!(masker.mask(&text), "key <token> was refused");
        }
    }

    #[test]
    fn names_that_begin_like_keys_stay() {
        let masker = Masker::default();
        for name in [
            "secret_manager_v2_access_key_rotation_handler_for_all_regions",
            "sk_learn_pipeline_v2_with_a_long_name_of_some_kind_1",
            "sgp_portfolio_2024_rebalance_daily_job_runner",
            "pul-request-handler-v2-for-the-big-repository-01",
            "nfp_2023_payrolls_and_unemployment_by_county_table",
            "jina_embeddings_v2_base_en_service_client_factory_1",
            "fc-layer-2048-to-1000-with-dropout-and-relu-block-7",
            "tvly-search-results-2024-11-28-page-1-of-20-in-cache",
            "cluster.hvs.internal.example.org",
        ] {
            assert_eq!(masker.mask(name), name);
        }
    }
}
