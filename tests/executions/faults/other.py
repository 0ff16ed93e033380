"""Go, C, C++, Rust, Ruby, PHP and R: a few faults each. `<<call>>` marks where the failing function is called from."""

from fault import Faults

fault = Faults("other")


def of(language, **common):
    """`fault` for one language: its name stands before the fault's."""

    def add(name, phase, kind, cause, *programs, **options):
        fault(f"{language}-{name}", phase, kind, cause, *programs, language=language, variants=8, **common, **options)

    return add


go, c, cpp, rust, ruby, php, r = (of(name) for name in ("go", "c", "cpp", "rust", "ruby", "php", "r"))

# Go.

go("nil-map", "runtime", "panic", "NullAccess", """
    package main

    func <<fn>>() {
    \tvar <<var>> map[string]int
    \t<<var>>["<<key>>"] = <<int>>
    }
    """, sign="assignment to entry in nil map")  # fmt: skip

go("nil-pointer", "runtime", "panic", "NullAccess", """
    package main

    type <<Class>> struct{ <<key>> *int }

    func <<fn>>() {
    \tvar <<var>> *<<Class>>
    \tprintln(*<<var>>.<<key>>)
    }
    """, sign="nil pointer dereference")  # fmt: skip

go("index", "runtime", "panic", "IndexOutOfRange", """
    package main

    func <<fn>>() {
    \t<<var>> := make([]int, <<small>>)
    \tfor i := 0; i <= len(<<var>>); i++ {
    \t\t<<var>>[i] = <<int>>
    \t}
    }
    """, sign="index out of range")  # fmt: skip

go("interface", "runtime", "panic", "WrongType", """
    package main

    func <<fn>>() {
    \tvar <<var>> interface{} = "<<word>>"
    \tprintln(<<var>>.(int) + <<int>>)
    }
    """, sign="interface conversion")  # fmt: skip

go("deadlock", "runtime", "fatal error", "ConcurrencyMisuse", """
    package main

    func <<fn>>() {
    \t<<var>> := make(chan int)
    \t<<var>> <- <<int>>
    }
    """, sign="all goroutines are asleep")  # fmt: skip

go("undefined", "compile", "CompilationError", "UndefinedName", """
    package main

    func <<fn>>() {
    \tprintln(<<var>> + <<int>>)
    }
    """, """
    package main

    func <<fn>>() {
    \t<<fn2>>(<<int>>)
    }
    """, sign="undefined: ")  # fmt: skip

go("unused", "compile", "CompilationError", "SyntaxMistake", """
    package main

    func <<fn>>() {
    \t<<var>> := <<int>>
    }
    """, sign="declared (and|but) not used")  # fmt: skip

# C and C++.

c("use-after-free", "runtime", "heap-use-after-free", None, """
    #include <stdlib.h>

    int <<fn>>(void) {
        int *<<var>> = malloc(<<int>> * sizeof(int));
        <<var>>[0] = <<int>>;
        free(<<var>>);
        return <<var>>[0];
    }
    """, sign="heap-use-after-free")  # fmt: skip

c("heap-overflow", "runtime", "heap-buffer-overflow", "IndexOutOfRange", """
    #include <stdlib.h>

    int <<fn>>(void) {
        char *<<var>> = malloc(<<int>>);
        <<var>>[<<int>>] = 'x';
        return <<var>>[0];
    }
    """, sign="heap-buffer-overflow")  # fmt: skip

c("null-write", "runtime", "SEGV", "NullAccess", """
    #include <stddef.h>

    struct <<Class>> { int a; int <<key>>; };

    int <<fn>>(void) {
        struct <<Class>> *volatile <<var>> = NULL;
        <<var>>-><<key>> = <<int>>;
        return 0;
    }
    """, sign="SEGV on unknown address")  # fmt: skip

c("undeclared", "compile", "CompilationError", "UndefinedName", """
    int <<fn>>(void) {
        int <<var>> = <<int>>;
        return <<var2>>;
    }
    """, sign="undeclared")  # fmt: skip

c("semicolon", "compile", "CompilationError", "SyntaxMistake", """
    int <<fn>>(void) {
        int <<var>> = <<int>>
        return <<var>>;
    }
    """, sign="expected ")  # fmt: skip

