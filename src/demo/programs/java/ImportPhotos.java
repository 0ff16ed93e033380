import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

public class ImportPhotos {
    static long size(Path path) throws Exception {
        return Files.size(path);
    }

    static long importAll(String... names) {
        long bytes = 0;
        for (String name : names) {
            try {
                bytes += size(Path.of(name));
            } catch (NoSuchFileException error) {
                throw new IllegalStateException("import stopped at " + name, error);
            } catch (Exception error) {
                throw new RuntimeException(error);
            }
        }
        return bytes;
    }

    public static void main(String[] args) {
        System.out.println(importAll("photos/harbour.jpg", "photos/bridge.jpg"));
    }
}
