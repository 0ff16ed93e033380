"""bash, sh and zsh, continued: more of the shells, the tools of coreutils and others."""

from fault import Faults

fault = Faults("bash", wide=True, variants=12)

# The shells.

fault("function-misspelt", "runtime", "ExitCode127", "UndefinedName", """
    <<noun>>_prepare() {
      echo "<<word>>"
    }
    <<noun>>_prepar <<int>>
    """, """
    function build_<<noun>> { echo <<int>>; }
    build_<<noun>>
    buld_<<noun>> --<<key>>
    exit $?
    """, """
    log_error() { echo "error: $1" >&2; }
    logerror "<<text>>" || exit $?
    """, code=127, sign="(_prepar|buld_\\w+|logerror).*not found|not found.*(_prepar|buld_\\w+|logerror)", only="bash", flat=True)  # fmt: skip

fault("bash-in-sh", "deploy", "ExitCode127", None, """
    <<var>>=<<word>>
    [[ $<<var>> == <<key>>* ]] || exit $?
    """, """
    set -e
    source ./<<noun>>.env
    """, """
    shopt -s nullglob
    exit $?
    """, """
    declare -A <<var>>
    exit $?
    """, code=127, only="sh", sign="\\[\\[: not found|source: not found|shopt: not found|declare: not found")  # fmt: skip

fault("array-in-sh", "compile", "SyntaxError", None, """
    <<var>>=(<<noun>> <<noun2>>)
    echo "${<<var>>[0]}"
    """, """
    while read -r line; do echo "$line"; done < <(echo <<word>>)
    """, """
    function <<fn>>() { echo <<int>>; }
    <<fn>>
    """, code=2, only="sh", flat=True, sign="Syntax error: (\"\\(\"|redirection|Bad)")  # fmt: skip

fault("pattern-without-match", "runtime", "NoMatch", "PathIssue", """
    rm *.<<noun>>
    """, """
    ls /tmp/<<stem>>/*.csv
    """, """
    for item in <<noun>>-[0-9]*.log; do cat $item; done
    """, only="zsh", sign="no matches found")  # fmt: skip

fault("arguments-too-long", "runtime", "ArgumentListTooLong", "ResourceExhausted", """
    /bin/echo $(seq 1 9<<big>>) > /dev/null
    """, """
    <<var>>=$(seq -s ' ' 1 600000)
    grep <<noun>> $<<var>>
    """, code=126, sign="(?i)argument list too long", only="bash")  # fmt: skip

fault("overwrite-refused", "runtime", "CannotOverwrite", "PathIssue", """
    set -o noclobber
    echo "<<word>>" > <<stem>>.txt
    echo <<int>> > <<stem>>.txt
    """, """
    set -C
    touch <<noun>>.csv
    seq <<int>> > <<noun>>.csv || exit $?
    """, sign="cannot (overwrite existing|create \\S+: File exists)|file exists")  # fmt: skip

fault("process-absent", "runtime", "NoSuchProcess", None, """
    kill <<nopid>>
    """, """
    <<var>>=<<nopid>>
    kill -TERM "$<<var>>" || exit $?
    """, sign="(?i)no such process", only="bash")  # fmt: skip

# Tools.

fault("number-of-tool", "runtime", "InvalidNumber", "InvalidValue", """
    sleep <<word>>
    """, """
    head -n <<noun>> /dev/null
    """, """
    seq 1 <<word>>x
    """, """
    truncate -s <<noun>> <<stem>>.bin
    """, """
    split -l 0x<<word>> /dev/null
    """, sign="invalid (time interval|number|floating point|size)|Invalid number")  # fmt: skip

fault("date-of-tool", "runtime", "InvalidDate", "InvalidValue", """
    date -d '2024-13-<<int>>' +%s
    """, """
    <<var>>=$(date --date="<<noun>> <<word>>" +%F) || exit $?
    """, """
    touch -d '<<datum>>.' <<stem>>.txt
    """, sign="invalid date")  # fmt: skip

fault("operand-missing", "runtime", "MissingOperand", "ArgumentMismatch", """
    cp <<stem>>.txt
    """, """
    <<var>>=
    mkdir $<<var>>
    """, """
    mv "<<file>>"
    """, """
    ln
    """, """
    chmod 644
    """, sign="missing (destination )?(file )?operand")  # fmt: skip

