//! Messages that mean the same, and types that have several names: reads `schemas/rules/messages.toml`.
//!
//! One search over a message finds the texts whose longest fixed part it has; only those are compared. Knows
//! nothing of masking, frames or patterns. Bounds: the first [`MESSAGE_BYTES_MAX`] bytes of a message are looked at.

use crate::grams::{GRAM, Grams};
use crate::model::Runtime;
use rapidhash::{RapidHashMap, RapidHashSet};
use serde::Deserialize;
use std::sync::LazyLock;

pub(crate) const BUILT_IN: &str = include_str!("../../schemas/rules/messages.toml");
/// Lists of names that rules of the taxonomy refer to; the standard library's modules are needed here too.
const NAMES: &str = include_str!("../../schemas/taxonomy/names.toml");

/// Bytes of a message that are looked at.
pub const MESSAGE_BYTES_MAX: usize = 1024;

static MESSAGES: LazyLock<Messages> =
    LazyLock::new(|| Messages::read(BUILT_IN).expect("the built-in messages are read by a test"));

/// Why a file of messages is refused.
#[derive(Debug, thiserror::Error)]
pub enum MessagesError {
    /// Not TOML, or a key that does not exist.
    #[error("messages are not valid")]
    Syntax(#[from] toml::de::Error),
    /// A list names a runtime that does not exist.
    #[error("message list {list} has the unknown runtime {value:?}")]
    Runtime {
        /// Place of the list in the file, from 1.
        list: usize,
        /// What it says.
        value: String,
    },
    /// A text without a fixed part of some length would fit every message.
    #[error("message list {list} has a text without a part of {GRAM} bytes: {text:?}")]
    Wordless {
        /// Place of the list in the file, from 1.
        list: usize,
        /// The text.
        text: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    message: Vec<RawList>,
    #[serde(default)]
    implied: Vec<RawImplied>,
    #[serde(default)]
    types: RapidHashMap<String, Vec<Vec<String>>>,
    #[serde(default)]
    words: Words,
}

/// Words that single steps look for; the file tells what each list is for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Words {
    speaking_types: RapidHashSet<String>,
    composed_types: RapidHashSet<String>,
    vague_types: RapidHashSet<String>,
    compilation_types: RapidHashSet<String>,
    removed_modules: RapidHashSet<String>,
    label_lookups: RapidHashSet<String>,
    missing_labels: Vec<String>,
    hints: Vec<String>,
    pub(crate) imported: Vec<String>,
    pub(crate) nouns: Vec<String>,
    system_errors: Vec<String>,
    privileges: Vec<String>,
    shell_complaints: Vec<String>,
    shell_endings: Vec<String>,
    missing_commands: Vec<String>,
    services: Vec<String>,
    grave_levels: Vec<String>,
    /// Modules of Python's standard library.
    #[serde(skip)]
    python_stdlib: RapidHashSet<String>,
    /// Methods of Python's built-in types.
    #[serde(skip)]
    builtin_methods: RapidHashSet<String>,
    #[serde(skip)]
    finders: Finders,
    /// What stands before and behind the command in each of `missing_commands`.
    #[serde(skip)]
    pub(crate) around_missing: Vec<(String, String)>,
    /// The same of the labels in each of `missing_labels`.
    #[serde(skip)]
    around_labels: Vec<(String, String)>,
}

/// Searches for all words of a list at once; none has fewer than [`GRAM`] bytes.
#[derive(Debug, Default)]
struct Finders {
    hints: Grams,
    /// Complaints of shells, then endings.
    shell: Grams,
    /// Errors of the system, then privileges.
    system: Grams,
}

impl Words {
    /// Whether a type says everything.
    pub(crate) fn speaks(&self, short_type: &str) -> bool {
        self.speaking_types.contains(short_type)
    }

    /// Whether the interpreter composes a type's messages, so that neighbouring words belong together.
    pub(crate) fn composes(&self, short_type: &str) -> bool {
        self.composed_types.contains(short_type)
    }

    /// Whether a type is a runner's word for any failure.
    pub(crate) fn is_vague(&self, short_type: &str) -> bool {
        self.vague_types.contains(short_type)
    }

    /// Whether a client's word for a failure says that a compiler refused the program.
    pub(crate) fn is_compilation(&self, client: &str) -> bool {
        self.compilation_types.contains(client)
    }

