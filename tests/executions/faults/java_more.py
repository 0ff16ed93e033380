"""Java, continued: small applications with exceptions of their own, and more of library, launcher and javac."""

from fault import Faults

fault = Faults("java", wide=True, variants=10)

# Applications: what their authors wrote into the message. Each pair shares its type and is mended in two ways.

fault("order-unknown", "runtime", "OrderException", "KeyMissing", """
    import java.util.*;
    static class OrderException extends RuntimeException { OrderException(String text) { super(text); } }
    static String <<fn>>(Map<String, String> orders, String id) {
        if (!orders.containsKey(id)) throw new OrderException("order " + id + " of <<who>> is not known");
        return orders.get(id);
    }
    ---
    <<fn>>(new HashMap<>(), "<<id>>");
    """, """
    static class OrderException extends Exception {
        OrderException(String id, String user) { super(String.format("order %s of %s is not known", id, user)); }
    }
    ---
    throw new OrderException("<<id>>", "<<email>>");
    """)  # fmt: skip

fault("order-without-items", "runtime", "OrderException", "InvalidValue", """
    import java.util.*;
    static class OrderException extends RuntimeException { OrderException(String text) { super(text); } }
    static int <<fn>>(List<String> items, String id) {
        if (items.isEmpty()) throw new OrderException("order " + id + " of <<who>> has no items");
        return items.size();
    }
    ---
    <<fn>>(List.of(), "<<id>>");
    """, """
    static class OrderException extends Exception {
        OrderException(String id, String user) { super(String.format("order %s of %s has no items", id, user)); }
    }
    ---
    throw new OrderException("<<id>>", "<<email>>");
    """)  # fmt: skip

fault("quantity-not-positive", "runtime", "IllegalArgumentException", "InvalidValue", """
    static int <<fn>>(String sku, int quantity) {
        if (quantity <= 0) throw new IllegalArgumentException("quantity of " + sku + " must be positive: " + quantity);
        return quantity;
    }
    ---
    <<fn>>("<<sku>>", -<<int>>);
    """, """
    static class <<Class>> {
        <<Class>>(String sku, long quantity) {
            if (quantity < 1) throw new IllegalArgumentException(String.format("quantity of %s must be positive: %d", sku, quantity));
        }
    }
    ---
    new <<Class>>("<<sku>>", 0);
    """, sign="must be positive")  # fmt: skip

fault("currency-unknown", "runtime", "IllegalArgumentException", "InvalidValue", """
    static double <<fn>>(String sku, String currency) {
        switch (currency) {
            case "EUR": return 1;
            case "USD": return <<float>>;
            default: throw new IllegalArgumentException("currency of " + sku + " is not supported: " + currency);
        }
    }
    ---
    <<fn>>("<<sku>>", "<<five>>");
    """, """
    import java.util.*;
    static class <<Class>> {
        <<Class>>(String sku, String currency) {
            if (!Set.of("EUR", "CHF").contains(currency)) {
                throw new IllegalArgumentException(String.format("currency of %s is not supported: %s", sku, currency));
            }
        }
    }
    ---
    new <<Class>>("<<sku>>", "<<datum>>");
    """, sign="is not supported: ")  # fmt: skip

fault("batch-already-closed", "runtime", "IllegalStateException", "StateMisuse", """
    static class <<Class>> {
        boolean closed;
        void close() { closed = true; }
        void add(String item) {
            if (closed) throw new IllegalStateException("batch <<id>> is closed, cannot add " + item);
        }
    }
    ---
    <<Class>> <<var>> = new <<Class>>();
    <<var>>.close();
    <<var>>.add("<<datum>>");
    """, """
    ---
    throw new IllegalStateException(String.format("batch %s is closed, cannot add %s", "<<uuid>>", "<<sku>>"));
    """, sign="is closed, cannot add")  # fmt: skip

fault("batch-too-large", "runtime", "IllegalStateException", "ResourceExhausted", """
    static class <<Class>> {
        int size;
        void add(String item) {
            if (++size > <<small>>) throw new IllegalStateException("batch <<id>> is full at <<small>> items, cannot add " + item);
        }
    }
    ---
    <<Class>> <<var>> = new <<Class>>();
    while (true) <<var>>.add("<<datum>>");
    """, """
    ---
    throw new IllegalStateException(String.format("batch %s is full at %d items, cannot add %s", "<<uuid>>", <<big>>, "<<sku>>"));
    """, sign="is full at")  # fmt: skip

