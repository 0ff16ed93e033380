"""Java: what goes wrong at run time, at class loading, and in javac.

A program is its top (imports and members), a line `---`, and the statements that fail.
"""

from fault import Faults

fault = Faults("java")

fault("null-call", "runtime", "NullPointerException", "NullAccess", """
    static class <<Class>> { String <<attr>>; }
    ---
    <<Class>> <<var>> = new <<Class>>();
    System.out.println(<<var>>.<<attr>>.length());
    """, """
    import java.util.*;
    ---
    Map<String, Integer> <<var>> = new HashMap<>();
    int <<var2>> = <<var>>.get("<<key>>") + <<int>>;
    """, """
    static String <<fn>>(int value) { return value > 100 ? "<<word>>" : null; }
    ---
    <<fn>>(<<int>>).trim();
    """, quick=True)  # fmt: skip

fault("null-refused", "runtime", "NullPointerException", "NullAccess", """
    import java.util.Objects;
    ---
    Objects.requireNonNull(System.getenv("<<env>>"), "<<key>> must not be null");
    """, """
    import java.util.*;
    ---
    List<String> <<var>> = List.of("<<word>>", (String) null);
    """, sign="requireNonNull")  # fmt: skip

fault("array-index", "runtime", "ArrayIndexOutOfBoundsException", "IndexOutOfRange", """
    ---
    int[] <<var>> = new int[<<small>>];
    <<var>>[<<small>>] = <<int>>;
    """, """
    ---
    String[] <<var>> = "<<noun>> <<noun2>>".split(" ");
    for (int i = 0; i <= <<var>>.length; i++) System.out.println(<<var>>[i]);
    """, quick=True)  # fmt: skip

fault("list-index", "runtime", "IndexOutOfBoundsException", "IndexOutOfRange", """
    import java.util.*;
    ---
    List<Integer> <<var>> = new ArrayList<>(List.of(<<int>>, <<int2>>));
    <<var>>.get(<<small>>);
    """, """
    import java.util.*;
    ---
    new LinkedList<String>().add(<<small>>, "<<word>>");
    """, quick=True)  # fmt: skip

fault("string-index", "runtime", "StringIndexOutOfBoundsException", "IndexOutOfRange", """
    ---
    String <<var>> = "<<noun>>".substring(<<int>> + 20);
    """, """
    ---
    "<<noun>>".charAt(<<int>> + 20);
    """)  # fmt: skip

fault("cast", "runtime", "ClassCastException", "WrongType", """
    ---
    Object <<var>> = "<<word>>";
    Integer <<var2>> = (Integer) <<var>>;
    """, """
    import java.util.*;
    static class <<Class>> { }
    static class <<Class2>> extends <<Class>> { }
    ---
    List<<<Class>>> <<var>> = List.of(new <<Class>>());
    <<Class2>> <<var2>> = (<<Class2>>) <<var>>.get(0);
    """, quick=True)  # fmt: skip

fault("number-text", "runtime", "NumberFormatException", "InvalidValue", """
    ---
    int <<var>> = Integer.parseInt("<<datum>>x");
    """, """
    ---
    long <<var>> = Long.parseLong("");
    """, """
    import java.util.*;
    ---
    for (String part : "<<int>>,<<word>>!".split(",")) Integer.valueOf(part);
    """, quick=True)  # fmt: skip

fault("date-text", "runtime", "DateTimeParseException", "MalformedData", """
    import java.time.LocalDate;
    ---
    LocalDate <<var>> = LocalDate.parse("<<datum>>");
    """, """
    import java.time.*;
    import java.time.format.DateTimeFormatter;
    ---
    LocalDate.parse("<<date>>", DateTimeFormatter.ofPattern("dd/MM/yyyy"));
    """)  # fmt: skip

fault("enum-text", "runtime", "IllegalArgumentException", "InvalidValue", """
    enum <<Class>> { LOW, HIGH }
    ---
    <<Class>>.valueOf("<<word>>");
    """, sign="No enum constant")  # fmt: skip

