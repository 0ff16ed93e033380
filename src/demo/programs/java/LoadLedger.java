import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

public class LoadLedger {
    static List<String> read(Path path) {
        try {
            return Files.readAllLines(path);
        } catch (IOException error) {
            throw new UncheckedIOException("ledger cannot be read", error);
        }
    }

    public static void main(String[] args) {
        System.out.println(read(Path.of("/home/jruiz/ledger/2026-q3.csv")).size());
    }
}
