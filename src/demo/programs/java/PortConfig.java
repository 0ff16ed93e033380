import java.util.Properties;

public class PortConfig {
    private final Properties properties = new Properties();

    PortConfig() {
        properties.setProperty("server.port", "8080;");
    }

    int port() {
        return Integer.parseInt(properties.getProperty("server.port"));
    }

    static String describe(PortConfig config) {
        return "listening on " + config.port();
    }

    public static void main(String[] args) {
        System.out.println(describe(new PortConfig()));
    }
}