c("unlinked", "compile", "LinkError", "UndefinedName", """
    int <<fn2>>(int value);

    int <<fn>>(void) {
        return <<fn2>>(<<int>>);
    }
    """, sign="undefined reference")  # fmt: skip

cpp("out-of-range", "runtime", "std::out_of_range", "IndexOutOfRange", """
    #include <vector>

    int <<fn>>() {
        std::vector<int> <<var>>(<<small>>, <<int>>);
        return <<var>>.at(<<int>>);
    }
    """, sign="out_of_range")  # fmt: skip

cpp("bad-stoi", "runtime", "std::invalid_argument", "InvalidValue", """
    #include <string>

    int <<fn>>() {
        std::string <<var>> = "<<noun>>";
        return std::stoi(<<var>>);
    }
    """, sign="invalid_argument")  # fmt: skip

# Rust.

rust("unwrap-none", "runtime", "panic", "NullAccess", """
    fn <<fn>>() -> i32 {
        let <<var>>: Vec<i32> = vec![<<int>>, <<int2>>];
        *<<var>>.iter().find(|item| **item > 500).unwrap()
    }
    """, sign="called `Option::unwrap")  # fmt: skip

rust("index", "runtime", "panic", "IndexOutOfRange", """
    fn <<fn>>() -> i32 {
        let <<var>>: Vec<i32> = (0..<<small>>).collect();
        <<var>>[<<small>> + <<int>>]
    }
    """, sign="index out of bounds")  # fmt: skip

rust("borrowed-twice", "runtime", "panic", "ConcurrencyMisuse", """
    use std::cell::RefCell;

    fn <<fn>>() -> i32 {
        let <<var>> = RefCell::new(<<int>>);
        let _first = <<var>>.borrow_mut();
        let second = *<<var>>.borrow_mut();
        second
    }
    """, sign="already (mutably )?borrowed")  # fmt: skip

rust("moved", "compile", "E0382", "StateMisuse", """
    fn <<fn>>() -> i32 {
        let <<var>> = String::from("<<word>>");
        drop(<<var>>);
        <<var>>.len() as i32
    }
    """, sign="E0382")  # fmt: skip

rust("unresolved", "compile", "E0425", "UndefinedName", """
    fn <<fn>>() -> i32 {
        <<var>> + <<int>>
    }
    """, sign="E0425")  # fmt: skip

rust("types", "compile", "E0308", "WrongType", """
    fn <<fn>>() -> i32 {
        let <<var>>: i32 = "<<word>>";
        <<var>>
    }
    """, sign="E0308")  # fmt: skip

# Ruby.

ruby("nil-method", "runtime", "NoMethodError", "NullAccess", """
    def <<fn>>
      <<var>> = { '<<key>>' => <<int>> }
      <<var>>['<<key2>>'].<<attr>>
    end
    """, """
    def <<fn>>
      [<<int>>, <<int2>>].find { |item| item > 500 }.<<attr>>
    end
    """, sign="for nil")  # fmt: skip

ruby("name", "runtime", "NameError", "UndefinedName", """
    def <<fn>>
      <<var>> + <<int>>
    end
    """, sign="undefined local variable")  # fmt: skip

ruby("key", "runtime", "KeyError", "KeyMissing", """
    def <<fn>>
      { <<key>>: <<int>> }.fetch(:<<key2>>)
    end
    """)  # fmt: skip

ruby("frozen", "runtime", "FrozenError", "ImmutableMutation", """
    def <<fn>>
      '<<word>>'.freeze << '<<word2>>'
    end
    """, """
    def <<fn>>
      [<<int>>].freeze.push(<<int2>>)
    end
    """)  # fmt: skip

ruby("gem-absent", "deploy", "LoadError", "MissingPackage", """
    def <<fn>>
      require 'nokogiri'
    end
    """, """
    require 'rails'
    def <<fn>>
      <<int>>
    end
    """, sign="cannot load such file")  # fmt: skip

ruby("file-absent", "runtime", "Errno::ENOENT", "PathIssue", """
    def <<fn>>
      File.read('<<missing>>')
    end
    """)  # fmt: skip