fault("changed-while-read", "runtime", "ConcurrentModificationException", "ConcurrencyMisuse", """
    import java.util.*;
    ---
    List<Integer> <<var>> = new ArrayList<>(List.of(<<int>>, <<int2>>, <<int3>>));
    for (Integer item : <<var>>) <<var>>.remove(item);
    """, """
    import java.util.*;
    ---
    Map<String, Integer> <<var>> = new HashMap<>(Map.of("<<key>>", 1, "<<key2>>", 2));
    for (String key : <<var>>.keySet()) <<var>>.put(key + "<<int>>", <<int>>);
    """, quick=True)  # fmt: skip

fault("stack-overflow", "runtime", "StackOverflowError", "InfiniteRecursion", """
    static int <<fn>>(int n) { return <<fn>>(n + 1) + 1; }
    ---
    <<fn>>(<<int>>);
    """, """
    static class <<Class>> { public String toString() { return "<<noun>> " + this; } }
    ---
    new <<Class>>().toString();
    """)  # fmt: skip

fault("heap-exhausted", "runtime", "OutOfMemoryError", "ResourceExhausted", """
    import java.util.*;
    ---
    List<long[]> <<var>> = new ArrayList<>();
    while (true) <<var>>.add(new long[<<int>> * 10000]);
    """, """
    ---
    byte[] <<var>> = new byte[<<small>> * 100 * 1024 * 1024];
    """, sign="Java heap space", flags=("-Xmx24m",))  # fmt: skip

fault("unmodifiable", "runtime", "UnsupportedOperationException", "ImmutableMutation", """
    import java.util.*;
    ---
    List.of(<<int>>, <<int2>>).add(<<int3>>);
    """, """
    import java.util.*;
    ---
    Map<String, Integer> <<var>> = Collections.unmodifiableMap(new HashMap<>());
    <<var>>.put("<<key>>", <<int>>);
    """, """
    import java.util.*;
    ---
    Arrays.asList("<<word>>", "<<noun>>").remove(0);
    """)  # fmt: skip

fault("zero-division", "runtime", "ArithmeticException", "DivisionByZero", """
    ---
    int <<var>> = <<int>> / (<<int2>> - <<int2>>);
    """, """
    ---
    long <<var>> = 0;
    System.out.println(<<big>>L % <<var>>);
    """, sign="/ by zero", quick=True)  # fmt: skip

fault("stream-used-twice", "runtime", "IllegalStateException", "StateMisuse", """
    import java.util.stream.*;
    ---
    Stream<Integer> <<var>> = Stream.of(<<int>>, <<int2>>);
    <<var>>.count();
    <<var>>.forEach(System.out::println);
    """, sign="already been operated upon")  # fmt: skip

fault("duplicate-key", "runtime", "IllegalStateException", "ConstraintViolation", """
    import java.util.stream.*;
    ---
    Stream.of("<<word>>", "<<word>>").collect(Collectors.toMap(item -> item, item -> <<int>>));
    """, sign="Duplicate key")  # fmt: skip

fault("invoice-paid", "runtime", "IllegalStateException", "StateMisuse", """
    ---
    throw new IllegalStateException("invoice <<id>> was paid on <<date>>, refusing <<float>>");
    """, sign="was paid on")  # fmt: skip

fault("optional-empty", "runtime", "NoSuchElementException", "NullAccess", """
    import java.util.*;
    ---
    Optional<String> <<var>> = Optional.empty();
    <<var>>.get();
    """, """
    import java.util.*;
    import java.util.stream.*;
    ---
    Stream.of(<<int>>, <<int2>>).filter(item -> item > 500).findFirst().orElseThrow();
    """, sign="No value present", quick=True)  # fmt: skip

fault("scanner-mismatch", "runtime", "InputMismatchException", "MalformedData", """
    import java.util.Scanner;
    ---
    int <<var>> = new Scanner("<<noun>> <<int>>").nextInt();
    """)  # fmt: skip