# The same program, whose file is not there or holds no number.
LOAD = """
    import java.nio.file.*;
    static class LoadException extends RuntimeException { LoadException(String text, Throwable cause) { super(text, cause); } }
    static int <<fn>>(String file) {
        try {
            return Integer.parseInt(Files.readString(Path.of(file)).trim());
        } catch (Exception failed) {
            throw new LoadException("could not load " + file, failed);
        }
    }
    ---"""

fault("load-failed-file", "runtime", "LoadException", "PathIssue", LOAD + """
    <<fn>>("<<stem>>.txt");
    """, sign="Caused by: java.nio.file.NoSuchFileException")  # fmt: skip

fault("load-failed-number", "runtime", "LoadException", "InvalidValue", LOAD + """
    Files.writeString(Path.of("<<stem>>.txt"), "<<word>> <<int>>");
    <<fn>>("<<stem>>.txt");
    """, sign="Caused by: java.lang.NumberFormatException")  # fmt: skip

# Reflection, threads, numbers, texts.

fault("method-misspelt", "runtime", "NoSuchMethodException", "UndefinedName", """
    static class <<Class>> { public void <<fn>>() { } }
    ---
    <<Class>>.class.getMethod("<<fn2>>");
    """, """
    ---
    String.class.getMethod("substring", String.class).invoke("<<word>>", "<<int>>");
    """)  # fmt: skip

fault("field-misspelt", "runtime", "NoSuchFieldException", "UndefinedName", """
    static class <<Class>> { int <<attr>> = <<int>>; }
    ---
    <<Class>>.class.getDeclaredField("<<attr2>>");
    """)  # fmt: skip

fault("module-closed", "runtime", "InaccessibleObjectException", "VersionMismatch", """
    ---
    String.class.getDeclaredField("value").setAccessible(true);
    """, """
    import java.util.*;
    ---
    java.lang.reflect.Field <<var>> = ArrayList.class.getDeclaredField("size");
    <<var>>.setAccessible(true);
    System.out.println(<<var>>.get(new ArrayList<>(List.of(<<int>>))));
    """)  # fmt: skip

fault("pool-after-shutdown", "runtime", "RejectedExecutionException", "StateMisuse", """
    import java.util.concurrent.*;
    ---
    ExecutorService <<var>> = Executors.newFixedThreadPool(<<small>>);
    <<var>>.shutdown();
    <<var>>.submit(() -> System.out.println("<<word>>"));
    """, """
    import java.util.concurrent.*;
    ---
    ScheduledExecutorService <<var>> = Executors.newSingleThreadScheduledExecutor();
    <<var>>.shutdownNow();
    <<var>>.schedule(() -> <<int>>, <<int>>, TimeUnit.SECONDS);
    """)  # fmt: skip

fault("thread-twice", "runtime", "IllegalThreadStateException", "StateMisuse", """
    ---
    Thread <<var>> = new Thread(() -> System.out.println("<<word>>"));
    <<var>>.start();
    <<var>>.join();
    <<var>>.start();
    """)  # fmt: skip

fault("integer-overflow", "runtime", "ArithmeticException", "InvalidValue", """
    ---
    int <<var>> = Math.multiplyExact(<<big>>, <<big>>);
    """, """
    ---
    Math.toIntExact(<<big>>00000L);
    """, """
    ---
    long <<var>> = Long.MAX_VALUE - <<int>>;
    System.out.println(Math.addExact(<<var>>, <<big>>L));
    """, sign="(integer|long) overflow")  # fmt: skip

fault("decimal-without-end", "runtime", "ArithmeticException", "InvalidValue", """
    import java.math.BigDecimal;
    ---
    new BigDecimal("<<int>>").divide(new BigDecimal("7<<small>>1"));
    """, """
    import java.math.*;
    ---
    BigDecimal <<var>> = BigDecimal.valueOf(<<float>>).divide(BigDecimal.valueOf(3.33));
    """, sign="Non-terminating decimal")  # fmt: skip

