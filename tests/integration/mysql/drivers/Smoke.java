// What a Java application does, through MariaDB's JDBC driver: prepared statements
// of both protocols, batches (bulk ones, where the server offers them),
// transactions, a result fetched in pieces, generated keys, an error, several
// results. Prints "ok", or throws.
import java.sql.*;

public class Smoke {
  static void check(boolean holds, String what) {
    if (!holds) throw new IllegalStateException(what);
  }

  public static void main(String[] arguments) throws Exception {
    try (Connection connection =
        DriverManager.getConnection(arguments[0], "app", System.getenv("MYSQL_PWD"))) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("DROP TABLE IF EXISTS jdbc");
        statement.execute("CREATE TABLE jdbc (id INT AUTO_INCREMENT PRIMARY KEY, n INT, v VARCHAR(100))");
      }
      try (PreparedStatement insert =
          connection.prepareStatement("INSERT INTO jdbc (n, v) VALUES (?, ?)")) {
        for (int n = 0; n < 500; ++n) {
          insert.setInt(1, n);
          insert.setString(2, "value " + n);
          insert.addBatch();
        }
        check(insert.executeBatch().length == 500, "batch");
      }
      try (PreparedStatement select = connection.prepareStatement("SELECT v FROM jdbc WHERE n = ?")) {
        for (int n = 0; n < 50; ++n) {
          select.setInt(1, n);
          try (ResultSet rows = select.executeQuery()) {
            check(rows.next() && rows.getString(1).equals("value " + n), "prepared " + n);
          }
        }
      }
      try (PreparedStatement insert = connection.prepareStatement(
          "INSERT INTO jdbc (n, v) VALUES (-1, 'key')", Statement.RETURN_GENERATED_KEYS)) {
        insert.executeUpdate();
        try (ResultSet keys = insert.getGeneratedKeys()) {
          check(keys.next() && keys.getLong(1) > 500, "generated key");
        }
      }
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.setFetchSize(7);
        int seen = 0;
        try (ResultSet rows = statement.executeQuery("SELECT n FROM jdbc WHERE n >= 0 ORDER BY n")) {
          while (rows.next()) check(rows.getInt(1) == seen++, "order");
        }
        check(seen == 500, "fetched " + seen);
        statement.executeUpdate("DELETE FROM jdbc WHERE n >= 0");
        connection.rollback();
        try (ResultSet rows = statement.executeQuery("SELECT COUNT(*) FROM jdbc WHERE n >= 0")) {
          check(rows.next() && rows.getInt(1) == 500, "rolled back");
        }
        connection.commit();
      }
      connection.setAutoCommit(true);
      try (Statement statement = connection.createStatement()) {
        statement.executeQuery("SELECT * FROM no_such_table");
        check(false, "no error");
      } catch (SQLException error) {
        check(error.getSQLState().equals("42S02") && error.getErrorCode() == 1146, "state " + error);
      }
      try (Statement statement = connection.createStatement()) {
        check(statement.execute("SELECT 1; SELECT 2, 3"), "first of several");
        check(statement.getMoreResults(), "second of several");
        try (ResultSet rows = statement.getResultSet()) {
          check(rows.next() && rows.getInt(2) == 3, "second's value");
        }
      }
      connection.setReadOnly(true);
      try (Statement statement = connection.createStatement();
          ResultSet rows = statement.executeQuery("SELECT COUNT(*) FROM jdbc")) {
        check(rows.next() && rows.getInt(1) == 501, "read-only");
      }
      check(connection.isValid(5), "valid");
    }
    System.out.println("ok");
  }
}