fault("regex-pattern", "runtime", "PatternSyntaxException", "InvalidValue", """
    import java.util.regex.Pattern;
    ---
    Pattern.compile("(<<noun>>");
    """, """
    ---
    "<<word>>".replaceAll("[<<noun>>", "");
    """)  # fmt: skip

fault("array-size", "runtime", "NegativeArraySizeException", "InvalidValue", """
    ---
    int[] <<var>> = new int[<<int>> - <<big>>];
    """)  # fmt: skip

fault("file-absent", "runtime", "NoSuchFileException", "PathIssue", """
    import java.nio.file.*;
    ---
    Files.readString(Path.of("<<missing>>"));
    """, """
    import java.nio.file.*;
    ---
    Files.delete(Paths.get("<<missing>>"));
    """, quick=True)  # fmt: skip

fault("stream-file-absent", "runtime", "FileNotFoundException", "PathIssue", """
    import java.io.*;
    ---
    new BufferedReader(new FileReader("<<missing>>")).readLine();
    """, """
    import java.io.*;
    ---
    try (InputStream <<var>> = new FileInputStream("<<missing>>")) { <<var>>.read(); }
    """, sign="No such file", quick=True)  # fmt: skip

fault("connect-refused", "runtime", "ConnectException", "NetworkUnreachable", """
    import java.net.*;
    ---
    new Socket("127.0.0.1", <<refused>>);
    """, """
    import java.net.*;
    ---
    new URL("http://127.0.0.1:<<refused>>/<<noun>>/<<id>>").openStream();
    """, sign="Connection refused")  # fmt: skip

fault("port-taken", "runtime", "BindException", "AddressInUse", """
    import java.net.*;
    ---
    new ServerSocket(<<busy>>, 5, InetAddress.getByName("127.0.0.1"));
    """)  # fmt: skip

fault("future-timeout", "runtime", "TimeoutException", "Timeout", """
    import java.util.concurrent.*;
    ---
    new CompletableFuture<String>().get(<<int>>, TimeUnit.MILLISECONDS);
    """)  # fmt: skip

fault("assertion", "runtime", "AssertionError", "AssertionFailed", """
    ---
    assert <<int>> > 100 : "<<text>> <<id>>";
    """, """
    ---
    int <<var>> = <<int>>;
    assert <<var>> < 0;
    """, flags=("-ea",))  # fmt: skip

fault("jdbc-driver-absent", "deploy", "SQLException", "MissingPackage", """
    import java.sql.*;
    ---
    DriverManager.getConnection("jdbc:postgresql://127.0.0.1/<<noun>>s", "app", "<<hex>>");
    """, """
    import java.sql.*;
    ---
    Connection <<var>> = DriverManager.getConnection("jdbc:mysql://db.<<noun>>.internal:3306/<<key>>");
    """, sign="No suitable driver", quick=True)  # fmt: skip

fault("class-absent", "deploy", "ClassNotFoundException", "MissingPackage", """
    ---
    Class.forName("com.mysql.cj.jdbc.Driver");
    """, """
    ---
    Class.forName("org.postgresql.Driver").getDeclaredConstructor().newInstance();
    """, """
    ---
    Thread.currentThread().getContextClassLoader().loadClass("oracle.jdbc.OracleDriver");
    """)  # fmt: skip

# javac.

fault("symbol-absent", "compile", "CompilationError", "UndefinedName", """
    ---
    int <<var>> = <<int>>;
    System.out.println(<<var2>> + 1);
    """, """
    ---
    String <<var>> = "<<word>>";
    <<var>>.<<fn>>();
    """, """
    ---
    <<Class>> <<var>> = new <<Class>>();
    """, javac=True, sign="cannot find symbol", quick=True)  # fmt: skip

fault("semicolon-missing", "compile", "CompilationError", "SyntaxMistake", """
    ---
    int <<var>> = <<int>>
    System.out.println(<<var>>);
    """, """
    ---
    String <<var>> = "<<word>>";
    <<var>>.length()
    """, javac=True, sign="';' expected", quick=True)  # fmt: skip

