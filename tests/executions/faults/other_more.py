"""Go, C, C++, Rust and Perl, continued."""

from fault import Faults

fault = Faults("other", wide=True)


def of(language, **common):
    """`fault` for one language: its name stands before the fault's."""

    def add(name, phase, kind, cause, *programs, **options):
        fault(f"{language}-{name}", phase, kind, cause, *programs, **{"language": language, "variants": 10, **common, **options})

    return add


go, c, cpp, rust, perl = (of(name) for name in ("go", "c", "cpp", "rust", "perl"))

# Go: panics that programs make of errors.

go("atoi", "runtime", "panic", "InvalidValue", """
    package main

    import "strconv"

    func <<fn>>() {
    \tn, err := strconv.Atoi("<<datum>>.")
    \tif err != nil {
    \t\tpanic(err)
    \t}
    \tprintln(n * <<int>>)
    }
    """, """
    package main

    import (
    \t"strconv"
    \t"strings"
    )

    func <<fn>>() {
    \tfor _, part := range strings.Split("<<int>>,<<noun>>", ",") {
    \t\tif _, err := strconv.Atoi(part); err != nil {
    \t\t\tpanic(err)
    \t\t}
    \t}
    }
    """, sign="invalid syntax")  # fmt: skip

go("atoi-range", "runtime", "panic", "InvalidValue", """
    package main

    import "strconv"

    func <<fn>>() {
    \tn, err := strconv.Atoi("<<big>><<ms>><<ms>>")
    \tif err != nil {
    \t\tpanic(err)
    \t}
    \tprintln(n)
    }
    """, """
    package main

    import "strconv"

    func <<fn>>() {
    \tif _, err := strconv.ParseInt("<<ms>>", 10, 32); err != nil {
    \t\tpanic(err)
    \t}
    }
    """, sign="value out of range")  # fmt: skip

go("file-absent", "runtime", "panic", "PathIssue", """
    package main

    import "os"

    func <<fn>>() {
    \tdata, err := os.ReadFile("<<missing>>")
    \tif err != nil {
    \t\tpanic(err)
    \t}
    \tprintln(len(data))
    }
    """, """
    package main

    import (
    \t"fmt"
    \t"os"
    )

    func <<fn>>() {
    \tif _, err := os.Open("<<missing>>"); err != nil {
    \t\tpanic(fmt.Errorf("cannot read <<noun>>s: %w", err))
    \t}
    }
    """, sign="no such file or directory")  # fmt: skip

go("json-types", "runtime", "panic", "WrongType", """
    package main

    import "encoding/json"

    type <<Class>> struct {
    \tCount int `json:"<<key>>"`
    }

    func <<fn>>() {
    \tvar <<var>> <<Class>>
    \tif err := json.Unmarshal([]byte(`{"<<key>>": "<<word>>"}`), &<<var>>); err != nil {
    \t\tpanic(err)
    \t}
    }
    """, """
    package main

    import "encoding/json"

    func <<fn>>() {
    \tvar <<var>> []string
    \tif err := json.Unmarshal([]byte(`{"<<key>>": <<int>>}`), &<<var>>); err != nil {
    \t\tpanic(err)
    \t}
    }
    """, sign="cannot unmarshal")  # fmt: skip

go("json-malformed", "runtime", "panic", "MalformedData", """
    package main

    import "encoding/json"

    func <<fn>>() {
    \tvar <<var>> map[string]int
    \tif err := json.Unmarshal([]byte(`{'<<key>>': <<int>>}`), &<<var>>); err != nil {
    \t\tpanic(err)
    \t}
    }
    """, """
    package main

    import "encoding/json"

    func <<fn>>() {
    \tvar <<var>> []int
    \tif err := json.Unmarshal([]byte(`[<<int>>, <<int2>>`), &<<var>>); err != nil {
    \t\tpanic(err)
    \t}
    }
    """, sign="invalid character|unexpected end of JSON")  # fmt: skip