fault("format-conversion-unknown", "runtime", "UnknownFormatConversionException", "InvalidValue", """
    ---
    System.out.println(String.format("%d of %y", <<int>>, <<int2>>));
    """, """
    ---
    System.out.printf("<<int>>% <<noun>>%n");
    """, """
    ---
    "<<text>>: %v".formatted("<<word>>");
    """)  # fmt: skip

fault("base64-malformed", "runtime", "IllegalArgumentException", "MalformedData", """
    import java.util.Base64;
    ---
    Base64.getDecoder().decode("<<datum>>-_!");
    """, """
    import java.util.*;
    ---
    byte[] <<var>> = Base64.getDecoder().decode("<<noun>>.<<hex>>");
    """, sign="Illegal base64 character")  # fmt: skip

fault("uuid-text", "runtime", "IllegalArgumentException", "InvalidValue", """
    import java.util.UUID;
    ---
    UUID.fromString("<<noun>>");
    """, """
    import java.util.UUID;
    ---
    UUID <<var>> = UUID.fromString("<<hex>><<int>>");
    """, sign="Invalid UUID string")  # fmt: skip

fault("bound-not-positive", "runtime", "IllegalArgumentException", "InvalidValue", """
    import java.util.*;
    ---
    new Random(<<int>>).nextInt(List.of().size());
    """, """
    import java.util.Random;
    ---
    int <<var>> = new Random().nextInt(<<int>> - <<big>>);
    """, sign="bound must be positive")  # fmt: skip

fault("pattern-letter", "runtime", "IllegalArgumentException", "InvalidValue", """
    import java.time.format.DateTimeFormatter;
    ---
    DateTimeFormatter.ofPattern("yyyy-MM-dd <<noun>> J");
    """, """
    import java.time.*;
    import java.time.format.*;
    ---
    LocalDate.now().format(DateTimeFormatter.ofPattern("dd.MM.yyyy RRR"));
    """, sign="Unknown pattern letter|Reserved|Too many pattern letters|Pattern ")  # fmt: skip

fault("not-comparable", "runtime", "ClassCastException", "WrongType", """
    import java.util.*;
    static class <<Class>> { int <<attr>> = <<int>>; }
    ---
    new TreeMap<Object, String>().put(new <<Class>>(), "<<word>>");
    """, """
    import java.util.*;
    static class <<Class>> { String <<attr>>; }
    ---
    Object[] <<var>> = {new <<Class>>(), new <<Class>>()};
    Arrays.sort(<<var>>);
    """, """
    import java.util.*;
    static class <<Class>> { }
    ---
    PriorityQueue<<<Class>>> <<var>> = new PriorityQueue<>(<<small>>);
    <<var>>.add(new <<Class>>());
    <<var>>.add(new <<Class>>());
    """, sign="cannot be cast to class java.lang.Comparable")  # fmt: skip

fault("array-too-large", "runtime", "OutOfMemoryError", "ResourceExhausted", """
    ---
    int[] <<var>> = new int[Integer.MAX_VALUE];
    """, """
    ---
    long[] <<var>> = new long[Integer.MAX_VALUE - 1 + <<small>> / 9];
    System.out.println(<<var>>.length);
    """, sign="Requested array size exceeds VM limit", flags=("-Xmx64m",))  # fmt: skip

# Streams of bytes.

fault("not-serialisable", "runtime", "NotSerializableException", "WrongType", """
    import java.io.*;
    static class <<Class>> { int <<attr>> = <<int>>; }
    ---
    new ObjectOutputStream(new ByteArrayOutputStream()).writeObject(new <<Class>>());
    """, """
    import java.io.*;
    import java.util.*;
    static class <<Class>> { }
    static class <<Class2>> implements Serializable { List<<<Class>>> <<attr>> = new ArrayList<>(List.of(new <<Class>>())); }
    ---
    new ObjectOutputStream(OutputStream.nullOutputStream()).writeObject(new <<Class2>>());
    """)  # fmt: skip