fault("types-incompatible", "compile", "CompilationError", "WrongType", """
    ---
    int <<var>> = "<<word>>";
    """, """
    ---
    String <<var>> = <<int>>;
    """, """
    import java.util.*;
    ---
    List<Integer> <<var>> = new ArrayList<String>();
    """, javac=True, sign="incompatible types", quick=True)  # fmt: skip

fault("exception-unreported", "compile", "CompilationError", "UncheckedException", """
    ---
    Runnable <<var>> = () -> Thread.sleep(<<int>>);
    """, """
    import java.nio.file.*;
    static String <<fn>>(String name) { return Files.readString(Path.of(name)); }
    ---
    <<fn>>("<<missing>>");
    """, javac=True, sign="unreported exception")  # fmt: skip

fault("package-absent", "deploy", "CompilationError", "MissingPackage", """
    import com.google.gson.Gson;
    ---
    System.out.println(new Gson().toJson(<<int>>));
    """, """
    import org.apache.commons.lang3.StringUtils;
    ---
    StringUtils.isBlank("<<word>>");
    """, """
    import com.fasterxml.jackson.databind.ObjectMapper;
    ---
    new ObjectMapper().readTree("{}");
    """, javac=True, sign="package .* does not exist")  # fmt: skip

fault("final-assigned", "compile", "CompilationError", "ImmutableMutation", """
    ---
    final int <<var>> = <<int>>;
    <<var>> = <<int2>>;
    """, """
    static final String <<attr>> = "<<word>>";
    ---
    <<attr>> = "<<word2>>";
    """, javac=True, sign="cannot assign a value to|final")  # fmt: skip

fault("call-does-not-fit", "compile", "CompilationError", "ArgumentMismatch", """
    static int <<fn>>(int a, int b) { return a + b; }
    ---
    <<fn>>(<<int>>);
    """, """
    static class <<Class>> { <<Class>>(String name) { } }
    ---
    new <<Class>>();
    """, javac=True, sign="cannot be applied to given types")  # fmt: skip

# Look-alikes: what shares its type, and often its words, with a fault above and is mended in another way.

fault("input-used-up", "runtime", "NoSuchElementException", None, """
    import java.util.Scanner;
    ---
    String <<var>> = new Scanner(System.in).nextLine();
    """, """
    import java.util.*;
    ---
    Scanner <<var>> = new Scanner("<<int>>\\n<<word>>\\n");
    for (int i = 0; i < <<small>> + 1; i++) System.out.println(<<var>>.nextLine());
    """, """
    import java.util.Scanner;
    ---
    Scanner <<var>> = new Scanner(System.in);
    int <<var2>> = <<var>>.nextInt() + <<int>>;
    """, sign="java.util.Scanner")  # fmt: skip

fault("collection-empty", "runtime", "NoSuchElementException", "StateMisuse", """
    import java.util.*;
    ---
    Deque<Integer> <<var>> = new ArrayDeque<>(List.of(<<int>>));
    while (true) <<var>>.removeFirst();
    """, """
    import java.util.*;
    ---
    String <<var>> = new ArrayList<String>().iterator().next();
    """, """
    import java.util.*;
    ---
    Queue<String> <<var>> = new LinkedList<>();
    System.out.println(<<var>>.remove() + "<<word>>");
    """, """
    import java.util.*;
    ---
    new TreeMap<String, Integer>(Map.of()).firstKey();
    """, sign="java.util.(ArrayDeque|ArrayList|LinkedList|TreeMap)")  # fmt: skip

fault("monitor-not-held", "runtime", "IllegalMonitorStateException", "ConcurrencyMisuse", """
    ---
    Object <<var>> = new Object();
    <<var>>.wait(<<int>>);
    """, """
    static class <<Class>> { void <<fn>>() { notifyAll(); } }
    ---
    new <<Class>>().<<fn>>();
    """, """
    import java.util.concurrent.locks.*;
    ---
    Lock <<var>> = new ReentrantLock();
    <<var>>.unlock();
    """)  # fmt: skip