    /// Whether a module belongs to Python's standard library.
    pub(crate) fn is_python_stdlib(&self, module: &str) -> bool {
        self.python_stdlib.contains(module)
    }

    /// Whether a number is the level of an error in a record of a log.
    pub(crate) fn is_grave_level(&self, level: u64) -> bool {
        let number = |known: &String| known.strip_prefix("level ")?.parse::<u64>().ok();
        self.grave_levels.iter().any(|known| number(known) == Some(level))
    }

    /// The server that a port is known by.
    pub(crate) fn service_at(&self, port: &str) -> Option<&str> {
        self.services.iter().find_map(|service| {
            let (known, name) = service.strip_prefix("port ")?.split_once(' ')?;
            (known == port).then_some(name)
        })
    }

    /// Whether values of one of Python's built-in types have this method.
    pub(crate) fn is_builtin_method(&self, name: &str) -> bool {
        self.builtin_methods.contains(name)
    }

    /// Whether a module's absence comes from the interpreter's version.
    pub(crate) fn is_removed_module(&self, root: &str) -> bool {
        self.removed_modules.contains(root)
    }

    /// Whether a function of data frames looks labels up by their names.
    pub(crate) fn looks_labels_up(&self, function: &str) -> bool {
        self.label_lookups.contains(function)
    }

    /// Whether a text says in the words of data frames that labels are missing.
    pub(crate) fn lacks_labels(&self, text: &str) -> bool {
        self.around_labels.iter().any(|(before, after)| text.starts_with(before) && text.ends_with(after))
    }

    /// Where the first hint of a message begins.
    pub(crate) fn hint(&self, message: &str) -> Option<usize> {
        let mut first = None;
        self.finders.hints.each_in(message, |_, at| first = Some(first.unwrap_or(at).min(at)));
        first
    }

    /// The complaint of a shell that stands in a message, and the ending of a command: of each the first in its list.
    pub(crate) fn of_shell(&self, message: &str) -> [Option<&str>; 2] {
        let (complaints, mut first) = (self.shell_complaints.len(), [usize::MAX; 2]);
        self.finders.shell.each_in(message, |number, _| {
            let (list, at) = if number < complaints { (0, number) } else { (1, number - complaints) };
            first[list] = first[list].min(at);
        });
        let [complaint, ending] = first;
        [self.shell_complaints.get(complaint), self.shell_endings.get(ending)]
            .map(|word| word.map(String::as_str))
    }

    /// The error of the system that a message in lower case ends with, the first in the list, and whether the message
    /// asks for another user.
    pub(crate) fn of_system(&self, lower: &str) -> (Option<&str>, bool) {
        let (mut first, mut asks) = (usize::MAX, false);
        self.finders.system.each_in(lower, |number, at| match self.system_errors.get(number) {
            Some(error) if at + error.len() == lower.len() => first = first.min(number),
            Some(_) => {}
            None => asks = true,
        });
        (self.system_errors.get(first).map(String::as_str), asks)
    }