go("closed-twice", "runtime", "panic", "StateMisuse", """
    package main

    func <<fn>>() {
    \t<<var>> := make(chan int, <<small>>)
    \tclose(<<var>>)
    \tclose(<<var>>)
    }
    """, """
    package main

    func <<fn>>() {
    \t<<var>> := make(chan string)
    \tdefer close(<<var>>)
    \tfor i := 0; i < <<small>>; i++ {
    \t\tclose(<<var>>)
    \t}
    }
    """, sign="close of closed channel")  # fmt: skip

go("wait-group", "runtime", "panic", "ConcurrencyMisuse", """
    package main

    import "sync"

    func <<fn>>() {
    \tvar <<var>> sync.WaitGroup
    \t<<var>>.Done()
    }
    """, """
    package main

    import "sync"

    func <<fn>>() {
    \tvar <<var>> sync.WaitGroup
    \t<<var>>.Add(1)
    \tfor i := 0; i < <<small>>; i++ {
    \t\t<<var>>.Done()
    \t}
    }
    """, sign="negative WaitGroup counter")  # fmt: skip

go("order-unknown", "runtime", "panic", "KeyMissing", """
    package main

    import "fmt"

    func <<fn>>() {
    \t<<var>> := map[string]int{"<<noun>>": <<int>>}
    \tif _, ok := <<var>>["<<id>>"]; !ok {
    \t\tpanic(fmt.Sprintf("order %s of %s is not known", "<<id>>", "<<who>>"))
    \t}
    }
    """, """
    package main

    import "fmt"

    func <<fn>>() {
    \tpanic(fmt.Errorf("order %s of %s is not known", "<<id>>", "<<email>>"))
    }
    """, sign="is not known")  # fmt: skip

go("order-cancelled", "runtime", "panic", "StateMisuse", """
    package main

    import "fmt"

    func <<fn>>() {
    \tpanic(fmt.Sprintf("order %s of %s is %s, cannot ship it", "<<id>>", "<<who>>", "<<state>>"))
    }
    """, """
    package main

    import "fmt"

    func <<fn>>() {
    \tpanic(fmt.Errorf("order %s of %s is <<state>>, cannot ship it", "<<id>>", "<<email>>"))
    }
    """, sign="cannot ship it")  # fmt: skip

go("results-many", "compile", "CompilationError", "ArityMismatch", """
    package main

    import "strconv"

    func <<fn>>() {
    \t<<var>> := strconv.Atoi("<<int>>")
    \tprintln(<<var>>)
    }
    """, """
    package main

    func <<fn2>>() (int, error) { return <<int>>, nil }

    func <<fn>>() {
    \ta, b, err := <<fn2>>()
    \tprintln(a, b, err)
    }
    """, sign="assignment mismatch")  # fmt: skip

go("arguments", "compile", "CompilationError", "ArgumentMismatch", """
    package main

    func <<fn2>>(a int, b string) int { return a + len(b) }

    func <<fn>>() {
    \tprintln(<<fn2>>(<<int>>))
    }
    """, """
    package main

    import "strings"

    func <<fn>>() {
    \tprintln(strings.Repeat("<<word>>", <<int>>, 2))
    }
    """, sign="(not enough|too many) arguments in call")  # fmt: skip

# C and C++.

c("double-free", "runtime", "double-free", None, """
    #include <stdlib.h>

    int <<fn>>(void) {
        char *<<var>> = malloc(<<int>>);
        free(<<var>>);
        free(<<var>>);
        return 0;
    }
    """, """
    #include <stdlib.h>

    struct <<Class>> { char *<<key>>; };

    static void <<fn2>>(struct <<Class>> *item) { free(item-><<key>>); }

    int <<fn>>(void) {
        struct <<Class>> <<var>> = {malloc(<<int>>)};
        struct <<Class>> copy = <<var>>;
        <<fn2>>(&<<var>>);
        <<fn2>>(&copy);
        return 0;
    }
    """, sign="attempting double-free")  # fmt: skip

