import java.io.BufferedReader;
import java.io.File;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** Compiles folders named on standard input, one a line, and answers each with javac's exit code. */
public class CompileServer {
    public static void main(String[] args) throws Exception {
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        String line;
        while ((line = input.readLine()) != null) {
            File folder = new File(line);
            List<String> arguments = new ArrayList<>(List.of("-proc:none", "-g", "-nowarn", "-Xlint:none", "-XDuseUnsharedTable", "-encoding", "UTF-8", "-d", line, "-cp", line));
            collect(folder, arguments);
            try (OutputStream said = new FileOutputStream(new File(folder, "javac.txt"))) {
                int code = javac.run(null, said, said, arguments.toArray(new String[0]));
                System.out.println(code);
                System.out.flush();
            }
        }
    }

    private static void collect(File folder, List<String> found) {
        for (File file : folder.listFiles()) {
            if (file.isDirectory()) collect(file, found);
            else if (file.getName().endsWith(".java")) found.add(file.getPath());
        }
    }
}