fault("option-without-value", "runtime", "OptionRequiresArgument", "ArgumentMismatch", """
    head -n
    """, """
    cut -f 1 -d
    """, """
    grep -e
    """, """
    sort -k
    """, sign="requires an argument")  # fmt: skip

fault("expression-of-sed", "compile", "SedSyntax", "SyntaxMistake", """
    echo "<<text>>" | sed 's/<<noun>>/<<noun2>>'
    """, """
    printf '<<key>>=x\\n' > <<stem>>.conf
    sed -i "s/x//srv/<<noun>>/" <<stem>>.conf
    """, """
    sed -n '<<int>>,<<noun>>p' /dev/null
    """, sign="sed: -e expression")  # fmt: skip

fault("expression-of-awk", "compile", "AwkSyntax", "SyntaxMistake", """
    echo "<<word>> <<int>>" | awk '{ print $1'
    """, """
    awk -F, '{ if ($2 > <<int>> print $1 }' /dev/null
    """, """
    seq <<int>> | awk 'BEGIN { <<key>> = } { print }'
    """, sign="awk: .*syntax error")  # fmt: skip

fault("pattern-of-grep", "runtime", "BadPattern", "InvalidValue", """
    echo "<<text>>" | grep '[<<noun>>'
    """, """
    grep -E '(<<noun>>|<<noun2>>' /dev/null
    """, """
    grep -E '<<noun>>)' /dev/null || exit $?
    """, """
    grep '\\(<<noun>>' /dev/null
    """, code=2, sign="Unmatched")  # fmt: skip

fault("archive-truncated", "runtime", "UnexpectedEnd", "MalformedData", """
    seq 1 <<big>> | head -5000 | gzip > <<stem>>.gz
    truncate -s 50 <<stem>>.gz
    gunzip -c <<stem>>.gz > /dev/null
    """, """
    seq 1 9000 > <<noun>>.txt; tar czf <<stem>>.tgz <<noun>>.txt
    head -c <<int>>0 <<stem>>.tgz > part.tgz
    tar xzf part.tgz
    """, sign="(?i)unexpected end of file")  # fmt: skip

fault("json-index", "runtime", "ExitCode5", "WrongType", """
    echo '[{"<<key>>": <<int>>}]' | jq '.<<key>>'
    """, """
    printf '{"<<key>>": "<<word>>"}' > <<stem>>.json
    jq -r '.<<key>>.<<attr>>' <<stem>>.json
    """, code=5, sign="Cannot index", needs="jq")  # fmt: skip

fault("json-null-iterated", "runtime", "ExitCode5", "NullAccess", """
    echo '{"<<key>>": <<int>>}' | jq '.<<attr>>[]'
    """, """
    printf '{"status": "error"}' > <<stem>>.json
    jq -r '.data[].<<key>>' <<stem>>.json
    """, code=5, sign="Cannot iterate over null", needs="jq")  # fmt: skip

fault("json-filter", "compile", "ExitCode3", "SyntaxMistake", """
    echo '{"<<key>>": <<int>>}' | jq '.<<key>> |'
    """, """
    jq -n '{<<key>>: <<int>>'
    """, """
    echo '[]' | jq '.[] | select(.<<key>> == "<<noun>>"'
    """, code=3, sign="jq: error: syntax error", needs="jq")  # fmt: skip

fault("database-table", "runtime", "ExitCode1", "SchemaMismatch", """
    sqlite3 <<stem>>.db 'SELECT * FROM <<noun>>s WHERE id = <<int>>;'
    """, """
    echo "DELETE FROM <<noun>>_<<noun2>>;" | sqlite3 <<stem>>.db || exit $?
    """, code=1, sign="no such table", needs="sqlite3")  # fmt: skip

fault("database-unique", "runtime", "ExitCode19", "ConstraintViolation", """
    sqlite3 <<stem>>.db 'CREATE TABLE <<noun>>s (<<attr>> TEXT PRIMARY KEY);'
    for item in 1 2; do sqlite3 <<stem>>.db "INSERT INTO <<noun>>s VALUES ('<<datum>>');" || exit $?; done
    """, """
    sqlite3 :memory: "CREATE TABLE <<noun>>s (id INT UNIQUE); INSERT INTO <<noun>>s VALUES (<<int>>), (<<int>>);"
    """, sign="UNIQUE constraint failed", needs="sqlite3", flat=True)  # fmt: skip