fault("object-stream-malformed", "runtime", "StreamCorruptedException", "MalformedData", """
    import java.io.*;
    ---
    new ObjectInputStream(new ByteArrayInputStream("<<noun>> <<int>>".getBytes())).readObject();
    """, """
    import java.io.*;
    import java.nio.file.*;
    ---
    Files.writeString(Path.of("<<stem>>.ser"), "{\\"<<key>>\\": <<int>>}");
    try (ObjectInputStream <<var>> = new ObjectInputStream(new FileInputStream("<<stem>>.ser"))) { <<var>>.readObject(); }
    """, sign="invalid stream header")  # fmt: skip

fault("bytes-used-up", "runtime", "EOFException", "MalformedData", """
    import java.io.*;
    ---
    new DataInputStream(new ByteArrayInputStream(new byte[<<small>>])).readLong();
    """, """
    import java.io.*;
    import java.nio.file.*;
    ---
    Files.write(Path.of("<<stem>>.bin"), new byte[] {1, 2, 3});
    DataInputStream <<var>> = new DataInputStream(Files.newInputStream(Path.of("<<stem>>.bin")));
    while (true) System.out.println(<<var>>.readInt());
    """)  # fmt: skip

fault("gzip-malformed", "runtime", "ZipException", "MalformedData", """
    import java.io.*;
    import java.util.zip.*;
    ---
    new GZIPInputStream(new ByteArrayInputStream("<<text>> <<int>>".getBytes())).read();
    """, """
    import java.nio.file.*;
    import java.util.zip.*;
    ---
    Files.writeString(Path.of("<<stem>>.gz"), "<html><<noun>></html>");
    try (GZIPInputStream <<var>> = new GZIPInputStream(Files.newInputStream(Path.of("<<stem>>.gz")))) { <<var>>.readAllBytes(); }
    """, sign="Not in GZIP format")  # fmt: skip

fault("stream-closed", "runtime", "IOException", "StateMisuse", """
    import java.io.*;
    ---
    BufferedReader <<var>> = new BufferedReader(new StringReader("<<text>>"));
    <<var>>.close();
    <<var>>.readLine();
    """, """
    import java.io.*;
    ---
    Writer <<var>> = new BufferedWriter(new FileWriter("<<stem>>.txt"));
    try (<<var>>) { <<var>>.write("<<word>>"); }
    <<var>>.write(<<int>>);
    """, sign="[Ss]tream closed")  # fmt: skip

fault("file-forbidden", "runtime", "AccessDeniedException", "PermissionDenied", """
    import java.nio.file.*;
    import java.nio.file.attribute.*;
    ---
    Path <<var>> = Path.of("<<stem>>.key");
    if (!Files.exists(<<var>>)) Files.createFile(<<var>>);
    Files.setPosixFilePermissions(<<var>>, PosixFilePermissions.fromString("---------"));
    Files.readString(<<var>>);
    """, denied=True)  # fmt: skip

fault("stream-file-forbidden", "runtime", "FileNotFoundException", "PermissionDenied", """
    import java.io.*;
    ---
    File <<var>> = new File("<<stem>>.cfg");
    <<var>>.createNewFile();
    <<var>>.setReadable(false, false);
    new FileReader(<<var>>).read();
    """, """
    import java.io.*;
    ---
    File <<var>> = new File("<<stem>>.d");
    <<var>>.mkdir();
    <<var>>.setWritable(false, false);
    new FileOutputStream("<<stem>>.d/<<noun>>.bin").write(<<int>>);
    """, sign="Permission denied", denied=True)  # fmt: skip

fault("folder-not-empty", "runtime", "DirectoryNotEmptyException", "PathIssue", """
    import java.nio.file.*;
    ---
    Files.createDirectories(Path.of("<<stem>>", "<<noun>>"));
    Files.delete(Path.of("<<stem>>"));
    """)  # fmt: skip

# The network.

fault("host-unknown", "runtime", "UnknownHostException", "NetworkUnreachable", """
    import java.net.*;
    ---
    new Socket("db.<<noun>>.invalid", 5432);
    """, """
    import java.net.*;
    ---
    InetAddress <<var>> = InetAddress.getByName("<<noun>>-<<int>>.invalid");
    """)  # fmt: skip