    /// Makes ready what is read from the lists.
    fn prepare(&mut self) {
        #[derive(Deserialize)]
        struct Names {
            python_stdlib: RapidHashSet<String>,
            builtin_methods: RapidHashSet<String>,
        }
        // A test of the taxonomy reads the file.
        if let Ok(names) = toml::from_str::<Names>(NAMES) {
            (self.python_stdlib, self.builtin_methods) = (names.python_stdlib, names.builtin_methods);
        }
        fn all(lists: [&[String]; 2]) -> Grams {
            Grams::new(lists.into_iter().flatten().map(String::as_str))
        }
        self.finders = Finders {
            hints: all([&self.hints, &[]]),
            shell: all([&self.shell_complaints, &self.shell_endings]),
            system: all([&self.system_errors, &self.privileges]),
        };
        let pair = |form: &String| form.split_once("{}").map(|(a, b)| (a.to_owned(), b.to_owned()));
        self.around_missing = self.missing_commands.iter().filter_map(pair).collect();
        self.around_labels = self.missing_labels.iter().filter_map(pair).collect();
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawList {
    runtime: Vec<String>,
    /// The type of these messages, where the text has none.
    #[serde(rename = "type")]
    error_type: Option<String>,
    same: Vec<String>,
}

/// Messages that a runtime itself writes, each of one type.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawImplied {
    runtime: String,
    #[serde(rename = "type")]
    error_type: String,
    messages: Vec<String>,
}

/// Compiled lists.
#[derive(Debug)]
pub struct Messages {
    by_runtime: RapidHashMap<Runtime, OfRuntime>,
    words: Words,
}

/// Whether messages of runtimes and libraries consist of such words: one that the built-in lists or the taxonomy has.
pub(crate) fn is_common(word: &str) -> bool {
    static WORDS: LazyLock<RapidHashSet<String>> = LazyLock::new(|| {
        let texts = std::iter::once(BUILT_IN).chain(crate::classify::built_in_texts());
        texts
            .flat_map(|text| text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')))
            .filter(|word| word.len() > 2)
            .map(str::to_ascii_lowercase)
            .collect()
    });
    WORDS.contains(&word.to_ascii_lowercase())
}

#[derive(Debug, Default)]
struct OfRuntime {
    /// The longest fixed part of each text.
    needles: Grams,
    texts: Vec<Text>,
    types: RapidHashMap<String, String>,
    /// Messages that tell their type; no more than that is asked of them.
    implied: Vec<Text>,
}

#[derive(Clone, Debug)]
struct Text {
    /// Fixed parts, in order.
    parts: Vec<String>,
    /// Something stands before the first part.
    open: bool,
    /// Something must stand behind the last part.
    goes_on: bool,
    /// The list's first text.
    counts_as: String,
    error_type: Option<String>,
}

impl Messages {
    /// Reads lists in the form of `schemas/rules/messages.toml`.
    ///
    /// # Errors
    /// When the text is not TOML of that form, names an unknown runtime, or has a text without words.
    pub fn read(text: &str) -> Result<Self, MessagesError> {
        let file: File = toml::from_str(text)?;
        let mut by_runtime: RapidHashMap<Runtime, OfRuntime> = RapidHashMap::default();
        for (number, list) in file.message.iter().enumerate() {
            let list_number = number + 1;
            for name in &list.runtime {
                let runtime = named(name, list_number)?;
                let of_runtime = by_runtime.entry(runtime).or_default();
                for same in &list.same {
                    let counts_as = list.same.first().unwrap_or(same);
                    let mut text = Text::of(same, counts_as)
                        .ok_or_else(|| MessagesError::Wordless { list: list_number, text: same.clone() })?;
                    text.error_type.clone_from(&list.error_type);
                    of_runtime.texts.push(text);
                }
            }
        }
        for (name, types) in file.types {
            let of_runtime = by_runtime.entry(named(&name, 0)?).or_default();
            for same in types {
                let first = same.first().cloned().unwrap_or_default();
                of_runtime.types.extend(same.into_iter().skip(1).map(|each| (each, first.clone())));
            }
        }
        for list in file.implied {
            let of_runtime = by_runtime.entry(named(&list.runtime, 0)?).or_default();
            for message in &list.messages {
                let mut text = Text::of(message, message)
                    .ok_or_else(|| MessagesError::Wordless { list: 0, text: message.clone() })?;
                text.error_type = Some(list.error_type.clone());
                of_runtime.implied.push(text);
            }
        }
        for of_runtime in by_runtime.values_mut() {
            of_runtime.needles = Grams::new(of_runtime.texts.iter().map(Text::longest));
        }
        let mut words = file.words;
        words.prepare();
        Ok(Self { by_runtime, words })
    }

    /// The text that a message counts as, with `{}` where it varies; `None` where no list knows the message.
    #[must_use]
    pub fn same(&self, runtime: Runtime, message: &str) -> Option<&str> {
        Some(self.text(runtime, message)?.counts_as.as_str())
    }

    /// The type that a message without one has, where a list tells.
    pub(crate) fn implied_type(&self, runtime: Runtime, message: &str) -> Option<&str> {
        let listed = self.text(runtime, message).and_then(|text| text.error_type.as_deref());
        listed.or_else(|| {
            let implied = &self.by_runtime.get(&runtime)?.implied;
            let message = &message[..message.floor_char_boundary(MESSAGE_BYTES_MAX)];
            implied.iter().find(|text| text.fits(message))?.error_type.as_deref()
        })
    }

    fn text(&self, runtime: Runtime, message: &str) -> Option<&Text> {
        let of_runtime = self.by_runtime.get(&runtime)?;
        let message = &message[..message.floor_char_boundary(MESSAGE_BYTES_MAX)];
        let mut first = usize::MAX;
        of_runtime.needles.each_in(message, |at, _| {
            if at < first && of_runtime.texts[at].fits(message) {
                first = at;
            }
        });
        of_runtime.texts.get(first)
    }

    /// All texts that messages count as.
    pub(crate) fn counted(&self) -> impl Iterator<Item = &str> {
        self.by_runtime.values().flat_map(|of_runtime| &of_runtime.texts).map(|text| text.counts_as.as_str())
    }

    /// The name that counts of a type without module or package.
    #[must_use]
    pub fn type_name<'t>(&'t self, runtime: Runtime, name: &'t str) -> &'t str {
        self.by_runtime
            .get(&runtime)
            .and_then(|of_runtime| of_runtime.types.get(name))
            .map_or(name, String::as_str)
    }
}

fn named(name: &str, list: usize) -> Result<Runtime, MessagesError> {
    let runtime = Runtime::named(name);
    // What tools say, whose language is none of these.
    if runtime == Runtime::Unknown && name != Runtime::Unknown.as_str() {
        return Err(MessagesError::Runtime { list, value: name.to_owned() });
    }
    Ok(runtime)
}

impl Text {
    fn of(text: &str, counts_as: &str) -> Option<Self> {
        let parts: Vec<String> =
            text.split("{}").filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let text = Self {
            open: text.starts_with("{}"),
            goes_on: text.ends_with("{}"),
            counts_as: counts_as.to_owned(),
            error_type: None,
            parts,
        };
        (text.longest().len() >= GRAM).then_some(text)
    }

    fn longest(&self) -> &str {
        self.parts.iter().max_by_key(|part| part.len()).map_or("", String::as_str)
    }

    fn fits(&self, message: &str) -> bool {
        let mut rest = message;
        for (at, part) in self.parts.iter().enumerate() {
            if at == 0 && !self.open {
                let Some(behind) = rest.strip_prefix(part.as_str()) else { return false };
                rest = behind;
                continue;
            }
            // Between two parts nothing may stand: a plural's ending. Before the first something does.
            let first = if at == 0 { rest.chars().next().map_or(0, char::len_utf8) } else { 0 };
            let Some(found) = rest.get(first..).and_then(|rest| rest.find(part.as_str())) else {
                return false;
            };
            rest = &rest[first + found + part.len()..];
        }
        !self.goes_on || !rest.is_empty()
    }
}

/// The built-in lists.
#[must_use]
pub fn built_in() -> &'static Messages {
    &MESSAGES
}

/// The built-in lists' words.
pub(crate) fn words() -> &'static Words {
    &MESSAGES.words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_messages_are_valid() {
        let Words { hints, system_errors, privileges, shell_complaints, shell_endings, .. } =
            Messages::read(BUILT_IN).unwrap().words;
        let searched = [hints, system_errors, privileges, shell_complaints, shell_endings];
        assert!(searched.iter().flatten().all(|word| word.len() >= GRAM), "shorter words are never found");
    }