c("arguments", "compile", "CompilationError", "ArgumentMismatch", """
    static int <<fn2>>(int a, int b) { return a + b; }

    int <<fn>>(void) {
        return <<fn2>>(<<int>>);
    }
    """, """
    #include <string.h>

    int <<fn>>(void) {
        char <<var>>[<<int>>];
        strncpy(<<var>>, "<<word>>");
        return <<var>>[0];
    }
    """, sign="too (few|many) arguments to function")  # fmt: skip

cpp("bad-alloc", "runtime", "std::bad_alloc", "ResourceExhausted", """
    #include <vector>

    int <<fn>>() {
        std::vector<long> <<var>>(<<int>>00000000000000L);
        return <<var>>.size();
    }
    """, """
    int <<fn>>() {
        volatile unsigned long size = <<int>>00000000000000UL;
        char *<<var>> = new char[size];
        return <<var>>[0];
    }
    """, sign="bad_alloc")  # fmt: skip

cpp("length-error", "runtime", "std::length_error", "InvalidValue", """
    #include <vector>

    int <<fn>>() {
        int count = -<<int>>;
        std::vector<int> <<var>>;
        <<var>>.reserve(count);
        return 0;
    }
    """, """
    #include <string>

    int <<fn>>() {
        std::string <<var>>(std::string("<<noun>>").size() - 40, 'x');
        return <<var>>.size();
    }
    """, sign="length_error")  # fmt: skip

cpp("optional-empty", "runtime", "std::bad_optional_access", "NullAccess", """
    #include <optional>

    static std::optional<int> <<fn2>>(int value) { return value > 500 ? std::optional<int>(value) : std::nullopt; }

    int <<fn>>() {
        return <<fn2>>(<<int>>).value();
    }
    """, sign="bad_optional_access")  # fmt: skip

cpp("stock-reserved", "runtime", "std::runtime_error", "InvalidValue", """
    #include <stdexcept>
    #include <string>

    int <<fn>>() {
        throw std::runtime_error("cannot reserve " + std::to_string(<<big>>) + " of <<sku>>: only " + std::to_string(<<int>>) + " left");
    }
    """, sign="only \\d+ left")  # fmt: skip

cpp("stock-unknown", "runtime", "std::runtime_error", "KeyMissing", """
    #include <map>
    #include <stdexcept>
    #include <string>

    int <<fn>>() {
        std::map<std::string, int> <<var>>{{"<<noun>>", <<int>>}};
        if (!<<var>>.count("<<sku>>"))
            throw std::runtime_error("cannot reserve " + std::to_string(<<big>>) + " of <<sku>>: no such article");
        return 0;
    }
    """, sign="no such article")  # fmt: skip

# Rust.

rust("file-absent", "runtime", "panic", "PathIssue", """
    fn <<fn>>() -> i32 {
        let <<var>> = std::fs::read_to_string("<<missing>>").unwrap();
        <<var>>.len() as i32
    }
    """, """
    fn <<fn>>() -> i32 {
        std::fs::File::open("<<missing>>").expect("cannot open the <<noun>>s");
        <<int>>
    }
    """, sign="NotFound")  # fmt: skip

rust("zero-division", "runtime", "panic", "DivisionByZero", """
    fn <<fn>>() -> i32 {
        let <<var>>: Vec<i32> = Vec::new();
        <<int>> / <<var>>.len() as i32
    }
    """, """
    fn <<fn>>() -> i32 {
        (0..<<small>>).map(|item| <<int>> % item).sum()
    }
    """, sign="with a divisor of zero|divide by zero")  # fmt: skip