fault("date-range", "runtime", "DateTimeException", "InvalidValue", """
    import java.time.LocalDate;
    ---
    LocalDate <<var>> = LocalDate.of(2024, 12 + <<small>>, 1);
    """, """
    import java.time.*;
    ---
    LocalDateTime.of(2023, 2, 28 + <<small>>, 10, 30);
    """, """
    import java.time.*;
    ---
    System.out.println(LocalTime.of(24 + <<int>>, 0));
    """, sign="DateTimeException: Invalid (value|date)")  # fmt: skip

fault("time-field", "runtime", "UnsupportedTemporalTypeException", "WrongType", """
    import java.time.LocalDate;
    import java.time.format.DateTimeFormatter;
    ---
    LocalDate.parse("<<date>>").format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm"));
    """, """
    import java.time.*;
    import java.time.temporal.ChronoUnit;
    ---
    LocalDate <<var>> = LocalDate.of(2023, 4, <<small>>).plus(<<int>>, ChronoUnit.HOURS);
    """, """
    import java.time.*;
    import java.time.temporal.ChronoUnit;
    ---
    long <<var>> = ChronoUnit.DAYS.between(LocalTime.MIN, LocalTime.of(<<small>>, 0));
    """, sign="Unsupported (field|unit)")  # fmt: skip

fault("format-conversion", "runtime", "IllegalFormatConversionException", "WrongType", """
    ---
    String <<var>> = String.format("%d <<noun>>s", "<<word>>");
    """, """
    ---
    System.out.printf("<<text>>: %.2f%n", <<int>>);
    """, """
    ---
    "%s has %d".formatted("<<noun>>", <<float>>);
    """)  # fmt: skip

fault("format-argument", "runtime", "MissingFormatArgumentException", "ArgumentMismatch", """
    ---
    String <<var>> = String.format("%s of %s", <<int>>);
    """, """
    ---
    System.out.printf("<<noun>> %d/%d: %5.1f%n", <<int>>, <<int2>>);
    """, """
    ---
    "<<word>> %2$s".formatted("<<noun>>");
    """)  # fmt: skip

fault("element-repeated", "runtime", "IllegalArgumentException", "ConstraintViolation", """
    import java.util.*;
    ---
    Set<String> <<var>> = Set.of("<<datum>>", "<<noun>>.", "<<datum>>");
    """, """
    import java.util.*;
    ---
    Map<Integer, String> <<var>> = Map.of(<<int>>, "<<word>>", <<int>>, "<<word2>>");
    """, """
    import java.util.*;
    ---
    Map.ofEntries(Map.entry("<<key>>", <<int>>), Map.entry("<<key>>", <<int2>>));
    """, sign="duplicate (element|key)")  # fmt: skip

fault("array-store", "runtime", "ArrayStoreException", "WrongType", """
    ---
    Object[] <<var>> = new Integer[<<small>>];
    <<var>>[0] = "<<word>>";
    """, """
    import java.util.*;
    ---
    List<Object> <<var>> = new ArrayList<>(List.of("<<word>>", <<int>>));
    String[] <<var2>> = <<var>>.toArray(new String[0]);
    """)  # fmt: skip

fault("file-is-folder", "runtime", "FileNotFoundException", "PathIssue", """
    import java.io.*;
    ---
    new FileReader("/tmp").read();
    """, """
    import java.io.*;
    ---
    new File("<<stem>>").mkdirs();
    try (PrintWriter <<var>> = new PrintWriter("<<stem>>")) { <<var>>.println("<<text>>"); }
    """, """
    import java.io.*;
    ---
    new File("<<stem>>/<<noun>>").mkdirs();
    new FileOutputStream("<<stem>>/<<noun>>", true).write(<<int>>);
    """, sign="Is a directory")  # fmt: skip

