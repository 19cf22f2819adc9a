import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.*;
import java.util.*;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.copy.CopyManager;

/** The JDBC driver: what an application does with it, against the server that PGHOST, PGPORT, PGUSER and PGDATABASE name. */
public class Probe {
    static String env(String name, String otherwise) {
        String value = System.getenv(name);
        return value == null ? otherwise : value;
    }

    static void check(String what, Object found, Object expected) {
        if (!Objects.equals(found, expected)) throw new AssertionError(what + ": found " + found + ", expected " + expected);
        System.out.println("ok " + what);
    }

    static Connection connect(String more) throws SQLException {
        String url = "jdbc:postgresql://" + env("PGHOST", "127.0.0.1") + ":" + env("PGPORT", "5432") + "/" + env("PGDATABASE", "postgres")
            + "?user=" + env("PGUSER", "postgres") + more;
        return DriverManager.getConnection(url);
    }

    static List<String> column(ResultSet rows, String name) throws SQLException {
        List<String> found = new ArrayList<>();
        while (rows.next()) found.add(rows.getString(name));
        return found;
    }

    static void work(Connection c, String mode) throws Exception {
        try (Statement s = c.createStatement()) {
            s.execute("drop table if exists jdbc_probe_child; drop table if exists jdbc_probe");
            s.execute("create table jdbc_probe (id serial primary key, t varchar(40) not null, n numeric(12,2), d date, ts timestamp, b boolean, raw bytea, f float8, a int[])");
            s.execute("create table jdbc_probe_child (id int primary key, parent int references jdbc_probe on delete cascade)");
            s.execute("create index jdbc_probe_t on jdbc_probe (t)");
        }
        try (PreparedStatement p = c.prepareStatement("insert into jdbc_probe (t, n, d, ts, b, raw, f, a) values (?,?,?,?,?,?,?,?)", Statement.RETURN_GENERATED_KEYS)) {
            for (int i = 0; i < 20; i++) {
                p.setString(1, "né" + i);
                p.setBigDecimal(2, new BigDecimal("12.50"));
                p.setDate(3, java.sql.Date.valueOf("2024-02-29"));
                p.setTimestamp(4, Timestamp.valueOf("2024-02-29 12:30:01.123456"));
                p.setBoolean(5, true);
                p.setBytes(6, new byte[] {0, -1});
                p.setDouble(7, 0.1);
                p.setArray(8, c.createArrayOf("int4", new Integer[] {1, null, 3}));
                check(mode + "insert " + i, p.executeUpdate(), 1);
                if (i == 0) {
                    ResultSet keys = p.getGeneratedKeys();
                    keys.next();
                    check(mode + "generated key", keys.getInt("id"), 1);
                }
            }
        }
        try (PreparedStatement p = c.prepareStatement("select * from jdbc_probe where id = ?")) {
            for (int i = 1; i <= 12; i++) { // from the fifth time on by a named statement, in binary
                p.setInt(1, i);
                ResultSet r = p.executeQuery();
                r.next();
                check(mode + "row " + i, Arrays.asList(r.getString("t"), r.getBigDecimal("n"), r.getDate("d").toString(), r.getTimestamp("ts").toString(),
                    r.getBoolean("b"), r.getBytes("raw").length, r.getDouble("f"), Arrays.toString((Object[]) r.getArray("a").getArray())),
                    Arrays.asList("né" + (i - 1), new BigDecimal("12.50"), "2024-02-29", "2024-02-29 12:30:01.123456", true, 2, 0.1, "[1, null, 3]"));
            }
        }
        try (PreparedStatement p = c.prepareStatement("insert into jdbc_probe (t) values (?)")) {
            for (int i = 0; i < 500; i++) {
                p.setString(1, "batch");
                p.addBatch();
            }
            check(mode + "batch", p.executeBatch().length, 500);
        }
        c.setAutoCommit(false);
        try (Statement s = c.createStatement()) {
            s.setFetchSize(50);
            ResultSet r = s.executeQuery("select id from jdbc_probe");
            int n = 0;
            while (r.next()) n++;
            check(mode + "fetch size", n, 520);
        }
        Savepoint save = c.setSavepoint("one");
        try (Statement s = c.createStatement()) {
            s.executeUpdate("insert into jdbc_probe (id, t) values (1, 'x')");
            throw new AssertionError("no error");
        } catch (SQLException e) {
            check(mode + "error", e.getSQLState(), "23505");
        }
        c.rollback(save);
        c.commit();
        c.setAutoCommit(true);
        DatabaseMetaData meta = c.getMetaData();
        check(mode + "product", meta.getDatabaseProductName(), "PostgreSQL");
        check(mode + "tables", column(meta.getTables(null, "public", "jdbc%", new String[] {"TABLE"}), "TABLE_NAME"), List.of("jdbc_probe", "jdbc_probe_child"));
        check(mode + "columns", column(meta.getColumns(null, "public", "jdbc_probe", "%"), "COLUMN_NAME"), List.of("id", "t", "n", "d", "ts", "b", "raw", "f", "a"));
        check(mode + "types", column(meta.getColumns(null, "public", "jdbc_probe", "%"), "TYPE_NAME"), List.of("serial", "varchar", "numeric", "date", "timestamp", "bool", "bytea", "float8", "_int4"));
        check(mode + "primary key", column(meta.getPrimaryKeys(null, "public", "jdbc_probe"), "COLUMN_NAME"), List.of("id"));
        check(mode + "imported keys", column(meta.getImportedKeys(null, "public", "jdbc_probe_child"), "FKCOLUMN_NAME"), List.of("parent"));
        check(mode + "exported keys", column(meta.getExportedKeys(null, "public", "jdbc_probe"), "FKTABLE_NAME"), List.of("jdbc_probe_child"));
        check(mode + "indexes", column(meta.getIndexInfo(null, "public", "jdbc_probe", false, false), "INDEX_NAME"), List.of("jdbc_probe_pkey", "jdbc_probe_t"));
        check(mode + "schemas", column(meta.getSchemas(), "TABLE_SCHEM").contains("public"), true);
        check(mode + "catalogs", column(meta.getCatalogs(), "TABLE_CAT").contains(env("PGDATABASE", "postgres")), true);
        check(mode + "type info", column(meta.getTypeInfo(), "TYPE_NAME").contains("int4"), true);
        check(mode + "functions", column(meta.getFunctions(null, "pg_catalog", "now"), "FUNCTION_NAME"), List.of("now"));
        check(mode + "privileges", column(meta.getTablePrivileges(null, "public", "jdbc_probe"), "PRIVILEGE").contains("SELECT"), true);
        ResultSetMetaData columns = c.createStatement().executeQuery("select id, t, n from jdbc_probe limit 0").getMetaData();
        check(mode + "result columns", List.of(columns.getTableName(1), columns.isAutoIncrement(1), columns.isNullable(2), columns.getPrecision(3), columns.getScale(3)),
            List.of("jdbc_probe", true, ResultSetMetaData.columnNoNulls, 12, 2));
        PreparedStatement p = c.prepareStatement("select t from jdbc_probe where id = ? and n > ?");
        check(mode + "parameter types", p.getParameterMetaData().getParameterTypeName(2), "numeric");
        PGConnection pg = c.unwrap(PGConnection.class);
        CopyManager copy = pg.getCopyAPI();
        check(mode + "copy in", copy.copyIn("copy jdbc_probe (t) from stdin", new StringReader("x\ny\n")), 2L);
        StringWriter out = new StringWriter();
        copy.copyOut("copy (select t from jdbc_probe where t in ('x', 'y') order by t) to stdout", out);
        check(mode + "copy out", out.toString(), "x\ny\n");
        try (Statement s = c.createStatement()) {
            s.execute("drop table if exists jdbc_nowhere");
            check(mode + "warning", s.getWarnings().getMessage(), "table \"jdbc_nowhere\" does not exist, skipping");
            s.execute("listen probe; notify probe, 'hello'");
            PGNotification[] notes = pg.getNotifications(2000);
            check(mode + "notify", notes[0].getParameter(), "hello");
        }
        Statement sleeper = c.createStatement();
        new Thread(() -> {
            try {
                Thread.sleep(300);
                sleeper.cancel();
            } catch (Exception e) {
                throw new RuntimeException(e);
            }
        }).start();
        try {
            sleeper.execute("select pg_sleep(20)");
            throw new AssertionError("not cancelled");
        } catch (SQLException e) {
            check(mode + "cancel", e.getSQLState(), "57014");
        }
        try (Statement s = c.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE)) {
            ResultSet r = s.executeQuery("select id, t from jdbc_probe where id = 2");
            r.next();
            r.updateString("t", "changed");
            r.updateRow();
            check(mode + "updatable result", r.getString("t"), "changed");
        }
        try (Statement s = c.createStatement()) {
            s.execute("drop table jdbc_probe_child; drop table jdbc_probe");
        }
    }

    public static void main(String[] arguments) throws Exception {
        for (String more : new String[] {"", "&prepareThreshold=1&reWriteBatchedInserts=true"}) {
            try (Connection c = connect(more)) {
                work(c, more.isEmpty() ? "" : more + ": ");
            }
        }
    }
}