ruby("end-missing", "compile", "SyntaxError", "SyntaxMistake", """
    def <<fn>>
      if <<int>> > 1
        puts '<<word>>'
    end
    """, sign="syntax error")  # fmt: skip

# PHP.

php("null-method", "runtime", "Error", "NullAccess", """
    function <<fn>>() {
        $<<key>> = null;
        return $<<key>>-><<attr>>();
    }
    """, sign="on null")  # fmt: skip

php("function", "runtime", "Error", "UndefinedName", """
    function <<fn>>() {
        return <<fn2>>(<<int>>);
    }
    """, sign="undefined function")  # fmt: skip

php("class-absent", "deploy", "Error", "MissingPackage", """
    function <<fn>>() {
        return new GuzzleHttp\\Client(['timeout' => <<int>>]);
    }
    """, """
    function <<fn>>() {
        return Monolog\\Logger::getInstance('<<key>>');
    }
    """, sign='Class .* not found')  # fmt: skip

php("types", "runtime", "TypeError", "WrongType", """
    function <<fn2>>(int $value) { return $value; }
    function <<fn>>() {
        return <<fn2>>('<<noun>>');
    }
    """, sign="must be of type int")  # fmt: skip

php("zero-division", "runtime", "DivisionByZeroError", "DivisionByZero", """
    function <<fn>>() {
        $<<key>> = 0;
        return <<int>> % $<<key>>;
    }
    """, """
    function <<fn>>() {
        return intdiv(<<big>>, 0);
    }
    """)  # fmt: skip

php("brace-missing", "compile", "ParseError", "SyntaxMistake", """
    function <<fn>>() {
        if (<<int>> > 1) {
            echo '<<word>>';
    }
    """, sign="Unclosed|unexpected end of file")  # fmt: skip

# R.

r("object", "runtime", "simpleError", "UndefinedName", """
    <<fn>> <- function() {
      <<var>> + <<int>>
    }
    """, sign="object .* not found")  # fmt: skip

r("function", "runtime", "simpleError", "UndefinedName", """
    <<fn>> <- function() {
      <<fn2>>(<<int>>)
    }
    """, sign="could not find function")  # fmt: skip

r("package-absent", "deploy", "packageNotFoundError", "MissingPackage", """
    <<fn>> <- function() {
      library(dplyr)
    }
    """, """
    library(ggplot2)
    <<fn>> <- function() <<int>>
    """, sign="there is no package called")  # fmt: skip

r("operand", "runtime", "simpleError", "WrongType", """
    <<fn>> <- function() {
      <<int>> + "<<word>>"
    }
    """, sign="non-numeric argument")  # fmt: skip

r("subscript", "runtime", "simpleError", "IndexOutOfRange", """
    <<fn>> <- function() {
      <<var>> <- list(<<int>>, <<int2>>)
      <<var>>[[<<small>> + 3]]
    }
    """, sign="subscript out of bounds")  # fmt: skip

r("bracket-open", "compile", "SyntaxError", "SyntaxMistake", """
    <<fn>> <- function() {
      print(<<int>>
    }
    """, sign="unexpected")  # fmt: skip

# Look-alikes: what shares its words with a fault above and is mended in another way.

go("slice-bounds", "runtime", "panic", "IndexOutOfRange", """
    package main

    func <<fn>>() {
    \t<<var>> := make([]int, <<small>>)
    \t<<var2>> := len(<<var>>) + <<int>>
    \tprintln(len(<<var>>[:<<var2>>]))
    }
    """, """
    package main

    func <<fn>>() {
    \t<<var>> := "<<noun>>"
    \tat := <<int>> + 20
    \tprintln(<<var>>[at:])
    }
    """, sign="slice bounds out of range")  # fmt: skip

go("closed-channel", "runtime", "panic", "StateMisuse", """
    package main

    func <<fn>>() {
    \t<<var>> := make(chan int, <<small>>)
    \tclose(<<var>>)
    \t<<var>> <- <<int>>
    }
    """, """
    package main

    func <<fn>>() {
    \t<<var>> := make(chan string, 9)
    \tfor i := 0; i < <<small>>; i++ {
    \t\t<<var>> <- "<<word>>"
    \t\tclose(<<var>>)
    \t}
    }
    """, sign="send on closed channel")  # fmt: skip

