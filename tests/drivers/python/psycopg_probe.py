"""psycopg 3: what an application does with it, against the server that PGHOST, PGPORT, PGUSER and PGDATABASE name."""
import datetime, decimal, threading, time, uuid
import psycopg
from psycopg import errors
from psycopg.rows import dict_row

def check(what, found, expected):
    assert found == expected, f"{what}: found {found!r}, expected {expected!r}"
    print("ok", what)

conn = psycopg.connect(autocommit=True)
cur = conn.cursor()
cur.execute("drop table if exists psycopg_probe")
cur.execute("create table psycopg_probe (id int primary key, t text, n numeric(12,2), f float8, b bool, d date, ts timestamptz, u uuid, raw bytea, a int[])")
now = datetime.datetime(2024, 2, 29, 12, 30, 1, 123456, tzinfo=datetime.timezone.utc)
row = (1, "né", decimal.Decimal("12.50"), 0.1, True, datetime.date(2024, 2, 29), now, uuid.UUID(int=5), b"\x00\xff", [1, None, 3])
cur.execute("insert into psycopg_probe values (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)", row)
for binary in (False, True):
    with conn.cursor(binary=binary) as c:
        check(f"row, binary={binary}", c.execute("select * from psycopg_probe").fetchone(), row)
cur.executemany("insert into psycopg_probe (id, t) values (%s, %s)", [(n, str(n)) for n in range(2, 1002)])
check("executemany", cur.execute("select count(*) from psycopg_probe").fetchone(), (1001,))
with conn.cursor(row_factory=dict_row) as c:
    check("dict rows", c.execute("select id, t from psycopg_probe where id = %s", (7,)).fetchone(), {"id": 7, "t": "7"})
with cur.copy("copy psycopg_probe (id, t) from stdin") as copy:
    for n in range(2000, 3000):
        copy.write_row((n, "a\tb\\"))
with cur.copy("copy psycopg_probe (id, t) from stdin (format binary)") as copy:
    copy.set_types(["int4", "text"])
    for n in range(3000, 3100):
        copy.write_row((n, None))
with cur.copy("copy (select id, t from psycopg_probe where id between 2000 and 2001 order by id) to stdout") as copy:
    check("copy out", [r for r in copy.rows()], [("2000", "a\tb\\"), ("2001", "a\tb\\")])
try:
    with cur.copy("copy psycopg_probe (id, t) from stdin") as copy:
        copy.write("x\ty\n")
    raise AssertionError("COPY of nonsense succeeded")
except errors.InvalidTextRepresentation as e:
    check("copy error", e.diag.context, 'COPY psycopg_probe, line 1, column id: "x"')
for n in range(10):
    cur.execute("select id from psycopg_probe where id = %s", (n,), prepare=True)
check("prepared", cur.execute("select count(*) > 0 from pg_prepared_statements").fetchone(), (True,))
with conn.pipeline():
    many = [conn.execute("select %s::int", (n,)) for n in range(50)]
    check("pipeline", [c.fetchone()[0] for c in many], list(range(50)))
try:
    with conn.transaction():
        conn.execute("insert into psycopg_probe (id) values (-1)")
        with conn.transaction():
            conn.execute("insert into psycopg_probe (id) values (-2)")
            raise psycopg.Rollback
        conn.execute("insert into psycopg_probe (id) values (1)")
except errors.UniqueViolation as e:
    check("unique violation", (e.sqlstate, e.diag.constraint_name, e.diag.table_name, e.diag.message_detail),
          ("23505", "psycopg_probe_pkey", "psycopg_probe", "Key (id)=(1) already exists."))
check("rolled back", cur.execute("select count(*) from psycopg_probe where id < 0").fetchone(), (0,))
notices = []
conn.add_notice_handler(lambda d: notices.append(d.message_primary))
conn.execute("drop table if exists psycopg_probe_nowhere")
check("notice", notices, ['table "psycopg_probe_nowhere" does not exist, skipping'])
with conn.transaction(), conn.cursor("named") as named:
    named.itersize = 100
    named.execute("select id from psycopg_probe order by id")
    check("server-side cursor", sum(1 for _ in named), 2101)
threading.Timer(0.3, conn.cancel_safe).start()
started = time.time()
try:
    conn.execute("select pg_sleep(20)")
    raise AssertionError("the cancel did nothing")
except errors.QueryCanceled as e:
    check("cancel", (e.sqlstate, time.time() - started < 5), ("57014", True))
with psycopg.connect(autocommit=True) as other:
    other.execute("listen probe")
    conn.execute("select pg_notify('probe', 'hello')")
    note = next(other.notifies(timeout=5))
    check("notify", (note.channel, note.payload), ("probe", "hello"))
conn.execute("drop table psycopg_probe")
