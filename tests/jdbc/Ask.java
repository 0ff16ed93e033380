import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** Asks an engine what tools ask through JDBC, and prints a line for each answer. Argument: the URL. */
public class Ask {
    private static final String BY_TYPE =
            "SELECT error_type, count(*) AS n, max(timestamp) AS last FROM errors GROUP BY error_type ORDER BY error_type";

    public static void main(String[] arguments) throws SQLException {
        try (Connection connection = DriverManager.getConnection(arguments[0])) {
            describe(connection.getMetaData());
            ask(connection);
            askWithValues(connection);
            try (Statement statement = connection.createStatement()) {
                statement.executeUpdate("DELETE FROM errors");
            } catch (SQLException refused) {
                System.out.println("refused " + refused.getMessage());
            }
        }
    }

    private static void describe(DatabaseMetaData meta) throws SQLException {
        System.out.println("product " + meta.getDatabaseProductName() + " " + meta.isReadOnly());
        System.out.println("quote " + meta.getIdentifierQuoteString());
        try (ResultSet tables = meta.getTables(null, "public", "%", new String[] {"TABLE"})) {
            while (tables.next()) {
                System.out.println("table " + tables.getString("TABLE_NAME"));
            }
        }
        try (ResultSet columns = meta.getColumns(null, "public", "errors", "%")) {
            while (columns.next()) {
                System.out.println("column " + columns.getString("COLUMN_NAME"));
            }
        }
        try (ResultSet keys = meta.getPrimaryKeys(null, "public", "errors")) {
            System.out.println("keys " + keys.next());
        }
    }

    private static void ask(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(BY_TYPE)) {
            while (rows.next()) {
                boolean timed = rows.getTimestamp("last") != null;
                System.out.println("type " + rows.getString(1) + " " + rows.getLong("n") + " " + timed);
            }
        }
    }

    private static void askWithValues(Connection connection) throws SQLException {
        String sql = "SELECT count(*) FROM errors WHERE error_type = ? AND severity >= ? AND message <> 'what?'";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (String type : new String[] {"KeyError", "none"}) {
                statement.setString(1, type);
                statement.setInt(2, 1);
                try (ResultSet rows = statement.executeQuery()) {
                    rows.next();
                    System.out.println("value " + type + " " + rows.getLong(1));
                }
            }
        }
        try (PreparedStatement statement = connection.prepareStatement("SELECT ? AS a, ? + 1 AS b")) {
            statement.setString(1, "x");
            statement.setLong(2, 41);
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                System.out.println("untyped " + rows.getString("a") + " " + rows.getLong("b"));
            }
        }
    }
}