fault("file-exists", "runtime", "FileAlreadyExistsException", "PathIssue", """
    import java.nio.file.*;
    ---
    Files.createDirectories(Path.of("<<stem>>"));
    Files.createDirectory(Path.of("<<stem>>"));
    """, """
    import java.nio.file.*;
    ---
    Path <<var>> = Files.createTempFile("<<noun>>", ".tmp");
    Files.copy(<<var>>, <<var>>.resolveSibling("<<stem>>.bak"), StandardCopyOption.REPLACE_EXISTING);
    Files.move(<<var>>, <<var>>.resolveSibling("<<stem>>.bak"));
    """)  # fmt: skip

fault("bytes-not-utf8", "runtime", "MalformedInputException", "EncodingIssue", """
    import java.nio.file.*;
    ---
    Path <<var>> = Path.of("<<stem>>.txt");
    Files.write(<<var>>, "<<noun>> caf\\u00e9 <<int>>".getBytes("ISO-8859-1"));
    for (String line : Files.readAllLines(<<var>>)) System.out.println(line);
    """, """
    import java.nio.*;
    import java.nio.charset.*;
    ---
    StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(new byte[] {<<int>>, (byte) 0xff, <<int2>>}));
    """)  # fmt: skip

# One type, many values, two causes.

fault("transfer-below-balance", "runtime", "TransferException", "InvalidValue", """
    static class TransferException extends RuntimeException { TransferException(String text) { super(text); } }
    ---
    throw new TransferException("transfer <<id>> of <<big>> from <<email>> to <<datum>>: balance is <<float2>>");
    """, """
    static class TransferException extends Exception {
        TransferException(String id, double amount, String why) {
            super(String.format("transfer %s of %s from <<datum>> to <<email>>: %s", id, amount, why));
        }
    }
    ---
    throw new TransferException("<<id>>", <<big>>, "balance is " + <<float2>>);
    """)  # fmt: skip

fault("transfer-account-closed", "runtime", "TransferException", "StateMisuse", """
    static class TransferException extends RuntimeException { TransferException(String text) { super(text); } }
    ---
    throw new TransferException("transfer <<id>> of <<float>> from <<email>> to <<datum>>: closed on <<date>>");
    """, """
    static class TransferException extends Exception {
        TransferException(String id, double amount, String why) {
            super(String.format("transfer %s of %s from <<datum>> to <<email>>: %s", id, amount, why));
        }
    }
    ---
    throw new TransferException("<<id>>", <<float>>, "closed on " + "<<date>>");
    """)  # fmt: skip

# javac, again.

fault("static-context", "compile", "CompilationError", None, """
    int <<attr>> = <<int>>;
    ---
    System.out.println(<<attr>>);
    """, """
    String <<fn>>(int value) { return "<<word>>" + value; }
    ---
    String <<var>> = <<fn>>(<<int>>);
    """, javac=True, sign="cannot be referenced from a static context")  # fmt: skip

fault("return-missing", "compile", "CompilationError", "SyntaxMistake", """
    static int <<fn>>(int value) { if (value > <<int>>) return value; }
    ---
    <<fn>>(<<int2>>);
    """, """
    static String <<fn>>(String name) {
        switch (name) {
            case "<<word>>": return "<<noun>>";
        }
    }
    ---
    System.out.println(<<fn>>("<<key>>"));
    """, javac=True, sign="missing return statement")  # fmt: skip

fault("defined-twice", "compile", "CompilationError", "SyntaxMistake", """
    ---
    int <<var>> = <<int>>;
    int <<var>> = <<int2>>;
    """, """
    static int <<fn>>(int <<var>>) { String <<var>> = "<<word>>"; return 0; }
    ---
    <<fn>>(<<int>>);
    """, """
    static void <<fn>>(int value) { }
    static int <<fn>>(int other) { return <<int>>; }
    ---
    <<fn>>(<<small>>);
    """, javac=True, sign="is already defined in")  # fmt: skip

fault("lossy-conversion", "compile", "CompilationError", "WrongType", """
    ---
    int <<var>> = <<int>> * <<float>>;
    """, """
    static long <<fn>>() { return <<big>>L; }
    ---
    int <<var>> = <<fn>>();
    """, """
    ---
    float <<var>> = <<float>>;
    """, javac=True, sign="possible lossy conversion")  # fmt: skip
