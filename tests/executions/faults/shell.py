"""bash and sh: commands, paths, expansions and syntax. `type` is what was sent by the better runners."""

from fault import Faults

fault = Faults("bash")

fault("command-absent", "deploy", "ExitCode127", "MissingBinary", """
    pandoc <<stem>>.md -o <<stem>>.docx
    """, """
    pdftotext <<stem>>.pdf - | head -<<int>>
    """, """
    <<var>>=$(mongodump --db <<noun>>)
    """, """
    ffmpeg -i "<<file>>" out.mp4 || exit $?
    """, code=127, sign="not found", quick=True)  # fmt: skip

fault("file-absent", "runtime", "FileNotFound", "PathIssue", """
    cat "<<missing>>"
    """, """
    grep <<noun>> '<<missing>>'
    """, """
    cp <<missing>> /tmp/
    """, """
    while read -r <<var>>; do echo "$<<var>>"; done < <<missing>>
    """, """
    cd <<missing>>.d && ls
    """, """
    wc -l "<<missing>>"
    """, sign="No such file|can't cd|cannot open", quick=True)  # fmt: skip

fault("file-forbidden", "runtime", "PermissionDenied", "PermissionDenied", """
    touch <<stem>>.key; chmod 000 <<stem>>.key
    cat <<stem>>.key
    """, """
    mkdir <<stem>>; chmod 500 <<stem>>
    echo <<int>> > <<stem>>/out.txt
    """, """
    mkdir -p <<stem>>; chmod 0 <<stem>>
    ls <<stem>>/
    """, denied=True, sign="ermission denied", quick=True)  # fmt: skip

fault("script-not-executable", "deploy", "PermissionDenied", "PermissionDenied", """
    echo 'echo <<int>>' > <<stem>>.sh
    ./<<stem>>.sh
    """, """
    printf '#!/bin/sh\\nexit 0\\n' > <<noun>>-run
    "$PWD/<<noun>>-run" --<<key>> <<int>>
    """, code=126, sign="ermission denied", quick=True)  # fmt: skip

fault("interpreter-absent", "deploy", "BadInterpreter", "MissingBinary", """
    printf '#!/usr/bin/python<<int>>\\nprint(1)\\n' > <<stem>>.py; chmod +x <<stem>>.py
    ./<<stem>>.py
    """, """
    printf '#!/opt/<<noun>>/bin/node\\n' > <<noun>>.js; chmod 755 <<noun>>.js
    ./<<noun>>.js <<int>>
    """, sign="bad interpreter|cannot execute: required file not found|not found", only="bash")  # fmt: skip

fault("variable-unset", "runtime", "UnboundVariable", "UndefinedName", """
    set -u
    echo "$<<var>>"
    """, """
    set -euo pipefail
    <<var>>=<<int>>
    echo $((<<var>> + <<var2>>))
    """, """
    set -o nounset
    rm -f "/tmp/${<<env>>}/<<noun>>"
    """, sign="unbound variable|parameter not set", quick=True)  # fmt: skip

fault("parameter-required", "runtime", "ParameterNull", "KeyMissing", """
    : "${<<env>>:?}"
    """, """
    <<var>>=${<<env>>:?"<<text>> must be set"}
    """, sign="parameter null or not set|must be set", quick=True)  # fmt: skip

fault("readonly-assigned", "runtime", "ReadonlyVariable", "ImmutableMutation", """
    readonly <<var>>=<<int>>
    <<var>>=<<int2>>
    """, """
    declare -r <<env>>="<<word>>"
    unset <<env>>
    false
    """, sign="readonly|read only", only="bash")  # fmt: skip

fault("test-integer", "runtime", "IntegerExpected", "WrongType", """
    <<var>>="<<word>>"
    [ "$<<var>>" -gt <<int>> ] || exit 2
    """, """
    if [ "<<noun>>" -eq <<int>> ]; then echo yes; else exit 2; fi
    """, sign="integer expression expected|Illegal number|integer expected")  # fmt: skip

fault("arithmetic-zero", "runtime", "DivisionByZero", "DivisionByZero", """
    <<var>>=0
    echo $((<<int>> / <<var>>))
    """, """
    let "<<var>> = <<big>> % 0"
    """, sign="ivision by (0|zero)|divide by zero", only="bash")  # fmt: skip

fault("arithmetic-octal", "runtime", "InvalidNumber", "InvalidValue", """
    <<var>>=08
    echo $((<<var>> + <<int>>))
    """, """
    month=09
    (( month += <<small>> ))
    """, sign="value too great for base", only="bash")  # fmt: skip

