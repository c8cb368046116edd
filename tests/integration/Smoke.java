// What a Java application does, through JDBC: prepared statements (the driver
// switches to named ones after five uses), batches, transactions, a result
// fetched in pieces, an error, read-only connections. Prints "ok", or throws.
import java.sql.*;
import java.util.Properties;

public class Smoke {
  static void check(boolean holds, String what) {
    if (!holds) throw new IllegalStateException(what);
  }

  public static void main(String[] arguments) throws Exception {
    Properties properties = new Properties();
    properties.setProperty("user", "app");
    properties.setProperty("password", System.getenv("PGPASSWORD"));
    try (Connection connection = DriverManager.getConnection(arguments[0], properties)) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("DROP TABLE IF EXISTS jdbc");
        statement.execute("CREATE TABLE jdbc (id int PRIMARY KEY, v text)");
      }
      try (PreparedStatement insert = connection.prepareStatement("INSERT INTO jdbc VALUES (?, ?)")) {
        for (int id = 0; id < 500; ++id) {
          insert.setInt(1, id);
          insert.setString(2, "value " + id);
          insert.addBatch();
        }
        check(insert.executeBatch().length == 500, "batch");
      }
      try (PreparedStatement select = connection.prepareStatement("SELECT v FROM jdbc WHERE id = ?")) {
        for (int id = 0; id < 50; ++id) {
          select.setInt(1, id);
          try (ResultSet rows = select.executeQuery()) {
            check(rows.next() && rows.getString(1).equals("value " + id), "prepared " + id);
          }
        }
      }
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.setFetchSize(7);
        int seen = 0;
        try (ResultSet rows = statement.executeQuery("SELECT * FROM jdbc ORDER BY id")) {
          while (rows.next()) check(rows.getInt(1) == seen++, "order");
        }
        check(seen == 500, "pieces");
        statement.executeUpdate("DELETE FROM jdbc");
        connection.rollback();
        try (ResultSet rows = statement.executeQuery("SELECT count(*) FROM jdbc")) {
          check(rows.next() && rows.getInt(1) == 500, "rollback");
        }
        Savepoint savepoint = connection.setSavepoint();
        try {
          statement.executeUpdate("INSERT INTO jdbc VALUES (1, 'twice')");
          check(false, "no error");
        } catch (SQLException error) {
          check(error.getSQLState().equals("23505"), error.toString());
        }
        connection.rollback(savepoint);
        statement.executeUpdate("INSERT INTO jdbc VALUES (1000, 'after')");
        connection.commit();
      }
      connection.setReadOnly(true);
      try (Statement statement = connection.createStatement();
          ResultSet rows = statement.executeQuery("SELECT count(*) FROM jdbc")) {
        check(rows.next() && rows.getInt(1) == 501, "read-only");
      }
      connection.commit();
    }
    System.out.println("ok");
  }
}