    #[test]
    fn refuses_what_cannot_work() {
        let read = |text| Messages::read(text).unwrap_err().to_string();
        assert_eq!(
            read("[[message]]\nruntime = ['cobol']\nsame = ['x']"),
            "message list 1 has the unknown runtime \"cobol\""
        );
        assert_eq!(
            read("[[message]]\nruntime = ['python']\nsame = ['{}: {}']"),
            "message list 1 has a text without a part of 4 bytes: \"{}: {}\""
        );
    }

    #[test]
    fn finds_what_a_message_counts_as() {
        let same = |runtime, message| built_in().same(runtime, message);
        assert_eq!(same(Runtime::Python, "tuple index out of range"), Some("list index out of range"));
        assert_eq!(
            same(Runtime::Java, "Duplicate key alpha (attempted merging values 1 and 2)"),
            Some("Duplicate key {} (attempted merging values {} and {})")
        );
        assert_eq!(same(Runtime::Python, "cannot import name 'x' from 'y'"), None);
        assert_eq!(same(Runtime::Java, "tuple index out of range"), None);
        assert_eq!(same(Runtime::JavaScript, " is not defined"), None, "something stands before it");
        assert_eq!(built_in().type_name(Runtime::Python, "IOError"), "OSError");
        assert_eq!(built_in().type_name(Runtime::Java, "IOError"), "IOError");
    }
}
