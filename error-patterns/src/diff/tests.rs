//! Diffs of real texts, and what holds for any two.

use super::*;
use crate::model::RawException;
use crate::parse;
use proptest::prelude::*;

const LEFT: &str = r#"Traceback (most recent call last):
  File "/tmp/job-1/main.py", line 12, in <module>
    report(load("a.csv"))
  File "/tmp/job-1/main.py", line 4, in load
    return pandas.read_csv(path)
  File "/usr/lib/python3/site-packages/pandas/io/parsers.py", line 912, in read_csv
    return _read(path, kwds)
FileNotFoundError: [Errno 2] No such file or directory: 'a.csv'
"#;
const RIGHT: &str = r#"Traceback (most recent call last):
  File "/tmp/job-2/main.py", line 14, in <module>
    report(load("b.csv"))
  File "/tmp/job-2/main.py", line 4, in load
    return pandas.read_csv(path)
  File "/usr/lib/python3/site-packages/pandas/util/decorators.py", line 311, in wrapper
    return func(*args, **kwargs)
  File "/usr/lib/python3/site-packages/pandas/io/parsers.py", line 912, in read_csv
    return _read(path, kwds)
FileNotFoundError: [Errno 2] No such file or directory: 'b.csv'
"#;

fn parsed(text: &str) -> Parsed<'_> {
    parse(&RawException { stacktrace: Some(text), ..RawException::default() })
}