fault("redirect-ambiguous", "runtime", "AmbiguousRedirect", "InvalidValue", """
    <<var>>="<<noun>> <<noun2>>"
    echo <<int>> > $<<var>>
    """, """
    cat < $<<var>>
    """, sign="ambiguous redirect", only="bash")  # fmt: skip

fault("local-outside", "runtime", "LocalOutsideFunction", "StateMisuse", """
    local <<var>>=<<int>>
    """, """
    if true; then local <<var>>; fi
    """, sign="can only be used in a function", only="bash")  # fmt: skip

fault("syntax-token", "compile", "SyntaxError", "SyntaxMistake", """
    for <<var>> in a b; done
    """, """
    if [ <<int>> -gt 1 ]; then
    fi
    """, """
    echo "<<word>>")
    """, """
    <<fn>>() { echo <<int>>; } }
    """, sign="syntax error.*unexpected", code=2, quick=True)  # fmt: skip

fault("syntax-end", "compile", "SyntaxError", "SyntaxMistake", """
    if true; then
      echo <<int>>
    """, """
    <<fn>>() {
      echo "<<word>>"
    """, """
    while read -r <<var>>; do
      echo "$<<var>>"
    """, sign="unexpected end of file|end of file unexpected", code=2, flat=True)  # fmt: skip

fault("quote-open", "compile", "SyntaxError", "SyntaxMistake", """
    echo "<<word>>
    exit 0
    """, """
    <<var>>='<<text>>
    echo $<<var>>
    """, sign="looking for matching|Unterminated quoted", code=2, flat=True)  # fmt: skip

fault("disk-full", "runtime", "NoSpace", "ResourceExhausted", """
    echo "<<text>>" > /dev/full
    """, """
    seq 1 <<big>> > /dev/full
    """, """
    dd if=/dev/zero of=/dev/full bs=1k count=<<int>>
    """, sign="No space left")  # fmt: skip

fault("folder-exists", "runtime", "FileExists", "PathIssue", """
    mkdir <<stem>>
    mkdir <<stem>>
    """, """
    mkdir -p /tmp && mkdir /tmp
    """, sign="File exists")  # fmt: skip

fault("connect-refused", "runtime", "ExitCode7", "NetworkUnreachable", """
    curl -sS http://127.0.0.1:<<refused>>/<<noun>>/<<id>>
    """, """
    <<var>>=$(curl -fsS -X POST -d '<<key>>=<<int>>' http://127.0.0.1:<<refused>>/) || exit $?
    """, code=7, sign="ailed to connect")  # fmt: skip

fault("http-404", "runtime", "ExitCode22", "NotFoundRemote", """
    curl -fsS <<http>>/404/<<noun>>s/<<int>>.tar.gz -o out
    """, """
    curl --fail --silent --show-error <<http>>/404/<<hex>> || exit $?
    """, code=22, sign="returned error: 404")  # fmt: skip

fault("http-403", "runtime", "ExitCode22", "AuthFailure", """
    curl -fsS -H 'Authorization: Bearer <<hex>>' <<http>>/403/<<noun>>s/<<int>>
    """, """
    curl -fsSL <<http>>/403/<<hex>>.zip || exit $?
    """, code=22, sign="returned error: 403")  # fmt: skip

fault("name-unresolved", "runtime", "ExitCode6", "NetworkUnreachable", """
    curl -sS https://<<noun>>-<<int>>.invalid/v1
    """, """
    curl -fsS http://db.<<noun>>.invalid:5432/ || exit $?
    """, code=6, sign="Could not resolve host")  # fmt: skip

fault("archive-malformed", "runtime", "ExitCode2", "MalformedData", """
    echo "<html><<word>></html>" > <<stem>>.tar.gz
    tar xzf <<stem>>.tar.gz
    """, """
    echo "<<text>>" > <<stem>>.tgz
    tar -xzf <<stem>>.tgz -C /tmp || exit $?
    """, sign="not in gzip format")  # fmt: skip

fault("json-malformed", "runtime", "ParseError", "MalformedData", """
    echo '{"<<key>>": <<word>>' | jq .<<key>>
    """, """
    printf '<html><<noun>></html>' > <<stem>>.json
    jq -r '.<<key>>' <<stem>>.json
    """, sign="parse error", needs="jq")  # fmt: skip

fault("not-a-repository", "runtime", "ExitCode128", "PathIssue", """
    git status
    """, """
    git log -<<int>> --oneline
    """, """
    <<var>>=$(git rev-parse HEAD) || exit $?
    """, code=128, sign="not a git repository", needs="git")  # fmt: skip