fault("url-without-protocol", "runtime", "MalformedURLException", "InvalidValue", """
    import java.net.URL;
    ---
    new URL("<<noun>>.example.com/<<int>>").openStream();
    """, """
    import java.net.*;
    ---
    URL <<var>> = new URL("/v1/<<noun>>s?id=<<id>>");
    """, sign="no protocol")  # fmt: skip

fault("uri-characters", "runtime", "URISyntaxException", "InvalidValue", """
    import java.net.URI;
    ---
    new URI("http://127.0.0.1/<<noun>> <<int>>");
    """, """
    import java.net.*;
    ---
    URI <<var>> = new URI("https://<<noun>>.example.com/?q={<<key>>}");
    """, sign="Illegal character")  # fmt: skip

fault("url-404", "runtime", "FileNotFoundException", "NotFoundRemote", """
    import java.net.URL;
    ---
    new URL("<<http>>/404/<<noun>>s/<<int>>").openStream();
    """, """
    import java.net.*;
    ---
    URLConnection <<var>> = new URL("<<http>>/404/<<hex>>.json").openConnection();
    <<var>>.getInputStream().readAllBytes();
    """, sign="http://")  # fmt: skip

fault("url-500", "runtime", "IOException", None, """
    import java.net.URL;
    ---
    new URL("<<http>>/500/<<noun>>s/<<int>>").openStream();
    """, """
    import java.net.*;
    ---
    HttpURLConnection <<var>> = (HttpURLConnection) new URL("<<http>>/500/<<hex>>").openConnection();
    <<var>>.getInputStream().read();
    """, sign="response code: 500")  # fmt: skip

fault("url-403", "runtime", "IOException", "AuthFailure", """
    import java.net.URL;
    ---
    new URL("<<http>>/403/<<noun>>s/<<int>>").openStream();
    """, """
    import java.net.*;
    ---
    HttpURLConnection <<var>> = (HttpURLConnection) new URL("<<http>>/403/<<hex>>").openConnection();
    <<var>>.setRequestProperty("Authorization", "Bearer <<hex>>");
    <<var>>.getInputStream().read();
    """, sign="response code: 403")  # fmt: skip

fault("answer-timeout", "runtime", "HttpTimeoutException", "Timeout", """
    import java.net.URI;
    import java.net.http.*;
    import java.time.Duration;
    ---
    HttpRequest <<var>> = HttpRequest.newBuilder(URI.create("<<http>>/299/<<noun>>")).timeout(Duration.ofMillis(<<int>>)).build();
    HttpClient.newHttpClient().send(<<var>>, HttpResponse.BodyHandlers.ofString());
    """, sign="timed out")  # fmt: skip

fault("socket-timeout", "runtime", "SocketTimeoutException", "Timeout", """
    import java.net.*;
    ---
    Socket <<var>> = new Socket("127.0.0.1", <<busy>>);
    <<var>>.setSoTimeout(<<int>>);
    <<var>>.getInputStream().read();
    """, """
    import java.net.*;
    ---
    URLConnection <<var>> = new URL("<<http>>/299/<<noun>>s").openConnection();
    <<var>>.setReadTimeout(<<int>>);
    <<var>>.getInputStream();
    """, sign="Read timed out")  # fmt: skip

# The launcher.

fault("compiled-for-later", "deploy", "UnsupportedClassVersionError", "VersionMismatch", """
    ---
    System.out.println("<<word>>" + <<int>>);
    """, """
    static int <<fn>>(int value) { return value * <<int>>; }
    ---
    <<fn>>(<<int2>>);
    """, launch="older", clients=("script", "log"), sign="compiled by a more recent version|UnsupportedClassVersionError")  # fmt: skip

fault("main-class-absent", "deploy", "ClassNotFoundException", "PathIssue", """
    ---
    System.out.println("<<word>>" + <<int>>);
    """, launch="misnamed", clients=("script", "log"), sign="Could not find or load main class")  # fmt: skip

# javac, again.