fault("database-refused", "runtime", "ExitCode2", "NetworkUnreachable", """
    psql -h 127.0.0.1 -p <<refused>> -U app <<noun>>s -c 'SELECT <<int>>'
    """, """
    psql "postgresql://app:<<hex>>@127.0.0.1:<<refused>>/<<noun>>" -f <<stem>>.sql || exit $?
    """, code=2, sign="Connection refused", needs="psql")  # fmt: skip

fault("curl-timeout", "runtime", "ExitCode28", "Timeout", """
    curl -sS --max-time 0.<<small>> <<http>>/299/<<noun>>s/<<int>>
    """, """
    <<var>>=$(curl -fsS -m 0.<<small>> -d '<<key>>=<<int>>' <<http>>/299/<<hex>>) || exit $?
    """, code=28, sign="timed out")  # fmt: skip

fault("curl-protocol", "runtime", "ExitCode1", "InvalidValue", """
    curl -sS htp://<<noun>>.example.com/<<int>>
    """, """
    curl -fsSL "<<noun>>://<<noun2>>.internal/<<hex>>.tgz" -o out || exit $?
    """, code=1, sign="Protocol .* not supported")  # fmt: skip

fault("curl-https-to-http", "runtime", "ExitCode35", "InvalidValue", """
    curl -sS https://127.0.0.1:<<port>>/404/<<noun>>s
    """, """
    curl -fsSk -X POST -d <<int>> https://127.0.0.1:<<port>>/500/<<hex>> || exit $?
    """, code=35, sign="wrong version number")  # fmt: skip

fault("http-429", "runtime", "ExitCode22", "ResourceExhausted", """
    curl -fsS <<http>>/429/<<noun>>s/<<int>>.json
    """, """
    for page in 1 2 3; do curl --fail -sS "<<http>>/429/<<noun>>?page=$page" || exit $?; done
    """, code=22, sign="returned error: 429")  # fmt: skip

# git and make.

fault("git-identity", "runtime", "ExitCode128", "KeyMissing", """
    git init -q . && touch <<noun>>.txt && git add . && git -c user.useConfigOnly=true commit -qm "<<text>>"
    """, """
    git init -q <<stem>> && cd <<stem>> && git -c user.useConfigOnly=true commit --allow-empty -m "<<noun>> <<int>>" || exit $?
    """, code=128, sign="Please tell me who you are|no email was given", needs="git")  # fmt: skip

fault("git-branch-exists", "runtime", "ExitCode128", "ConstraintViolation", """
    git init -q . && git -c user.name=ci -c user.email=ci@localhost commit -q --allow-empty -m <<noun>>
    git checkout -q -b <<noun>>-<<int>>
    git checkout -b <<noun>>-<<int>>
    """, """
    git init -q . && git -c user.name=ci -c user.email=ci@localhost commit -q --allow-empty -m <<noun>>
    git branch release/<<float>> && git branch release/<<float>>
    """, code=128, sign="already exists", needs="git", flat=True)  # fmt: skip

fault("git-local-changes", "runtime", "ExitCode1", "StateMisuse", """
    git init -q . && echo <<int>> > <<noun>>.txt && git add . && git -c user.name=ci -c user.email=ci@localhost commit -qm one
    git checkout -q -b <<word2>>-<<int>> 2>/dev/null || git checkout -q -b other
    echo <<int2>> > <<noun>>.txt && git -c user.name=ci -c user.email=ci@localhost commit -qam two
    echo "<<text>>" > <<noun>>.txt
    git checkout -
    """, code=1, sign="would be overwritten by checkout", needs="git", flat=True)  # fmt: skip

fault("make-separator", "compile", "ExitCode2", "SyntaxMistake", """
    printf 'all:\\n    echo <<int>>\\n' > Makefile
    make
    """, """
    printf '<<noun>>.o: <<noun>>.c\\n        cc -c <<noun>>.c\\n' > Makefile
    make <<noun>>.o || exit $?
    """, code=2, sign="missing separator", needs="make")  # fmt: skip

fault("make-command-absent", "deploy", "ExitCode2", "MissingBinary", """
    printf 'all:\\n\\twkhtmltopdf <<stem>>.html <<stem>>.pdf\\n' > Makefile
    make
    """, """
    printf 'build:\\n\\t@pandoc -o <<stem>>.docx <<stem>>.md\\n' > Makefile
    make -s build || exit $?
    """, code=2, sign="Error 127", needs="make")  # fmt: skip