go("zero-division", "runtime", "panic", "DivisionByZero", """
    package main

    func <<fn>>() {
    \t<<var>> := []int{}
    \tprintln(<<int>> / len(<<var>>))
    }
    """, """
    package main

    func <<fn>>() {
    \tfor <<var>> := <<small>>; <<var>> >= 0; <<var>>-- {
    \t\tprintln(<<big>> % <<var>>)
    \t}
    }
    """, sign="integer divide by zero")  # fmt: skip

go("types", "compile", "CompilationError", "WrongType", """
    package main

    func <<fn>>() {
    \tvar <<var>> int = "<<word>>"
    \tprintln(<<var>>)
    }
    """, """
    package main

    func <<fn2>>(value string) int { return len(value) }

    func <<fn>>() {
    \tprintln(<<fn2>>(<<int>>))
    }
    """, sign="cannot use ")  # fmt: skip

go("import-unused", "compile", "CompilationError", "SyntaxMistake", """
    package main

    import "os"

    func <<fn>>() {
    \tprintln(<<int>>)
    }
    """, """
    package main

    import (
    \t"fmt"
    \t"strings"
    )

    func <<fn>>() {
    \tfmt.Println("<<text>>")
    }
    """, sign="imported and not used")  # fmt: skip

c("stack-overflow", "runtime", "stack-overflow", "InfiniteRecursion", """
    int <<fn2>>(int n) {
        volatile int <<var>>[64];
        <<var>>[0] = n;
        return <<fn2>>(n + 1) + <<var>>[0];
    }

    int <<fn>>(void) {
        return <<fn2>>(<<int>>);
    }
    """, """
    struct <<Class>> { int <<key>>; struct <<Class>> *next; };

    int <<fn2>>(struct <<Class>> *item) {
        return item->next ? <<fn2>>(item->next) + item-><<key>> : 0;
    }

    int <<fn>>(void) {
        struct <<Class>> <<var>> = {<<int>>, 0};
        <<var>>.next = &<<var>>;
        return <<fn2>>(&<<var>>);
    }
    """, sign="AddressSanitizer: stack-overflow")  # fmt: skip

c("stack-buffer-overflow", "runtime", "stack-buffer-overflow", "IndexOutOfRange", """
    int <<fn>>(void) {
        int <<var>>[<<small>>];
        for (int i = 0; i <= <<small>>; i++) {
            <<var>>[i] = <<int>>;
        }
        return <<var>>[0];
    }
    """, """
    #include <string.h>

    int <<fn>>(void) {
        char <<var>>[4];
        strcpy(<<var>>, "<<noun>>-<<int>>");
        return <<var>>[0];
    }
    """, sign="stack-buffer-overflow")  # fmt: skip

rust("unwrap-err", "runtime", "panic", "InvalidValue", """
    fn <<fn>>() -> i32 {
        let <<var>> = "<<noun>>";
        <<var>>.parse::<i32>().unwrap()
    }
    """, """
    fn <<fn>>() -> i32 {
        "<<int>>;<<word>>x".split(';').map(|part| part.parse::<i32>().unwrap()).sum()
    }
    """, sign="called `Result::unwrap.*ParseIntError")  # fmt: skip

rust("overflow", "runtime", "panic", "InvalidValue", """
    fn <<fn>>() -> i32 {
        let <<var>>: Vec<u8> = vec![<<int>>, 250];
        <<var>>.iter().fold(0u8, |sum, item| sum + item) as i32
    }
    """, """
    fn <<fn>>() -> i32 {
        let <<var>> = <<small>> + 13;
        (1..=<<var>>).fold(1i32, |product, item| product * item)
    }
    """, sign="with overflow")  # fmt: skip

rust("borrowed-mutably", "compile", "E0502", "ConcurrencyMisuse", """
    fn <<fn>>() -> i32 {
        let mut <<var>> = vec![<<int>>, <<int2>>];
        let first = &<<var>>[0];
        <<var>>.push(<<int3>>);
        *first
    }
    """, """
    fn <<fn>>() -> i32 {
        let mut <<var>> = String::from("<<word>>");
        for letter in <<var>>.chars() {
            <<var>>.push(letter);
        }
        <<int>>
    }
    """, sign="E0502")  # fmt: skip