fault("import-forgotten", "compile", "CompilationError", "UndefinedName", """
    ---
    List<Integer> <<var>> = new ArrayList<>();
    <<var>>.add(<<int>>);
    """, """
    ---
    Scanner <<var>> = new Scanner(System.in);
    """, """
    static Map<String, Integer> <<fn>>() { return new HashMap<>(); }
    ---
    <<fn>>().put("<<word>>", <<int>>);
    """, javac=True, sign="symbol: +class (List|ArrayList|Scanner|Map|HashMap)")  # fmt: skip

fault("string-open", "compile", "CompilationError", "SyntaxMistake", """
    ---
    String <<var>> = "<<word>>;
    """, """
    ---
    System.out.println("<<text>>);
    """, javac=True, sign="unclosed string literal")  # fmt: skip

fault("brace-missing", "compile", "CompilationError", "SyntaxMistake", """
    static int <<fn>>(int value) { if (value > 1) { return <<int>>;  return 0; }
    ---
    <<fn>>(<<int2>>);
    """, """
    ---
    for (int i = 0; i < <<int>>; i++) {
        System.out.println("<<word>>");
    """, javac=True, sign="reached end of file while parsing")  # fmt: skip

fault("not-a-statement", "compile", "CompilationError", "SyntaxMistake", """
    ---
    int <<var>> = <<int>>;
    <<var>> + 1;
    """, """
    ---
    String <<var>> = "<<word>>";
    <<var>> == "<<noun>>";
    """, javac=True, sign="not a statement")  # fmt: skip

fault("operand-types", "compile", "CompilationError", "WrongType", """
    ---
    boolean <<var>> = "<<word>>" > <<int>>;
    """, """
    ---
    String <<var>> = "<<word>>" * <<int>>;
    """, """
    import java.util.*;
    ---
    List<Integer> <<var>> = List.of(<<int>>);
    System.out.println(<<var>> - 1);
    """, javac=True, sign="bad operand types")  # fmt: skip

fault("not-initialised", "compile", "CompilationError", "StateMisuse", """
    ---
    int <<var>>;
    System.out.println(<<var>> + <<int>>);
    """, """
    ---
    String <<var>>;
    if (System.nanoTime() > <<int>>) <<var>> = "<<word>>";
    System.out.println(<<var>>);
    """, javac=True, sign="might not have been initialized")  # fmt: skip

fault("unreachable", "compile", "CompilationError", "SyntaxMistake", """
    static int <<fn>>(int value) { return value; System.out.println("<<word>>"); }
    ---
    <<fn>>(<<int>>);
    """, """
    ---
    while (true) { System.out.println(<<int>>); }
    System.out.println("<<word>>");
    """, javac=True, sign="unreachable statement")  # fmt: skip

fault("method-not-implemented", "compile", "CompilationError", None, """
    interface <<Class>> { void <<fn>>(int value); }
    static class <<Class2>> implements <<Class>> { }
    ---
    <<Class>> <<var>> = new <<Class2>>();
    """, """
    static class <<Class>> implements Comparable<<<Class>>> { public int compareTo(Object other) { return <<int>>; } }
    ---
    new <<Class>>();
    """, """
    ---
    Runnable <<var>> = new Runnable() { public void <<fn>>() { } };
    """, javac=True, sign="is not abstract and does not override")  # fmt: skip

fault("lambda-variable-changed", "compile", "CompilationError", "ImmutableMutation", """
    ---
    int <<var>> = <<int>>;
    Runnable <<var2>> = () -> System.out.println(<<var>>);
    <<var>>++;
    """, """
    import java.util.*;
    ---
    int <<var>> = 0;
    List.of(<<int>>, <<int2>>).forEach(item -> <<var>> += item);
    """, javac=True, sign="final or effectively final")  # fmt: skip

fault("number-too-large", "compile", "CompilationError", "InvalidValue", """
    ---
    long <<var>> = 9<<ms>>;
    """, """
    ---
    int <<var>> = 30000<<big>>;
    """, javac=True, sign="integer number too large")  # fmt: skip

fault("result-of-void", "compile", "CompilationError", "WrongType", """
    static void <<fn>>(int value) { return value * <<int>>; }
    ---
    <<fn>>(<<int2>>);
    """, javac=True, sign="unexpected return value")  # fmt: skip