rust("character-boundary", "runtime", "panic", "EncodingIssue", """
    fn <<fn>>() -> i32 {
        let <<var>> = "\\u{e9}t\\u{e9} <<noun>>";
        <<var>>[1..].len() as i32
    }
    """, """
    fn <<fn>>() -> i32 {
        let <<var>> = String::from("\\u{6570}\\u{636e} <<int>>");
        (&<<var>>[..<<small>> * 3 - 2]).len() as i32
    }
    """, sign="char boundary")  # fmt: skip

rust("method-misspelt", "compile", "E0599", "UndefinedName", """
    fn <<fn>>() -> i32 {
        let <<var>> = vec![<<int>>, <<int2>>];
        <<var>>.length() as i32
    }
    """, """
    struct <<Class>> { value: i32 }
    fn <<fn>>() -> i32 {
        <<Class>> { value: <<int>> }.total_<<noun>>()
    }
    """, sign="E0599")  # fmt: skip

rust("arguments", "compile", "E0061", "ArgumentMismatch", """
    fn <<fn2>>(a: i32, b: i32) -> i32 { a + b }
    fn <<fn>>() -> i32 {
        <<fn2>>(<<int>>)
    }
    """, sign="E0061")  # fmt: skip

rust("not-mutable", "compile", "E0384", "ImmutableMutation", """
    fn <<fn>>() -> i32 {
        let <<var>> = <<int>>;
        println!("{}", <<var>>);
        <<var>> = <<int2>>;
        <<var>>
    }
    """, sign="E0384")  # fmt: skip

# Perl.

perl("module-absent", "deploy", "die", "MissingPackage", """
    use JSON::XS;
    sub <<fn>> {
        return encode_json({ <<key>> => <<int>> });
    }
    """, """
    use strict;
    sub <<fn>> {
        require LWP::UserAgent;
        return LWP::UserAgent->new(timeout => <<int>>);
    }
    """, """
    use DBD::Pg;
    sub <<fn>> { return <<int>>; }
    """, sign="Can't locate \\S+ in @INC")  # fmt: skip

perl("undef-method", "runtime", "die", "NullAccess", """
    sub <<fn>> {
        my %<<key>> = (<<noun>> => <<int>>);
        return $<<key>>{<<noun2>>x}->get('<<word>>');
    }
    """, """
    sub <<fn>> {
        my $<<key>>;
        $<<key>>-><<attr>>(<<int>>);
    }
    """, sign="on an undefined value")  # fmt: skip

perl("method-misspelt", "runtime", "die", "UndefinedName", """
    package <<Class>>;
    sub new { return bless {}, shift; }
    package main;
    sub <<fn>> {
        return <<Class>>->new-><<fn2>>(<<int>>);
    }
    """, sign="Can't locate object method")  # fmt: skip

perl("function-undefined", "runtime", "die", "UndefinedName", """
    sub <<fn>> {
        return <<fn2>>(<<int>>, '<<word>>');
    }
    """, sign="Undefined subroutine")  # fmt: skip

perl("zero-division", "runtime", "die", "DivisionByZero", """
    sub <<fn>> {
        my @<<key>> = ();
        return <<int>> / scalar(@<<key>>);
    }
    """, """
    sub <<fn>> {
        return <<big>> % 0;
    }
    """, sign="Illegal (division|modulus)")  # fmt: skip

perl("text-as-reference", "runtime", "die", "WrongType", """
    use strict;
    sub <<fn>> {
        my $<<key>> = '<<word>>';
        return $<<key>>->{<<noun>>};
    }
    """, """
    use strict;
    sub <<fn>> {
        my $<<key>> = 'n<<int>>';
        push @$<<key>>, <<int>>;
    }
    """, sign="while \"strict refs\" in use")  # fmt: skip

perl("name-undeclared", "compile", "CompilationError", "UndefinedName", """
    use strict;
    sub <<fn>> {
        return $<<key>> + <<int>>;
    }
    """, """
    use strict; use warnings;
    sub <<fn>> {
        my $<<key>> = <<int>>;
        return $<<key>>s_total * 2;
    }
    """, sign="Global symbol")  # fmt: skip