fault("pathspec-unknown", "runtime", "ExitCode1", "UndefinedName", """
    git init -q . && git checkout <<noun>>-<<int>>
    """, """
    git init -q <<stem>> && cd <<stem>> && git checkout release/<<float>>
    """, code=1, sign="did not match any file", needs="git")  # fmt: skip

fault("make-no-rule", "runtime", "ExitCode2", "PathIssue", """
    printf 'all: <<noun>>.o\\n' > Makefile
    make
    """, """
    printf 'build:\\n\\techo <<int>>\\n' > Makefile
    make <<noun>>-<<int>>
    """, code=2, sign="No rule to make target", needs="make")  # fmt: skip

fault("segmentation", "runtime", "ExitCode139", None, """
    sh -c 'kill -SEGV $$' || exit $?
    """, """
    bash -c 'kill -11 $$'
    exit $?
    """, code=139, sign="Segmentation fault")  # fmt: skip

fault("killed-for-memory", "deploy", "ExitCode137", "ResourceExhausted", """
    bash -c 'kill -9 $$'
    exit $?
    """, """
    sh -c 'kill -KILL $$' || exit $?
    """, code=137, sign="Killed")  # fmt: skip

# Look-alikes: what shares its exit code, and often its words, with a fault above and is mended in another way.

fault("file-is-folder", "runtime", "IsADirectory", "PathIssue", """
    cat /tmp
    """, """
    mkdir -p <<stem>>
    echo "<<text>>" > <<stem>>
    """, """
    mkdir -p <<noun>>s/2024
    rm <<noun>>s/2024
    """, """
    mkdir -p <<stem>>.d && sha256sum <<stem>>.d
    """, sign="(?i)is a directory")  # fmt: skip

fault("not-a-folder", "runtime", "NotADirectory", "PathIssue", """
    echo <<int>> > <<stem>>.txt
    cd <<stem>>.txt
    """, """
    touch <<noun>>; ls <<noun>>/<<noun2>>
    """, """
    touch <<stem>>
    mkdir <<stem>>/<<noun>>
    """, """
    cp /dev/null /dev/null/<<stem>>.csv
    """, sign="Not a directory|can't cd")  # fmt: skip

fault("test-arguments", "runtime", "TestUsage", "ArgumentMismatch", """
    <<var>>="<<noun>> <<noun2>> <<word2>> x"
    [ $<<var>> = "<<key>>" ] || exit 2
    """, """
    for item in "<<noun>> of <<noun2>>"; do [ -f $item ] || exit $?; done
    """, """
    touch a.<<noun>> b.<<noun>> c.<<noun>>
    if [ -e *.<<noun>> ]; then echo <<int>>; else exit 2; fi
    """, sign="too many arguments|binary operator expected|unexpected operator")  # fmt: skip

fault("option-unknown", "runtime", "InvalidOption", "ArgumentMismatch", """
    ls --<<noun>>-only
    """, """
    grep --<<key>>=<<int>> <<noun>> /dev/null
    """, """
    sort -Y /dev/null
    """, """
    head -<<noun>> /dev/null
    """, sign="(unrecognized|invalid|unknown) option")  # fmt: skip

fault("substitution-bad", "runtime", "BadSubstitution", "SyntaxMistake", """
    <<var>>=<<word>>
    echo "${<<var>>.<<key>>}"
    """, """
    echo "${<<env>>-<<word>>} ${<<env>> }"
    """, """
    <<var>>="/tmp/${<<noun>> <<key>>}"
    """, sign="(?i)bad substitution")  # fmt: skip

fault("command-timeout", "runtime", "ExitCode124", "Timeout", """
    timeout -v 0.<<small>> sleep <<int>>
    """, """
    timeout --verbose --kill-after=1 0.<<small>> tail -f /dev/null || exit $?
    """, """
    timeout -v 0.2 bash -c 'while :; do :; done # <<noun>>' || exit $?
    """, code=124, sign="sending signal")  # fmt: skip

fault("line-endings", "runtime", "CarriageReturn", "EncodingIssue", """
    <<var>>=<<int>>\r
    \r
    """, """
    echo <<word>>\r
    cd /tmp\r
    """, """
    mkdir -p <<stem>>
    sleep 0.<<int>>\r
    """, """
    <<var>>="<<word>>"\r
    ls /dev/null\r
    """, sign=r"\\r", only="bash", flat=True)  # fmt: skip

fault("remote-absent", "runtime", "ExitCode128", "UndefinedName", """
    git init -q . && git fetch origin
    """, """
    git init -q <<stem>> && cd <<stem>> && git ls-remote <<noun>>
    """, """
    git init -q . && git remote add origin ./<<noun>>-<<int>>.git && git fetch upstream
    """, code=128, sign="does not appear to be a git repository", needs="git")  # fmt: skip