/// One line a frame: how it is, on which sides, what differs.
fn shown(left: &str, right: &str) -> Vec<String> {
    let (a, b) = (parsed(left), parsed(right));
    let mut lines = Vec::new();
    for each in &Diff::of(&a, &b).exceptions {
        let side = |index: Option<usize>, of: &Parsed<'_>| {
            index.map(|index| of.exceptions[index].error_type.to_string())
        };
        let name = side(each.left, &a).or_else(|| side(each.right, &b)).unwrap();
        lines.push(format!("{name}: {}", each.side.as_str()));
        for frame in &each.frames {
            let of = frame.left.map(|index| &a.exceptions[each.left.unwrap()].frames[index]);
            let of = of.or_else(|| frame.right.map(|index| &b.exceptions[each.right.unwrap()].frames[index]));
            let changed: Vec<&str> = frame.changed.iter().map(|part| part.as_str()).collect();
            lines.push(format!("  {} {} {}", of.unwrap().function, frame.side.as_str(), changed.join(",")));
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn one_frame_more_leaves_the_others_aligned() {
    assert_eq!(
        shown(LEFT, RIGHT),
        [
            "FileNotFoundError: changed",
            "  read_csv same",
            "  wrapper right",
            "  load changed file",
            "  <module> changed file,line,source",
        ]
    );
}

#[test]
fn a_diff_is_readable() {
    let (a, b) = (parsed(LEFT), parsed(RIGHT));
    let text = Diff::of(&a, &b).text(&a, &b);
    let expect = "\
~ FileNotFoundError: [Errno 2] No such file or directory: '[a.csv|b.csv]'
    read_csv (/usr/lib/python3/site-packages/pandas/io/parsers.py:912) library
+   wrapper (/usr/lib/python3/site-packages/pandas/util/decorators.py:311) library
~   load (/tmp/job-1/main.py -> /tmp/job-2/main.py:4) user
~   <module> (/tmp/job-1/main.py -> /tmp/job-2/main.py:12 -> 14) user
-       report(load(\"a.csv\"))
+       report(load(\"b.csv\"))
";
    assert_eq!(text, expect);
}

#[test]
fn causes_are_aligned() {
    let chain = "java.lang.IllegalStateException: no order\n\tat shop.Orders.find(Orders.java:10)\n\
                 Caused by: java.sql.SQLException: closed\n\tat db.Pool.take(Pool.java:5)\n";
    let more = "java.lang.IllegalStateException: no order\n\tat shop.Orders.find(Orders.java:10)\n\
                Caused by: java.lang.RuntimeException: wrapped\n\tat shop.Wrap.run(Wrap.java:3)\n\
                Caused by: java.sql.SQLException: closed\n\tat db.Pool.take(Pool.java:7)\n";
    assert_eq!(
        shown(chain, more),
        [
            "java.lang.IllegalStateException: same",
            "  find same",
            "java.lang.RuntimeException: right",
            "  run right",
            "java.sql.SQLException: changed",
            "  take changed line",
        ]
    );
}

#[test]
fn messages_word_by_word() {
    let check = |left: &str, right: &str, expect: &[(&str, &str, bool)]| {
        let pieces = Pieces::of(left, right);
        let found: Vec<(&str, &str, bool)> =
            pieces.0.iter().map(|piece| (&*piece.left, &*piece.right, piece.parameter)).collect();
        assert_eq!(found, expect);
    };
    check("same", "same", &[("same", "same", false)]);
    check(
        "No such file: 'a.csv'",
        "No such file: 'b.csv'",
        &[("No such file: '", "No such file: '", false), ("a.csv", "b.csv", true), ("'", "'", false)],
    );
    check(
        "got 3 rows",
        "got 41 rows",
        &[("got ", "got ", false), ("3", "41", true), (" rows", " rows", false)],
    );
    check("", "x", &[("", "x", true)]);
}

/// Stacks of few different frames, so that much of them is alike.
fn stack() -> impl Strategy<Value = Parsed<'static>> {
    let frame = (0..4_u32, 0..3_u32, 1..4_u32, any::<bool>()).prop_map(|(function, file, line, own)| Frame {
        function: format!("f{function}").into(),
        module: String::new().into(),
        file: format!("/srv/{file}/app.py").into(),
        line: Some(line),
        origin: if own { Origin::Program } else { Origin::Library },
        ..Frame::default()
    });
    let exception =
        (0..3_u32, 0..3_u32, prop::collection::vec(frame, 0..8)).prop_map(|(kind, message, frames)| {
            ParsedException {
                error_type: format!("E{kind}").into(),
                message: format!("m {message}").into(),
                frames,
                ..ParsedException::default()
            }
        });
    prop::collection::vec(exception, 1..4).prop_map(|exceptions| Parsed { exceptions, ..Parsed::default() })
}

proptest! {
    #[test]
    fn nothing_differs_from_itself(one in stack()) {
        let diff = Diff::of(&one, &one);
        prop_assert!(diff.is_same());
        prop_assert!(diff.exceptions.iter().flat_map(|each| &each.frames).all(|frame| frame.side == Side::Same));
    }

    #[test]
    fn sides_can_be_changed(left in stack(), right in stack()) {
        prop_assert_eq!(Diff::of(&left, &right).mirrored(), Diff::of(&right, &left));
    }

    #[test]
    fn every_frame_is_there_once_and_in_order(left in stack(), right in stack()) {
        let diff = Diff::of(&left, &right);
        for (index, of) in left.exceptions.iter().enumerate() {
            let at: Vec<_> = diff.exceptions.iter().filter(|each| each.left == Some(index)).collect();
            prop_assert_eq!(at.len(), 1);
            let frames: Vec<usize> = at[0].frames.iter().filter_map(|frame| frame.left).collect();
            prop_assert_eq!(frames, (0..of.frames.len()).collect::<Vec<_>>());
        }
        for (index, of) in right.exceptions.iter().enumerate() {
            let at: Vec<_> = diff.exceptions.iter().filter(|each| each.right == Some(index)).collect();
            prop_assert_eq!(at.len(), 1);
            let frames: Vec<usize> = at[0].frames.iter().filter_map(|frame| frame.right).collect();
            prop_assert_eq!(frames, (0..of.frames.len()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn messages_are_whole(left in ".{0,60}", right in ".{0,60}") {
        let pieces = Pieces::of(&left, &right);
        prop_assert_eq!(pieces.0.iter().map(|piece| &*piece.left).collect::<String>(), &*left);
        prop_assert_eq!(pieces.0.iter().map(|piece| &*piece.right).collect::<String>(), &*right);
        prop_assert_eq!(pieces.mirrored(), Pieces::of(&right, &left));
        prop_assert!(Pieces::of(&left, &left).0.iter().all(Piece::is_same));
    }
}
